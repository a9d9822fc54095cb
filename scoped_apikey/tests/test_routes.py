# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Other routes: refused unless the scope names them, and then held to the rules."""

from contextlib import contextmanager

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from ..rooms.wall import wall_around, walled
from .common import CallCase, ScopedCase

PATH = "/json/1"


@tagged("post_install", "-at_install", "scoped_apikey")
class TestFullWall(ScopedCase):
    """What the ORM lets a route do as the user."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].create(
            {"name": "Ada", "email": "ada@example.com", "phone": "123"}
        )

    @contextmanager
    def route(self, *rules, user=None, **values):
        """Give the user's environment, inside the wall of a route."""
        key = self.key(self.scope(*rules, **values), user)
        self.call_made = self.call_with(key, None, "/somewhere")
        self.env.invalidate_all()
        with walled(wall_around(self.env, self.call_made)):
            yield self.env(user=key.user_id.id, context={})
        self.env.invalidate_all()

    def refused(self, function, *args, **kwargs):
        with self.assertRaises(AccessError) as caught:
            function(*args, **kwargs)
        return str(caught.exception)

    def test_nothing_without_a_rule(self):
        with self.route() as env:
            partners = env["res.partner"]
            partner = partners.browse(self.partner.id)
            for operation in ("read", "write", "create", "unlink"):
                self.assertFalse(partner.has_access(operation))
                self.assertFalse(partner._filtered_access(operation))
            sentence = self.refused(partners.search, [])
            self.assertEqual(
                sentence,
                'Key "n8n" (scope "Enrichment") may not call /somewhere: no rule grants'
                " read on Contact (res.partner).",
            )
            self.assertEqual(self.call_made.refusal, sentence)
            self.refused(partners.search_count, [])
            self.refused(partners._read_group, [], [], ["__count"])
            self.refused(partner.read, ["name"])
            self.refused(getattr, partner, "name")
            self.refused(partner.write, {"name": "x"})
            self.refused(partners.create, {"name": "x"})
            self.refused(partner.unlink)
            self.refused(partner.copy)
            self.assertEqual(partner.sudo().name, "Ada")

    def test_operations(self):
        rules = [
            self.rule("res.partner", "read create"),
            # What the code of a partner's create() looks at.
            self.rule("res.partner.category", "read"),
            self.rule("res.company", "read"),
            self.rule("res.users", "read"),
        ]
        with self.route(*rules) as env:
            partner = env["res.partner"].browse(self.partner.id)
            self.assertEqual(partner.name, "Ada")
            self.assertEqual(partner.read(["email"])[0]["email"], "ada@example.com")
            self.assertIn(partner, partner.search([("name", "=", "Ada")]))
            self.assertTrue(env["res.partner"].create({"name": "New"}))
            self.refused(partner.write, {"name": "x"})
            self.refused(partner.unlink)

    def test_fields(self):
        with self.route(self.rule("res.partner", "read", ["name", "email"])) as env:
            partner = env["res.partner"].browse(self.partner.id)
            self.assertEqual(partner.read(["name", "email"])[0]["name"], "Ada")
            self.assertEqual(partner.email, "ada@example.com")
            self.assertIn("with phone", self.refused(partner.read, ["phone"]))
            self.refused(getattr, partner, "phone")
            self.refused(partner.mapped, "phone")
            self.refused(partner.search, [("phone", "=", "123")])
            self.refused(partner.search, [("name", "!=", False)], order="phone")
            self.refused(partner._read_group, [], ["phone"])
            self.refused(partner._read_group, [], [], ["phone:array_agg"])
            self.refused(partner.search_read, [], ["phone"])
            self.refused(partner.web_read, {"phone": {}})
            self.assertEqual(set(partner.fields_get()), {"id", "name", "email"})

    def test_attributes_that_are_fetched_or_computed_along(self):
        with self.route(self.rule("res.partner", "read", ["email"])) as env:
            domain = [("email", "=", "ada@example.com")]
            partner = env["res.partner"].search_fetch(domain)
            self.assertEqual(partner.email, "ada@example.com")
            for name in ("phone", "name", "contact_address", "display_name"):
                self.refused(getattr, partner, name)
            partner.fetch()
            self.refused(getattr, partner, "phone")

    def test_tracked_fields(self):
        """The trail is whole, though the route may read less than what is tracked."""
        lead = self.env["crm.lead"].create({"name": "x", "user_id": self.user.id})
        self.user.group_ids += self.env.ref("sales_team.group_sale_salesman")
        self.env.registry.clear_all_caches()
        rules = [
            self.rule("crm.lead", "read write", ["email_from"]),
            self.rule("crm.lead", "write", ["email_from"]),
        ]
        with self.route(*rules) as env:
            self.refused(env["crm.lead"].browse(lead.id).read, ["user_id"])
            names = env["crm.lead"]._track_get_fields()
        self.assertIn("user_id", names)

    def test_every_rule_must_grant_the_field(self):
        """Or one for every record."""
        limited = {"domain": "[('id', '!=', 0)]"}
        rules = [
            self.rule("res.partner", "read", ["name", "email"], **limited),
            self.rule("res.partner", "read", ["name", "phone"], **limited),
            self.rule("res.partner", "write", ["comment"]),
        ]
        with self.route(*rules) as env:
            partner = env["res.partner"].browse(self.partner.id)
            self.assertEqual(partner.name, "Ada")
            for name in ("email", "phone", "comment"):
                self.refused(partner.read, [name])
        rules.append(self.rule("res.partner", "read", ["phone"]))
        with self.route(*rules) as env:
            partner = env["res.partner"].browse(self.partner.id)
            self.assertEqual(partner.phone, "123")
            for name in ("name", "email", "comment"):
                self.refused(partner.read, [name])

    def test_secrets(self):
        with self.route(self.rule("res.partner", "read")) as env:
            partner = env["res.partner"].browse(self.partner.id)
            for name in ("signup_token", "signup_url", "payment_token_ids"):
                if name in partner._fields:
                    self.assertIn("is secret", self.refused(partner.read, [name]))
        with self.route(self.rule("res.users", "read"), user=self.admin) as env:
            self.refused(env.user.sudo(False).read, ["new_password"])
            self.refused(env["res.users"].browse(self.user.id).read, ["api_key_ids"])

    def test_protected_models_and_stores(self):
        with self.route(self.rule(None, "read"), user=self.admin) as env:
            self.assertTrue(env["res.country"].search([], limit=1).name)
            for model in (
                "ir.config_parameter",
                "res.users",
                "ir.cron",
                "apikey.scope",
            ):
                self.refused(env[model].search, [])
        rule = self.rule("ir.cron", "read")
        with self.route(rule, user=self.admin) as env:
            self.assertTrue(env["ir.cron"].search([], limit=1))
            self.refused(env["ir.cron"].create, {"name": "x"})
            self.refused(env["ir.cron"].search([], limit=1).write, {"active": False})

    def test_writing_fields(self):
        rules = [
            self.rule("res.partner", "read"),
            self.rule("res.partner", "write", ["email"]),
            self.rule(
                "res.partner",
                "create",
                # A partner's create() sets the last one itself.
                ["name", "email", "properties_base_definition_id"],
            ),
            self.rule("res.partner.category", "read"),
            self.rule("res.company", "read"),
            self.rule("res.users", "read"),
        ]
        with self.route(*rules) as env:
            partner = env["res.partner"].browse(self.partner.id)
            partner.write({"email": "a@example.com"})
            self.refused(partner.write, {"phone": "1"})
            self.refused(partner.write, {"name": "x"})
            env["res.partner"].create({"name": "New", "email": "n@example.com"})
            self.refused(env["res.partner"].create, {"name": "New", "phone": "1"})

    def test_what_a_granted_field_is_computed_from(self):
        rule = self.rule("res.partner", "read", ["display_name"])
        with self.route(rule) as env:
            partner = env["res.partner"].browse(self.partner.id)
            self.assertEqual(partner.read(["display_name"])[0]["display_name"], "Ada")
            self.assertEqual(partner.display_name, "Ada")
            self.refused(partner.read, ["name"])

    def test_orders_and_archived_records(self):
        """The model's own order, and that archived records are hidden, need no rule."""
        self.partner.active = False
        with self.route(self.rule("res.partner", "read", ["email"])) as env:
            domain = [("email", "=", "ada@example.com")]
            self.assertFalse(env["res.partner"].search(domain))
            self.assertTrue(
                env["res.partner"].with_context(active_test=False).search(domain)
            )
            self.refused(env["res.partner"].search, [*domain, ("active", "=", False)])
            self.refused(env["res.partner"].search, domain, order="name")

    def test_companies(self):
        near = self.env["res.company"].create({"name": "Near"})
        self.user.company_ids |= near
        rules = [
            self.rule("res.partner", "read write"),
            self.rule("res.company", "read"),
            self.rule("res.users", "read"),
        ]
        with self.route(*rules, company_ids=[Command.set(near.ids)]) as env:
            self.assertEqual(env["res.company"].search([]), near)
            partner = env["res.partner"].browse(self.partner.id)
            self.refused(partner.write, {"company_id": self.env.company.id})
            partner.write({"company_id": near.id})

    def test_server_actions(self):
        action = self.env["ir.actions.server"].create(
            {
                "name": "x",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "state": "code",
                "code": "action = {}",
            }
        )
        rule = self.rule("ir.actions.server", "read")
        with self.route(rule, user=self.admin) as env:
            run = env["ir.actions.server"].browse(action.id).run
            self.assertIn("run code", self.refused(run))

    def test_observing(self):
        """All of it runs, and what no rule grants is noted, once."""
        with self.route(mode="observe") as env:
            partner = env["res.partner"].browse(self.partner.id)
            self.assertEqual(partner.read(["name"])[0]["name"], "Ada")
            partner.write({"name": "Grace"})
            partner.read(["name"])
        noted = [text.partition(": ")[2] for text in self.call_made.observed]
        self.assertEqual(
            noted,
            list(dict.fromkeys(noted)),
        )
        for operation in ("read", "write"):
            sentence = f"no rule grants {operation} on Contact (res.partner)."
            self.assertIn(sentence, noted)


