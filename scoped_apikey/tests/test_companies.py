# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A scope narrows the companies that its keys act in."""

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .common import CallCase, ScopedCase, make_user

ASK = ("res.company", "search_read", [], ["name"])


@tagged("post_install", "-at_install", "scoped_apikey")
class TestCompanies(ScopedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home = cls.env.company
        cls.near, cls.far, cls.foreign = cls.env["res.company"].create(
            [{"name": name} for name in ("Near", "Far", "Foreign")]
        )
        cls.user.write(
            {
                "company_ids": [Command.set((cls.home + cls.near + cls.far).ids)],
                "company_id": cls.home.id,
            }
        )
        cls.partners = cls.env["res.partner"].create(
            [
                {"name": f"Of {company.name}", "company_id": company.id}
                for company in (cls.home, cls.near, cls.far)
            ]
        )

    def limited(self, *companies, rules=None, **values):
        rules = rules or [self.rule("res.partner", "read write create")]
        ids = [company.id for company in companies]
        return self.key(
            self.scope(*rules, company_ids=[Command.set(ids)], **values), self.user
        )

    def names(self, key, **context):
        domain = [("id", "in", self.partners.ids)]
        kwargs = {"context": context} if context else {}
        rows = self.serve(key, "res.partner", "search_read", domain, ["name"], **kwargs)
        return {row["name"].removeprefix("Of ") for row in rows}

    def refused(self, *args, **kwargs):
        with self.assertRaises(AccessError) as caught:
            self.serve(*args, **kwargs)
        return str(caught.exception)

    def test_no_limit(self):
        key = self.key(self.scope(self.rule("res.partner", "read")), self.user)
        self.assertEqual(self.names(key), {self.home.name, "Near", "Far"})
        self.assertEqual(self.names(key, allowed_company_ids=[self.near.id]), {"Near"})

    def test_narrowed(self):
        key = self.limited(self.near)
        self.assertEqual(self.names(key), {"Near"})
        for nothing in ([], False, None):
            self.assertEqual(self.names(key, allowed_company_ids=nothing), {"Near"})
        both = self.limited(self.near, self.far)
        self.assertEqual(self.names(both), {"Near", "Far"})
        self.assertEqual(self.names(both, allowed_company_ids=[self.far.id]), {"Far"})

    def test_a_refusal_names_no_company(self):
        """Odoo would suggest to switch to the company, by its name."""
        message = self.refused(
            self.limited(self.near), "res.partner", "read", self.partners[-1].ids
        )
        self.assertIn("access to these records of Contact", message)
        self.assertNotIn("Far", message)

    def test_a_link_to_a_record_of_another_company(self):
        """Odoo would set it, or refuse it by the name of the record."""
        near, far = self.partners[1:]
        rules = [self.rule("res.partner", "read write")]
        for values, reason in (
            ({"parent_id": far.id}, "that the user of the key may read"),
            ({"child_ids": [Command.link(far.id)]}, "no 'read' access to these"),
        ):
            with self.subTest(values):
                key = self.limited(self.near, rules=rules)
                message = self.refused(key, "res.partner", "write", near.ids, values)
                self.assertNotIn("Of Far", message)
                self.assertIn(reason, message)
        self.serve(
            self.limited(self.near, self.far, rules=rules),
            "res.partner", "write", near.ids, {"parent_id": far.id},
        )  # fmt: skip

    def test_the_users_own_company_comes_first(self):
        """Then defaults are what they are for the user."""
        for key, company in (
            (self.limited(self.near, self.home), self.home),
            (self.limited(self.far), self.far),
        ):
            call = self.call_with(key, "res.partner", "read")
            _env, arguments = self.narrowed(call)
            self.assertEqual(arguments.context["allowed_company_ids"][0], company.id)

    def narrowed(self, call):
        from ..footprint.arguments import Arguments
        from ..rooms.companies import narrow_companies

        env = self.env(user=self.user.id)
        return narrow_companies(env, call, Arguments("res.partner", "read"))

    def test_never_adds_one(self):
        key = self.limited(self.near, self.foreign)
        self.assertEqual(self.names(key), {"Near"})
        self.refused(
            key,
            "res.partner",
            "search_read",
            context={"allowed_company_ids": [self.foreign.id]},
        )

    def test_others_are_refused(self):
        key = self.limited(self.near)
        for asked in ([self.far.id], [self.near.id, self.far.id], [10**6]):
            sentence = self.refused(
                key, "res.partner", "search", [], context={"allowed_company_ids": asked}
            )
            self.assertIn(
                f"the scope and the user have no company {asked[-1]} in common",
                sentence,
            )

    def test_foreign_ones_are_refused_without_a_limit(self):
        """What runs as superuser takes the company it is given."""
        key = self.key(self.scope(self.rule("res.partner", "read")), self.user)
        asked = [self.foreign.id]
        self.refused(
            key, "res.partner", "search", [], context={"allowed_company_ids": asked}
        )

    def test_not_understood(self):
        key = self.limited(self.near)
        for asked in (
            self.near.id, str(self.near.id), [str(self.near.id)], [True],
            {str(self.near.id): 1}, [[self.near.id]], [float(self.near.id)],
        ):  # fmt: skip
            with self.subTest(asked=asked):
                sentence = self.refused(
                    key,
                    "res.partner",
                    "search",
                    [],
                    context={"allowed_company_ids": asked},
                )
                self.assertIn("allowed_company_ids is not understood", sentence)

    def test_none_in_common(self):
        key = self.limited(self.foreign)
        sentence = self.refused(key, "res.partner", "search", [])
        self.assertIn("the scope and the user have no company in common", sentence)

    def test_the_limit_stays_when_its_companies_are_gone(self):
        passing = self.env["res.company"].create({"name": "Passing"})
        key = self.limited(passing)
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM res_company WHERE id = %s", [passing.id])
        self.env.invalidate_all()
        key.scope_id.write({"description": "Another version"})
        self.assertTrue(key.scope_id.limit_companies)
        sentence = self.refused(self.keys.browse(key.id), "res.partner", "search", [])
        self.assertIn("no company in common", sentence)

    def test_an_empty_list(self):
        key = self.key(
            self.scope(self.rule("res.partner", "read"), limit_companies=True),
            self.user,
        )
        self.assertIn(
            "no company in common", self.refused(key, "res.partner", "search", [])
        )
        self.assertIn("list of companies is empty", str(key.scope_id.warnings))

    def test_values(self):
        rules = [
            self.rule("res.partner", "read write create"),
            self.rule("res.company", "read"),
        ]
        key = self.limited(self.near, rules=rules)
        near, far = self.partners[1:]
        sentence = "needs records of Companies (res.company) that the user"
        for method, args in (
            ("create", [{"name": "x", "company_id": self.far.id}]),
            ("create", [[{"name": "x"}, {"name": "x", "company_id": self.far.id}]]),
            ("write", [near.ids, {"company_id": self.far.id}]),
            ("web_save", [near.ids, {"company_id": self.far.id}, {}]),
            ("copy", [near.ids, {"company_id": self.far.id}]),
        ):
            with self.subTest(method, args=args):
                self.assertIn(sentence, self.refused(key, "res.partner", method, *args))
        self.serve(key, "res.partner", "write", near.ids, {"company_id": False})
        self.serve(key, "res.partner", "write", near.ids, {"company_id": self.near.id})
        self.refused(key, "res.partner", "write", far.ids, {"name": "Mine"})

    def test_companies_themselves(self):
        key = self.limited(
            self.near,
            rules=[self.rule("res.company", "read write create")],
        )
        admin_key = self.key(key.scope_id, self.admin)
        self.admin.company_ids |= self.near + self.far
        for one in (key, admin_key):
            rows = self.serve(one, *ASK)
            self.assertEqual([row["name"] for row in rows], ["Near"])
            self.refused(one, "res.company", "read", self.far.ids, ["name"])
        self.refused(admin_key, "res.company", "write", self.far.ids, {"name": "x"})
        self.refused(admin_key, "res.company", "create", {"name": "New"})

    def test_business_methods(self):
        rule = self.rule("res.partner", "read", methods="message_post")
        key = self.limited(self.near, rules=[rule])
        near, far = self.partners[1:]
        self.serve(key, "res.partner", "message_post", near.ids, body="Hi")
        self.refused(key, "res.partner", "message_post", far.ids, body="Hi")
        self.assertIn(
            "no company",
            self.refused(
                key,
                "res.partner",
                "message_post",
                near.ids,
                body="Hi",
                context={"allowed_company_ids": [self.far.id]},
            ),
        )

    def test_business_methods_that_run_as_superuser(self):
        """Their records are those of the companies, too."""
        partners = self.env.registry["res.partner"]
        partners.action_names = lambda self: self.sudo().mapped("name")
        self.addCleanup(delattr, partners, "action_names")
        rule = self.rule("res.partner", "read", methods="action_names")
        key = self.limited(self.near, rules=[rule])
        near, far = self.partners[1:]
        answer = self.serve(key, "res.partner", "action_names", near.ids)
        self.assertEqual(answer, ["Of Near"])
        self.refused(key, "res.partner", "action_names", (near + far).ids)

    def test_a_context_inside_the_arguments(self):
        """What depends on the company could be read there for another one."""
        rules = [self.rule("res.partner", "read")]
        key = self.limited(self.near, rules=rules)
        for asked, granted in (
            ([self.near.id], True),
            ([self.far.id], False),
            ([self.near.id, self.far.id], False),
            ([], False),
            (False, False),
        ):
            context = {"allowed_company_ids": asked}
            specification = {"parent_id": {"fields": {"name": {}}, "context": context}}
            args = "res.partner", "web_read", self.partners[1].ids, specification
            with self.subTest(asked=asked):
                if granted:
                    self.serve(key, *args)
                else:
                    self.assertIn("allowed_company_ids", self.refused(key, *args))

    def test_observing(self):
        """Companies are not narrowed, and what would be refused is noted."""
        key = self.limited(self.near, mode="observe")
        self.assertEqual(self.names(key), {self.home.name, "Near", "Far"})
        call = self.call_with(key, "res.partner", "search")
        context = {"allowed_company_ids": [self.far.id]}
        self.serve(key, "res.partner", "search", [], call=call, context=context)
        self.assertIn(f"no company {self.far.id} in common", " ".join(call.observed))

    def test_a_context_inside(self):
        """Whatever a nested context says, the rules are held to the companies."""
        key = self.limited(self.near)
        with self.walled(key):
            env = self.env(user=self.user.id)
            for asked in (None, [], [self.far.id], [self.far.id, self.near.id]):
                partners = env["res.partner"].with_context(allowed_company_ids=asked)
                found = partners.search([("id", "in", self.partners.ids)])
                expected = [] if asked == [self.far.id] else ["Of Near"]
                self.assertEqual(found.mapped("name"), expected, asked)

    def walled(self, key):
        from ..footprint.arguments import Arguments
        from ..rooms.wall import wall_around, walled

        call = self.call_with(key, "res.partner", "search")
        return walled(wall_around(self.env, call, Arguments("res.partner", "search")))


@tagged("post_install", "-at_install", "scoped_apikey")
class TestCompaniesByTransport(CallCase):
    def test_each(self):
        with self.committing() as env:
            other = self.make(env["res.company"].create({"name": "Other"}))
            user = self.make(make_user(env, "multi", "base.group_user"))
            user.company_ids |= other
            home = user.company_id
            partner = self.make(
                env["res.partner"].create({"name": "P", "company_id": other.id})
            )
        with self.committing() as env:
            secrets = [
                self.issue(
                    ("res.partner", "read"),
                    user_id=user.id,
                    company_ids=[Command.set([company.id])],
                )
                for company in (home, other)
            ]
        user_id, type(self).user_id = self.user_id, user.id
        self.addCleanup(setattr, type(self), "user_id", user_id)
        for transport in ("json2", "xmlrpc2", "xmlrpc1", "jsonrpc"):
            for secret, expected in zip(secrets, ([], [partner.id]), strict=True):
                for kwargs in ({}, {"context": {"lang": "en_US"}}):
                    answer = self.call(
                        transport,
                        secret,
                        "res.partner",
                        "search",
                        domain=[("id", "=", partner.id)],
                        **kwargs,
                    )
                    self.assertEqual(answer.result, expected, answer.text)
                answer = self.call(
                    transport,
                    secret,
                    "res.partner",
                    "search",
                    domain=[],
                    context={"allowed_company_ids": [home.id, other.id]},
                )
                self.assertIsNotNone(answer.code)
                self.assertIn("in common", answer.text)
