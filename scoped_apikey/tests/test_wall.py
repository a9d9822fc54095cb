# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The second wall: what the ORM itself refuses while a generic method runs."""

from contextlib import contextmanager
from unittest.mock import patch

import psycopg2
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..footprint.arguments import Arguments
from ..footprint.touched import Touched
from ..policy import catalogue
from ..rooms.wall import lowered, standing, wall_around, walled
from .common import ScopedCase, make_user

PARAMETER = "ir.config_parameter"
CANARY = "canary-of-a-parameter"


class WallCase(ScopedCase):
    @contextmanager
    def footprints_off(self):
        """Let everything through that is read off arguments: the wall is all there is."""

        def check_grants(_env, _call, arguments):
            return arguments

        with patch("odoo.addons.scoped_apikey.seams.rpc.check_grants", check_grants):
            yield

    def refused(self, *args, **kwargs):
        with self.assertRaises(AccessError) as caught:
            self.serve(*args, **kwargs)
        return str(caught.exception)


@tagged("post_install", "-at_install", "scoped_apikey")
class TestStoresOfSecrets(WallCase):
    """With footprints switched off."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parameter = cls.env[PARAMETER].create({"key": "canary", "value": CANARY})
        cls.key_row = cls.key(cls, cls.scope(cls), user=cls.user, name="another")

    def admin_key(self, *rules):
        return self.key(self.scope(*rules), self.admin)

    def test_all_of_them(self):
        key = self.admin_key()
        models = sorted(filter(catalogue.is_secret_store, self.env.registry))
        self.assertLess({PARAMETER, "res.users.apikeys", "apikey.scope"}, set(models))
        self.assertLess({"ir.mail_server", "auth_totp.device"}, set(models))
        with self.footprints_off():
            for model in models:
                if self.env[model]._abstract:
                    continue
                for method, args in (
                    ("search", [[]]),
                    ("search_count", [[]]),
                    ("read", [[1], ["id"]]),
                    ("write", [[1], {"id": 1}]),
                    ("create", [{}]),
                    ("unlink", [[1]]),
                ):
                    with (
                        self.subTest(model=model, method=method),
                        # Or there is none of that id, which the guard finds first.
                        self.assertRaises(UserError),
                    ):
                        self.serve(key, model, method, *args)

    def test_has_access(self):
        key = self.admin_key()
        with self.footprints_off():
            self.assertIs(self.serve(key, PARAMETER, "has_access", [], "read"), False)
            self.assertIs(
                self.serve(key, "res.partner", "has_access", [], "read"), True
            )

    def test_a_rule_that_names_the_store(self):
        key = self.admin_key(self.rule(PARAMETER, "read"))
        ids = self.parameter.ids
        [row] = self.serve(key, PARAMETER, "read", ids, ["value"])
        self.assertEqual(row["value"], CANARY)
        with self.footprints_off():
            [row] = self.serve(key, PARAMETER, "read", ids, ["value"])
            self.assertEqual(row["value"], CANARY)

    def test_paths(self):
        """Each of these answers something on a stock server."""
        key = self.admin_key()
        stock = self.key(None, self.admin)
        user = [("id", "=", self.user.id)]
        calls = [
            ("res.users", "search", [[("api_key_ids.name", "=", "another")]]),
            ("res.users", "search", [[("api_key_ids", "any", [("name", "!=", "")])]]),
            ("res.users", "search", [[("api_key_ids", "ilike", "another")]]),
            ("res.users", "export_data", [self.user.ids, ["api_key_ids/name"]]),
            (
                "res.users",
                "web_search_read",
                [user, {"api_key_ids": {"fields": {"name": {}}}}],
            ),
            (
                "res.users",
                "web_read",
                [self.user.ids, {"api_key_ids": {"fields": {"name": {}}}}],
            ),
            (
                "res.users",
                "formatted_read_group",
                [user, ["api_key_ids.name"], ["__count"]],
            ),
            ("res.users", "read", [self.user.ids, ["api_key_ids"]]),
        ]
        with self.footprints_off():
            for model, method, args in calls:
                with self.subTest(method, args=args):
                    answer = None
                    try:
                        answer = self.serve(stock, model, method, *args)
                    except Exception as error:  # stock has no such path
                        self.assertNotIsInstance(error, AccessError)
                        continue
                    self.assertTrue(answer)
                    self.assertIn("Key", self.refused(key, model, method, *args))

    def test_references(self):
        """A specification follows a reference to whatever model the caller names."""
        key, stock = self.admin_key(), self.key(None, self.admin)
        values = {"name": "x", "res_model": PARAMETER, "res_id": self.parameter.id}
        attachment = self.env["ir.attachment"].create(values)
        args = [attachment.ids, {"res_id": {"fields": {"value": {}}}}]
        [row] = self.serve(stock, "ir.attachment", "web_read", *args)
        self.assertIn(CANARY, str(row))
        with self.footprints_off():
            self.assertNotIn(
                CANARY, self.refused(key, "ir.attachment", "web_read", *args)
            )

    def test_not_even_in_a_compute(self):
        """Who asks does not matter."""
        partners = self.env.registry["res.partner"]
        stock = partners._compute_display_name

        def compute(partners):
            stock(partners)
            partners.env[PARAMETER].search([("key", "=", "canary")])

        self.patch(partners, "_compute_display_name", compute)
        key = self.admin_key(self.rule("res.partner", "read"))
        args = [self.admin.partner_id.ids, ["display_name"]]
        self.env.invalidate_all()
        self.refused(key, "res.partner", "read", *args)
        self.env.invalidate_all()
        self.serve(self.key(None, self.admin), "res.partner", "read", *args)

    def test_business_methods_are_free(self):
        partners = self.env.registry["res.partner"]

        def action_look(partners):
            return partners.env[PARAMETER].search([("key", "=", "canary")]).value

        partners.action_look = action_look
        self.addCleanup(delattr, partners, "action_look")
        key = self.admin_key(self.rule("res.partner", methods="action_look"))
        args = self.admin.partner_id.ids
        self.assertEqual(self.serve(key, "res.partner", "action_look", args), CANARY)

    def test_observing(self):
        """What would free the key is not let through, read off arguments or not."""
        key = self.key(self.scope(mode="observe"), self.admin)
        named = self.rule(PARAMETER, "read")
        named_key = self.key(self.scope(named, mode="observe"), self.admin)
        plain = self.env[PARAMETER].create({"key": "plain", "value": "x"})
        secret = self.env[PARAMETER].create({"key": "some.password", "value": CANARY})

        def seen(key):
            return self.serve(key, PARAMETER, "search", [("key", "!=", False)])

        self.assertIn("must be named", self.refused(key, PARAMETER, "search", []))
        self.assertIn(plain.id, seen(named_key))
        self.assertNotIn(secret.id, seen(named_key))
        with self.footprints_off():
            self.assertIn(
                "no rule names it", self.refused(key, PARAMETER, "search", [])
            )
            self.assertNotIn(secret.id, seen(named_key))

    def test_why_is_logged(self):
        key = self.admin_key()
        call = self.call_with(key, PARAMETER, "search")
        with self.footprints_off():
            sentence = self.refused(key, PARAMETER, "search", [], call=call)
        self.assertEqual(call.refusal, sentence)
        self.assertIn("System Parameter (ir.config_parameter) holds secrets", sentence)


@tagged("post_install", "-at_install", "scoped_apikey")
class TestOrdinaryCalls(WallCase):
    """What API clients do every day never meets the wall, as whoever they do it."""

    MODELS = {
        "res.partner": {"name": "x"},
        "crm.lead": {"name": "x"},
        "sale.order": {},
        "project.project": {"name": "x"},
        "project.task": {"name": "x"},
        "product.template": {"name": "x"},
        "calendar.event": {
            "name": "x",
            "start": "2030-01-01 08:00:00",
            "stop": "2030-01-01 09:00:00",
        },
        "mail.message": {"body": "x"},
        "mail.activity": {},
        "account.move": {},
    }

    def values(self, model):
        values = dict(self.MODELS[model])
        if model in ("sale.order", "account.move"):
            values["partner_id"] = self.admin.partner_id.id
        if model == "mail.activity":
            values |= {
                "res_model_id": self.env["ir.model"]._get_id("res.partner"),
                "res_id": self.admin.partner_id.id,
            }
        if model == "crm.lead":
            values["partner_id"] = self.admin.partner_id.id
        return values

    def live(self, key, stock, model):
        """Do everything to records of a model that generic methods can do.

        :return: how much of it stock lets this user do
        """
        values = self.values(model)
        [mine, other] = self.env[model].with_user(key.user_id).create([values] * 2)
        view = Touched(self.env(user=key.user_id.id)).view(model)
        readable = sorted(view.readable - view.by_name("read"))
        ids, name = mine.ids, next(iter(values))
        calls = [
            ("create", [values]),
            ("copy", [ids]),
            ("write", [ids, {name: values[name]}]),
            ("web_save", [ids, {name: values[name]}, {"display_name": {}}]),
            ("read", [ids, readable]),
            ("search_read", [[("id", "in", ids)], readable]),
            ("web_search_read", [[], {name: {} for name in readable}]),
            ("formatted_read_group", [[], [], ["__count"]]),
            ("name_search", ["x"]),
            ("fields_get", []),
            ("default_get", [readable]),
            ("export_data", [ids, ["id", "display_name"]]),
            ("get_metadata", [ids]),
            ("has_access", [ids, "write"]),
            ("action_archive", [ids]),
            ("action_unarchive", [ids]),
            ("load", [[name], [[str(values[name])]]]),
            ("unlink", [other.ids]),
        ]
        possible = 0
        for method, args in calls:
            with self.subTest(method, model=model):
                if self.serves(stock, model, method, args):
                    possible += 1
                    self.serve(key, model, method, *args)
        return possible

    def serves(self, stock, model, method, args):
        """Tell whether stock lets the user do so, and leave no trace of it."""
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint() as savepoint:
                self.serve(stock, model, method, *args)
                savepoint.rollback()
        except (UserError, AssertionError, psycopg2.Error):
            return False
        finally:
            self.env.invalidate_all()
        return True

    def test_as_administrator(self):
        key, stock = self.key(self.scope(), self.admin), self.key(None, self.admin)
        with self.footprints_off():
            for model in self.MODELS:
                with self.subTest(model):
                    self.assertGreater(self.live(key, stock, model), 12)

    def test_as_a_salesperson(self):
        user = make_user(
            self.env, "seller", "base.group_user", "base.group_partner_manager",
            "sales_team.group_sale_salesman_all_leads", "project.group_project_manager",
        )  # fmt: skip
        key, stock = self.key(self.scope(), user), self.key(None, user)
        models = ("res.partner", "crm.lead", "sale.order", "project.task")
        with self.footprints_off():
            for model in models:
                with self.subTest(model):
                    self.assertGreater(self.live(key, stock, model), 12)


@tagged("post_install", "-at_install", "scoped_apikey")
class TestOwnRow(WallCase):
    """Stock reads and writes one's own row as superuser."""

    def test_read(self):
        key = self.key(self.scope(), self.user)
        with self.route(key):
            user = self.env["res.users"].with_user(self.user).browse(self.user.id)
            with self.assertRaises(AccessError):
                user.read(["login"])
            with self.assertRaises(AccessError):
                user.write({"signature": "x"})
        user.read(["login"])

    def test_fields(self):
        rules = self.rule("res.users", "read", ["name", "signature"])
        key = self.key(self.scope(rules), self.user)
        with self.route(key):
            user = self.env["res.users"].with_user(self.user).browse(self.user.id)
            self.assertEqual(user.read(["name"])[0]["name"], "Integration")
            with self.assertRaises(AccessError):
                user.read(["login"])

    def test_own_preferences_in_a_generic_call(self):
        """A plain user may write them, though no access right says so."""
        key = self.key(self.scope(self.rule("res.users", "write")), self.user)
        self.serve(key, "res.users", "write", self.user.ids, {"signature": "Hello"})

    @contextmanager
    def route(self, key):
        call = self.call_with(key, None, "/somewhere")
        with walled(wall_around(self.env, call)):
            yield