@tagged("post_install", "-at_install", "scoped_apikey")
class TestOdoosRoutes(CallCase):
    """Bearer routes of Odoo's own, by a real client."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.committing() as env:
            user = env["res.users"].browse(cls.user_id)
            user.group_ids += env.ref("base.group_allow_export")
            user.group_ids += env.ref("api_doc.group_allow_doc")

    def get(self, secret, path, method="GET", **options):
        headers = {"Authorization": f"bearer {secret}"}
        return self.url_open(path, headers=headers, method=method, **options)

    def test_not_named(self):
        rules = [("res.country", "read")]
        for routes in (False, "/json", "/json/11", "/doc-bearer"):
            secret = self.issue(*rules, routes=routes)
            for method in ("GET", "HEAD", "POST", "PUT"):
                before = len(self.rows())
                answer = self.get(secret, "/json/1/res.country", method)
                if routes == "/json":  # names what is below it
                    continue
                self.assertIn(answer.status_code, (400, 403), (routes, method))
                for row in self.rows()[before:]:
                    self.assertEqual(
                        row["outcome"],
                        "denied" if answer.status_code == 403 else "error",
                    )

    RULES = (
        ("ir.module.module", "read", ("demo",)),
        ("ir.filters", "read"),
        ("res.country", "read"),
        ("res.country.state", "read"),
    )

    def test_json_1(self):
        secret = self.issue(*self.RULES, routes=PATH)
        with self.committing() as env:
            country_id, name = env.ref("base.nl").id, env.ref("base.nl").name
        answer = self.get(secret, f"/json/1/res.country/{country_id}")
        self.assertEqual(answer.status_code, 200, answer.text)
        row = self.rows()[-1]
        self.assertEqual((row["transport"], row["outcome"]), ("http", "allowed"))
        self.assertEqual(row["method"], f"/json/1/res.country/{country_id}")
        self.assertIn(name, answer.text)

    def test_json_1_shows_no_more_than_granted(self):
        secret = self.issue(*self.RULES, routes=PATH)
        for model in (
            "res.partner",
            "res.users",
            "ir.config_parameter",
            "res.company",
            "apikey.scope",
            "ir.model",
        ):
            for path in (
                f"/json/1/m-{model}",
                f"/json/1/{model}",
                f"/json/1/{model}/1",
            ):
                answer = self.get(secret, path)
                self.assertNotEqual(answer.status_code, 200, path)
        limited = self.issue(
            *self.RULES[:2], ("res.country", "read", ("name",)), routes=PATH
        )
        answer = self.get(limited, "/json/1/res.country")
        self.assertEqual(answer.status_code, 403, answer.text)
        answer = self.get(
            secret, "/json/1/res.country?domain=[('user_ids','!=',False)]"
        )
        self.assertNotEqual(answer.status_code, 200)

    def test_paths_in_the_arguments(self):
        secret = self.issue(*self.RULES, ("res.country.group", "read"), routes=PATH)
        for query in (
            "domain=[('country_group_ids.create_uid.login','like','a')]",
            "groupby=create_uid.login",
            "groupby=create_uid.company_id.name",
        ):
            answer = self.get(secret, f"/json/1/res.country?{query}&view_type=list")
            self.assertNotEqual(answer.status_code, 200, query)

    def test_conditions(self):
        secret = self.issue(*self.RULES, routes=PATH, networks="192.0.2.0/24")
        answer = self.get(secret, "/json/1/res.country")
        self.assertEqual(answer.status_code, 403)
        self.assertIn("in none of its networks", self.one_row()["reason"])

    def test_documentation(self):
        secret = self.issue(
            ("res.country", "read", ("name", "code")),
            ("res.partner", {"methods": "message_post"}),
            routes="/doc-bearer",
        )
        answer = self.get(secret, "/doc-bearer/res.country.json")
        self.assertEqual(answer.status_code, 200, answer.text)
        page = answer.json()
        self.assertEqual(set(page["fields"]), {"id", "name", "code"})
        self.assertIn("search_read", page["methods"])
        self.assertNotIn("write", page["methods"])
        self.assertNotIn("get_views", page["methods"])
        for model in (
            "res.partner",
            "res.users",
            "ir.config_parameter",
            "apikey.scope",
        ):
            answer = self.get(secret, f"/doc-bearer/{model}.json")
            self.assertEqual(answer.status_code, 403, model)

    def test_documentations_index(self):
        """It comes from a cache that all who have the same groups share."""
        with self.committing() as env:
            admin_id = env.ref("base.user_admin").id
        stock = self.issue_unscoped(admin_id)
        secret = self.issue(
            ("res.country", "read", ("name",)), routes="/doc-bearer", user_id=admin_id
        )
        path = "/doc-bearer/index.json"
        for round_ in range(2):
            index = self.get(secret, path).json()
            models = {model["model"]: model for model in index["models"]}
            self.assertEqual(set(models), {"res.country"}, round_)
            self.assertEqual(set(models["res.country"]["fields"]), {"id", "name"})
            self.assertEqual(index["modules"], [])
            everything = self.get(stock, path).json()
            self.assertGreater(len(everything["models"]), 100)
            self.assertIn("base", everything["modules"])
