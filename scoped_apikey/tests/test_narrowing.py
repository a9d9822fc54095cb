# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who asks for no field in particular gets those that are granted."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import ScopedCase


@tagged("post_install", "-at_install", "scoped_apikey")
class TestNarrowing(ScopedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].create(
            {"name": "Ada", "email": "ada@example.com", "phone": "123"}
        )

    def ask(self, key, method, *args, **kwargs):
        """Return the fields that a call without any answers."""
        model = kwargs.pop("model", "res.partner")
        result = self.serve(key, model, method, *args, **kwargs)
        return set(result if method == "fields_get" else result[0])

    def calls(self, records):
        yield "read", [records.ids], {}
        yield "read", [records.ids, []], {}
        yield "read", [records.ids, False], {}
        yield "read", [records.ids], {"fields": None}
        yield "search_read", [[("id", "=", records.id)]], {}
        yield "search_read", [[("id", "=", records.id)], []], {}
        yield "search_read", [], {"domain": [("id", "=", records.id)], "limit": 1}
        yield "fields_get", [], {}
        yield "fields_get", [[]], {}
        yield "fields_get", [], {"attributes": ["type"]}

    def test_under_a_limited_rule(self):
        scope = self.scope(self.rule("res.partner", "read", ["id", "name", "email"]))
        key = self.key(scope)
        for method, args, kwargs in self.calls(self.partner):
            with self.subTest(method, args=args, kwargs=kwargs):
                self.assertEqual(
                    self.ask(key, method, *args, **kwargs), {"id", "name", "email"}
                )

    def test_id_is_always_readable(self):
        key = self.key(self.scope(self.rule("res.partner", "read", ["name"])))
        for method, args, kwargs in self.calls(self.partner):
            with self.subTest(method, args=args):
                answered = self.ask(key, method, *args, **kwargs)
                self.assertEqual(answered, {"id", "name"})

    def test_under_an_unlimited_rule_with_secrets(self):
        admin = self.admin
        wide = self.key(self.scope(self.rule("res.users", "read")), admin)
        stock = self.key(None, admin)
        for method, args, kwargs in self.calls(self.user):
            with self.subTest(method, args=args):
                kwargs = {**kwargs, "model": "res.users"}
                everything = self.ask(stock, method, *args, **kwargs)
                granted = self.ask(wide, method, *args, **kwargs)
                self.assertIn("new_password", everything)
                self.assertIn("login", granted)
                self.assertLess(granted, everything)
                secrets = {
                    name
                    for name in everything
                    if any(word in name for word in ("passw", "totp_s", "api_key_ids"))
                }
                self.assertFalse(granted & secrets)

    def test_named_secrets(self):
        scope = self.scope(self.rule("res.users", "read", ["login", "new_password"]))
        key = self.key(scope, self.admin)
        for method, args, kwargs in self.calls(self.user):
            with self.subTest(method, args=args):
                self.assertEqual(
                    self.ask(key, method, *args, model="res.users", **kwargs),
                    {"id", "login", "new_password"},
                )

    def test_values_are_those_of_the_fields(self):
        key = self.key(self.scope(self.rule("res.partner", "read", ["email"])))
        [values] = self.serve(key, "res.partner", "read", self.partner.ids)
        self.assertEqual(values, {"id": self.partner.id, "email": "ada@example.com"})

    def test_what_is_filtered_by_must_be_covered_by_the_same_rule(self):
        key = self.key(
            self.scope(
                self.rule("res.partner", "read", ["name", "active"]),
                self.rule("res.partner", "read", ["email"]),
            )
        )
        domain = [("email", "=", "ada@example.com")]
        self.assertEqual(
            self.ask(key, "search_read", domain),
            {"id", "email"},
        )
        with self.assertRaises(AccessError):
            self.serve(key, "res.partner", "search_read", domain, ["name"])

    def test_a_rule_whose_fields_are_gone_gives_the_id_only(self):
        field = self.env["ir.model.fields"].create(
            {
                "name": "x_gone",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "ttype": "char",
                "field_description": "Gone",
            }
        )
        scope = self.scope(self.rule("res.partner", "read", ["x_gone"]))
        field.unlink()
        self.env.invalidate_all()
        key = self.key(scope)
        self.assertEqual(self.ask(key, "read", self.partner.ids), {"id"})
        with self.assertRaises(AccessError):
            self.serve(key, "res.partner", "read", self.partner.ids, ["name"])

    def test_without_a_limit_or_a_secret_it_is_what_stock_gives(self):
        country = self.env.ref("base.be").with_user(self.user)
        for key in (self.key(), self.key(self.scope(self.rule("res.country", "read")))):
            self.assertEqual(
                self.ask(key, "read", country.ids, model="res.country"),
                set(country.read()[0]),
            )