@tagged("post_install", "-at_install", "scoped_apikey")
class TestStanding(WallCase):
    """Around whom a wall stands, and for how long."""

    def wall(self, method="search", key=None):
        key = key or self.key(self.scope())
        call = self.call_with(key, "res.partner", method)
        return wall_around(self.env, call, Arguments("res.partner", method))

    def test_none_stands(self):
        self.assertIsNone(standing(self.env(su=False)))
        self.assertIsNone(self.wall(key=self.key(None)))

    def test_not_around_superusers_environments(self):
        with walled(self.wall()) as _none:
            env = self.env(user=self.user.id)
            self.assertIsNotNone(standing(env))
            self.assertIsNone(standing(env(su=True)))
        self.assertIsNone(standing(env))

    def test_the_stricter_one_stays(self):
        env = self.env(user=self.user.id)
        generic, business = self.wall(), self.wall("message_post")
        with walled(generic), walled(business):
            self.assertIs(standing(env), generic)
        with walled(business):
            with walled(generic):
                self.assertIs(standing(env), generic)
            self.assertIs(standing(env), business)

    def test_it_is_gone_after_an_error(self):
        env = self.env(user=self.user.id)
        with self.assertRaises(ValueError), walled(self.wall()):
            raise ValueError
        self.assertIsNone(standing(env))

    def test_lowered(self):
        env = self.env(user=self.user.id)
        with walled(self.wall()):
            self.assertIsNone(lowered(standing, env))
            self.assertIsNotNone(standing(env))


