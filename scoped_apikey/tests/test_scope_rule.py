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
        for model, method in (
            ("res.users", "authenticate"),
            ("res.users", "change_password"),
            ("res.partner", "signup_get_auth_param"),
            ("res.config.settings", "execute"),
            ("portal.wizard.user", "action_grant_access"),
            (None, "change_password"),
        ):
            with self.subTest(model=model, method=method):
                self.assertInvalid(
                    f"“{method}” makes credentials, changes the server or runs what it is"
                    " given, so no rule can grant it.",
                    model=model,
                    methods=method,
                )

    def test_dangerous_methods_are_warned_of(self):
        sentence = (
            "%s on %s is generic in disguise: it runs, sends or reaches whatever it is"
            " given, on other models and to anybody. Only its arguments limit it."
        )
        for model, label, method in (
            ("res.partner", "Contact", "message_subscribe"),
            ("crm.lead", "Lead", "find_or_create_record"),
            ("ir.config_parameter", "System Parameter", "get_param"),
            (None, "any model", "message_update"),
        ):
            with self.subTest(model=model, method=method):
                scope = self.scope(self.rule(model, methods=method))
                self.assertIn(sentence % (method, label), scope.rule_ids.warning)
                self.assertIn(sentence % (method, label), scope.warnings)
        for methods in ("address_get", "message_post", "message_post(body, subject)"):
            self.assertFalse(
                self.scope(self.rule("res.partner", methods=methods)).rule_ids.warning
            )

    def test_arguments_are_warned_of(self):
        rule = self.rule(
            "res.partner", methods="message_post(body, message_type, author_id)"
        )
        self.assertEqual(
            self.scope(rule).rule_ids.warning,
            "With author_id, message_post on Contact acts on anything, or as anybody.",
        )

    def test_methods_that_do_not_exist(self):
        self.assertInvalid(
            "res.partner has no method “action_confirm_all”.",
            methods="action_confirm_all",
        )
        # Spelled like a public one, and marked as private all the same.
        self.assertTrue(callable(self.env["res.partner"].filtered_domain))

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
        for domain in (
            "[('name', '=', 'x')]",
            "['|', ('name', 'ilike', 'x'), ('parent_id.name', '=', False)]",
            "[('category_id', 'any', [('name', '=', 'x')])]",
            "[('id', 'child_of', [1])]",
            " [('create_date', '>', '2026-01-01')] ",
        ):
            with self.subTest(domain):
                scope = self.scope(self.rule("res.partner", "read", domain=domain))
                self.assertEqual(scope._compile().rules[0].domain, domain.strip())
                self.assertIn(
                    f"Contact: read, only records where {domain.strip()}",
                    scope.rule_ids.summary,
                )
                self.assertEqual(scope.rule_ids._snapshot()["domain"], domain)

    def test_no_domain(self):
        for domain in (False, "", "[]", " [] "):
            for model in ("res.partner", None):
                with self.subTest(domain=domain, model=model):
                    scope = self.scope(self.rule(model, "read", domain=domain))
                    self.assertEqual(scope._compile().rules[0].domain, "")
                    self.assertNotIn("only records", scope.rule_ids.summary)

    def test_domains_that_are_none(self):
        for domain in ("nonsense", "[('user_id', '=', uid)]", "{}", "('a', '=', 1)"):
            with self.subTest(domain):
                self.assertInvalid(
                    f"“{domain}” is no list of plain values: a rule's domain knows no"
                    " names such as uid, and computes nothing.",
                    domain=domain,
                )
        for domain in (
            "[('no_such_field', '=', 1)]",
            "[('country_id.no_such_field', '=', 1)]",
            "[('name', 'no_such_operator', 1)]",
            "[('category_id', 'any!', [])]",
            "['|', ('name', '=', 1)]",
            "[('name', '=')]",
            "['?']",
            "[5]",
        ):
            with self.subTest(domain), self.assertRaises(ValidationError) as caught:
                self.scope(self.rule("res.partner", "read", domain=domain))
            self.assertIn(
                f"“{domain}” is no domain of res.partner: ", str(caught.exception)
            )

    def test_a_domain_needs_a_model(self):
        self.assertInvalid(
            "A rule for any model cannot limit records: a domain speaks of the fields of a"
            " model that is named.",
            model=None,
            domain="[('id', '=', 1)]",
        )
        rule = self.scope(
            self.rule("res.partner", "read", domain="[('vat', '=', 'x')]")
        ).rule_ids
        with self.assertRaises(ValidationError):
            rule.model_id = self.env["ir.model"]._get_id("res.country")

    def test_parameters_that_a_domain_names_are_warned_of(self):
        for domain, warned in (
            ("[('key', '=', 'database.secret')]", "database.secret"),
            ("[('key', 'in', ['web.base.url', 'database.uuid'])]", "database.uuid"),
            ("[('key', '=', 'web.base.url')]", None),
            ("[('key', 'like', 'database.secret')]", None),
        ):
            with self.subTest(domain):
                rule = self.scope(
                    self.rule("ir.config_parameter", "read", domain=domain)
                ).rule_ids
                if warned:
                    self.assertIn(f"Secret system parameters: {warned}.", rule.warning)
                else:
                    self.assertNotIn("Secret", rule.warning)

    def test_parameters_that_open_a_door_are_warned_of(self):
        rule = self.scope(
            self.rule(
                "ir.config_parameter",
                "read write",
                domain="[('key', 'in', ['web.base.url', 'crm.pls_fields'])]",
            )
        ).rule_ids
        sentence = "Whoever changes these system parameters opens a door: web.base.url."
        self.assertIn(sentence, rule.warning)
        rule.perm_write = False
        self.assertNotIn("opens a door", rule.warning)

    def test_fields_that_open_a_door_are_warned_of(self):
        sentence = (
            "Whoever sets these fields of User grants rights or opens a door: %s."
        )
        rule = self.scope(
            self.rule("res.users", "read write", ["login", "name", "group_ids"])
        ).rule_ids
        self.assertIn(sentence % "Login, Groups", rule.warning)
        rule.perm_write = False
        self.assertNotIn("opens a door", rule.warning)

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
        """They can be granted, and the form says what else they need."""
        installed = sorted(set(catalogue.DOCUMENTS) & set(self.env.registry))
        self.assertIn("mail.message", installed)
        for model in installed:
            with self.subTest(model):
                rule = self.scope(self.rule(model, "read create")).rule_ids
                self.assertTrue(rule.is_document_model)
                self.assertTrue(rule.is_protected)
        rule = self.scope(self.rule("res.partner", "read")).rule_ids
        self.assertFalse(rule.is_document_model)

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
