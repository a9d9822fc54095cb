# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rules: what may be saved, and that nothing widens by itself."""

import psycopg2
from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..policy import catalogue
from .common import ScopedCase


@tagged("post_install", "-at_install", "scoped_apikey")
class TestRuleMayBeSaved(ScopedCase):
    def assertInvalid(self, sentence, model="res.partner", fields=(), **values):
        with self.assertRaises(ValidationError) as caught:
            self.scope(self.rule(model, "read", fields, **values))
        self.assertEqual(str(caught.exception), sentence)
        if model == "res.partner" and not fields:
            rule = self.scope(self.rule(model, "read")).rule_ids
            with self.assertRaises(ValidationError) as caught:
                rule.write(values)
            self.assertEqual(str(caught.exception), sentence)

    def test_methods_by_line(self):
        for methods, sentence in (
            (
                "address_get\nmessage_post(body",
                "Line 2, “message_post(body”: the parentheses do not match.",
            ),
            ("a b", "Line 1, “a b”: “a b” is no name of a method."),
            (
                "address_get,\n\nmessage_post(body, 5)",
                "Line 3, “message_post(body, 5)”: “5” is no name of an argument.",
            ),
            (
                "address_get, _write",
                "Line 1, “address_get, _write”: “_write” is private: its name begins"
                " with an underscore.",
            ),
            (
                "address_get\naddress_get(adr_pref)",
                "Line 2, “address_get(adr_pref)”: “address_get” is there already.",
            ),
        ):
            with self.subTest(methods):
                self.assertInvalid(sentence, methods=methods)

    def test_methods_that_no_rule_grants(self):
        for method in catalogue.GENERIC_METHODS:
            with self.subTest(method):
                self.assertInvalid(
                    f"“{method}” is a generic method: tick Read, Write, Create or Delete"
                    " instead of naming it.",
                    methods=f"address_get, {method}",
                )
        for method in ("onchange", "get_views", "web_resequence", "sudo"):
            with self.subTest(method):
                self.assertInvalid(
                    f"“{method}” serves the web client, which uses no key.",
                    methods=method,
                )
        for method in sorted(
            catalogue.DANGEROUS_METHODS - set(dir(type(self.env["base"])))
        ):
            with self.subTest(method):
                self.assertInvalid(
                    f"“{method}” runs or reaches whatever it is given, so no rule can"
                    " grant it.",
                    methods=method,
                )

    def test_methods_that_do_not_exist(self):
        self.assertInvalid(
            "res.partner has no method “action_confirm_all”.",
            methods="action_confirm_all",
        )

    def test_good_methods(self):
        scope = self.scope(
            self.rule(
                "res.partner", methods="message_post(body, subject),\naddress_get"
            )
        )
        [first, second] = scope._compile().rules[0].methods
        self.assertEqual(
            (first.name, first.arguments), ("message_post", {"body", "subject"})
        )
        self.assertEqual((second.name, second.arguments), ("address_get", None))

    def test_domain(self):
        for domain in ("[('name', '=', 'x')]", "nonsense", "[(1, '=', 1)]"):
            with self.subTest(domain):
                self.assertInvalid(
                    "This version does not enforce a limit on records, so"
                    f" “{domain}” cannot be saved.",
                    domain=domain,
                )
        for domain in (False, "", "[]", " [] "):
            with self.subTest(domain):
                self.assertTrue(self.scope(self.rule("res.partner", domain=domain)))

    def test_off_limits_models(self):
        for model in (
            "apikey.call",
            "apikey.history",
            "apikey.scope",
            "apikey.scope.rule",
            "apikey.scope.window",
            "res.users.apikeys",
            "res.users.apikeys.description",
            "res.users.identitycheck",
        ):
            with self.subTest(model):
                self.assertInvalid(
                    f"{model} is out of reach of every scoped key.", model=model
                )

    def test_document_models(self):
        for model in sorted(catalogue.DOCUMENTS):
            if model in self.env:
                with self.subTest(model):
                    self.assertInvalid(
                        f"The rows of {model} belong to records of any model, which this"
                        " version cannot limit.",
                        model=model,
                    )

    def test_fields_of_another_model(self):
        sentence = "The fields of a rule belong to the model it names."
        code = self.env["ir.model.fields"]._get_ids("res.country")["code"]
        fields = {"field_ids": [Command.set([code])]}
        for rule in (
            self.rule("res.partner", "read", **fields),
            self.rule(None, "read", **fields),
        ):
            with self.assertRaises(ValidationError) as caught:
                self.scope(rule)
            self.assertEqual(str(caught.exception), sentence)
        saved = self.scope(self.rule("res.country", "read", ["code"])).rule_ids
        with self.assertRaises(ValidationError):
            saved.model_id = self.env["ir.model"]._get_id("res.partner")

    def test_a_model_or_any_model(self):
        model = self.env["ir.model"]._get_id("res.partner")
        for values in (
            {},
            {"any_model": False},
            {"any_model": True, "model_id": model},
        ):
            with (
                self.subTest(values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.IntegrityError),
            ):
                self.scope(Command.create({**values, "perm_read": True}))
                self.env.flush_all()