@tagged("post_install", "-at_install", "scoped_apikey")
class TestContextKeys(WallCase):
    def test_allowed_by_the_scope(self):
        rule = self.rule("res.partner", "read")
        strict = self.key(self.scope(rule))
        lenient = self.key(self.scope(rule, context_keys="show_vat,\nx_source"))
        args = "res.partner", "search", []
        for context in ({"show_vat": 1}, {"x_source": "n8n"}):
            self.assertIn("context", self.refused(strict, *args, context=context))
            self.serve(lenient, *args, context=context)
        sentence = self.refused(lenient, *args, context={"show_vat": 1, "other": 1})
        self.assertIn("the context may not hold other", sentence)

    def test_warnings_and_words(self):
        scope = self.scope(context_keys="x_source, show_vat\n_force_unlink")
        self.assertIn("x_source, show_vat, _force_unlink", str(scope.summary))
        self.assertIn("show_vat, _force_unlink", str(scope.warnings))
        self.assertNotIn("x_source", str(scope.warnings))
        self.assertFalse(self.scope(context_keys="x_source").warnings)


@tagged("post_install", "-at_install", "scoped_apikey")
class TestSnapshot(WallCase):
    def test_conditions_are_in_the_history(self):
        near = self.env["res.company"].create({"name": "Near"})
        scope = self.scope(
            company_ids=[Command.set(near.ids)],
            context_keys="b, a",
            routes="/json/1\n/x",
        )
        self.assertEqual(
            {
                name: value
                for name, value in scope._snapshot().items()
                if name in ("companies", "context_keys", "routes")
            },
            {
                "companies": ["Near"],
                "context_keys": ["a", "b"],
                "routes": ["/json/1", "/x"],
            },
        )
        self.assertEqual(self.scope()._snapshot()["companies"], "*")
        self.assertTrue(scope.limit_companies)
        scope.company_ids = False
        self.assertEqual(scope._snapshot()["companies"], [])
        self.assertIn("/json/1, /x", str(scope.summary))
