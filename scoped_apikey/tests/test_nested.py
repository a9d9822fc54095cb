# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Calls that the code of a call makes: decided on one by one, with the key of the call."""

from odoo.exceptions import AccessError
from odoo.service import model as service
from odoo.tests import tagged

from ..rooms.wall import GENERIC, standing
from .common import ScopedCase


@tagged("post_install", "-at_install", "scoped_apikey")
class TestNested(ScopedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].create({"name": "Ada"})

    def setUp(self):
        super().setUp()
        seen = self.seen = []

        def action_nest(partners, calls=()):
            """Make calls as Odoo's own entrance for calls does."""
            answers = []
            for model, method, args in calls:
                try:
                    answer = service.call_kw(partners.env[model], method, args, {})
                except AccessError as error:
                    answer = str(error)
                answers.append(answer)
                seen.append(standing(partners.env))
            return answers

        partners = self.env.registry["res.partner"]
        partners.action_nest = action_nest
        self.addCleanup(delattr, partners, "action_nest")

    @property
    def nest(self):
        return self.rule("res.partner", methods="action_nest(calls)")

    def run_nested(self, scope, *calls, **kwargs):
        key = self.key(scope, kwargs.pop("by", None))
        return self.serve(
            key, "res.partner", "action_nest", self.partner.ids, calls=calls, **kwargs
        )

    def test_each_is_decided_on(self):
        scope = self.scope(self.nest, self.rule("res.country", "read"))
        country = self.env.ref("base.nl")
        answers = self.run_nested(
            scope,
            ("res.country", "read", [country.ids, ["name"]]),
            ("res.country", "write", [country.ids, {"name": "x"}]),
            ("res.partner", "read", [self.partner.ids, ["name"]]),
            ("res.country", "search_count", [[("code", "=", "NL")]]),
        )
        self.assertEqual(answers[0][0]["name"], country.name)
        self.assertIn("may not call res.country.write: no rule grants", answers[1])
        self.assertIn("may not call res.partner.read: no rule grants", answers[2])
        self.assertEqual(answers[3], 1)

    def test_the_row_is_that_of_the_call_from_outside(self):
        scope = self.scope(self.nest, self.rule("res.country", "read"))
        call = self.call_with(self.key(scope), "res.partner", "action_nest")
        self.run_nested(scope, ("res.country", "search", [[]]), call=call)
        self.assertEqual(
            (call.model, call.method, call.ids),
            ("res.partner", "action_nest", tuple(self.partner.ids)),
        )

    def test_the_methods_own_code_is_free(self):
        """Before, between and after the calls that it makes."""
        scope = self.scope(self.nest, self.rule("res.country", "read"))
        self.run_nested(
            scope,
            ("res.country", "search", [[]]),
            ("res.partner", "search", [[]]),
        )
        for wall in self.seen:
            self.assertFalse(wall.narrows)

    def test_each_has_its_own_wall(self):
        walls = []
        countries = self.env.registry["res.country"]
        search = countries._search

        def noting(records, *args, **kwargs):
            walls.append(standing(records.env))
            return search(records, *args, **kwargs)

        self.patch(countries, "_search", noting)
        scope = self.scope(self.nest, self.rule("res.country", "read"))
        self.run_nested(scope, ("res.country", "search_count", [[]]))
        self.assertTrue(walls)
        for wall in walls:
            self.assertEqual(wall.kind, GENERIC)

    def test_what_it_makes_is_checked(self):
        rule = self.rule("res.country", "create", domain="[('code', '=', 'Q1')]")
        scope = self.scope(self.nest, rule)
        one, other = self.run_nested(
            scope,
            ("res.country", "create", [{"name": "One", "code": "Q1"}]),
            ("res.country", "create", [{"name": "Other", "code": "Q2"}]),
            by=self.admin,
        )
        self.assertIsInstance(one, int)
        self.assertIsInstance(other, str)

    def test_without_a_scope(self):
        [answer] = self.run_nested(None, ("res.partner", "search_count", [[]]))
        self.assertGreater(answer, 0)

    def test_observing(self):
        scope = self.scope(self.nest, mode="observe")
        call = self.call_with(self.key(scope), "res.partner", "action_nest")
        [answer] = self.run_nested(
            scope, ("res.country", "search_count", [[]]), call=call
        )
        self.assertGreater(answer, 0)
        self.assertIn("res.country.search_count", " ".join(call.observed))

    def test_as_superuser(self):
        """Who the code acts as does not change whose key it is."""
        key = self.key(self.scope(self.nest))
        with self.serving(key), self.assertRaises(AccessError):
            service.call_kw(self.env["res.country"].sudo(), "search", [[]], {})