@tagged("post_install", "-at_install", "scoped_apikey")
class TestNothingWidensByItself(ScopedCase):
    def custom_field(self, name):
        return self.env["ir.model.fields"].create(
            {
                "name": name,
                "model_id": self.env["ir.model"]._get_id("res.country"),
                "ttype": "char",
                "field_description": name,
            }
        )

    def test_nothing_is_granted_unless_said(self):
        rule = self.scope(self.rule("res.country")).rule_ids
        compiled = rule._compile()
        self.assertEqual(compiled.operations, frozenset())
        self.assertEqual(compiled.methods, ())
        self.assertFalse(compiled.any_method)

    def test_giving_fields_is_a_limit(self):
        by_create = self.scope(self.rule("res.country", "read", ["code"])).rule_ids
        by_write = self.scope(self.rule("res.country", "read")).rule_ids
        self.assertFalse(by_write.limit_fields)
        self.assertIsNone(by_write._compile().fields)
        by_write.field_ids = by_create.field_ids
        by_command = self.scope(self.rule("res.country", "read"))
        by_command.rule_ids = [
            Command.update(
                by_command.rule_ids.id,
                {"field_ids": [Command.link(by_create.field_ids.id)]},
            )
        ]
        for rule in (by_create, by_write, by_command.rule_ids):
            self.assertTrue(rule.limit_fields)
            self.assertEqual(rule._compile().fields, {"code"})

    def test_the_limit_stays_when_the_fields_are_gone(self):
        self.custom_field("x_gone")
        scope = self.scope(self.rule("res.country", "read", ["x_gone"]))
        self.decide(scope, "res.country", "read", [1], fields=["x_gone"])
        self.env["ir.model.fields"]._get("res.country", "x_gone").unlink()
        self.env.invalidate_all()
        self.assertFalse(scope.rule_ids.field_ids)
        self.assertTrue(scope.rule_ids.limit_fields)
        self.assertEqual(scope.rule_ids._compile().fields, frozenset())
        self.refusal(scope, "res.country", "read", [1], fields=["code"])

    def test_clearing_the_fields_keeps_the_limit(self):
        rule = self.scope(self.rule("res.country", "read", ["code"])).rule_ids
        rule.field_ids = [Command.clear()]
        self.assertTrue(rule.limit_fields)
        self.assertEqual(rule._compile().fields, frozenset())

    def test_deleted_fields_are_not_granted_to_a_cached_policy(self):
        """A field of the same name that comes later is another field."""
        self.custom_field("x_gone")
        scope = self.scope(self.rule("res.country", "read", ["x_gone", "code"]))
        self.decide(scope, "res.country", "read", [1], fields=["x_gone"])
        self.env["ir.model.fields"]._get("res.country", "x_gone").unlink()
        self.env.invalidate_all()
        self.custom_field("x_gone")
        self.env.invalidate_all()
        self.refusal(scope, "res.country", "read", [1], fields=["x_gone"])

    def test_deleted_model_takes_its_rule_along(self):
        model = self.env["ir.model"].create({"model": "x_gone", "name": "Gone"})
        scope = self.scope(
            self.rule("x_gone", "read"), self.rule("res.country", "read")
        )
        model.unlink()
        self.env.invalidate_all()
        self.assertEqual(scope.rule_ids.mapped("model"), ["res.country"])
        self.assertFalse(scope.rule_ids.any_model)

    def test_a_rule_without_a_model_grants_nothing(self):
        """Were one in the database all the same, it is not "any model"."""
        scope = self.scope(self.rule("res.country", "read"))
        rule = scope.rule_ids
        self.env.cr.execute(
            "ALTER TABLE apikey_scope_rule"
            " DROP CONSTRAINT apikey_scope_rule_names_a_model"
        )
        self.env.cr.execute(
            "UPDATE apikey_scope_rule SET model_id = NULL WHERE id = %s", [rule.id]
        )
        self.env.invalidate_all()
        self.assertEqual(rule._compile().model, "")
        for model in ("res.country", "res.partner"):
            self.refusal(scope, model, "search", domain=[])

    def test_summary(self):
        for rule, sentence in (
            (self.rule("res.country", "read unlink"), "Country: read, delete"),
            (self.rule("res.country"), "Country: nothing"),
            (self.rule(None, "create"), "Any model that is not protected: create"),
        ):
            self.assertEqual(self.scope(rule).rule_ids.summary, sentence)
        limited = self.scope(self.rule("res.country", "read", ["code"])).rule_ids
        self.assertEqual(limited.summary, "Country: read, only the fields Country Code")
