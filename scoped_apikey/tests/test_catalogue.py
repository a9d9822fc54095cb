# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is known of names in a database: by heirs, relations, and modules that add."""

from unittest.mock import patch

from lxml import etree
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..policy import catalogue
from .common import OPERATIONS, ScopedCase

ALL = " ".join(OPERATIONS)


@tagged("post_install", "-at_install", "scoped_apikey")
class TestCatalogue(ScopedCase):
    def setUp(self):
        super().setUp()
        self.known = self.env["apikey.catalogue"]
        self.forget()
        self.addCleanup(self.forget)

    def forget(self):
        self.env.registry.clear_all_caches()

    def add(self, list_name, *names):
        """Add names to a list, as a module does by inheriting."""
        original = getattr(type(self.known), list_name)
        self.startPatcher(
            patch.object(
                type(self.known), list_name, lambda model: original(model) | set(names)
            )
        )
        self.forget()

    def field(self, model, name, **values):
        return self.env["ir.model.fields"].create(
            {
                "model_id": self.env["ir.model"]._get_id(model),
                "name": name,
                "field_description": name,
                "ttype": "char",
                **values,
            }
        )

    # -- models

    def test_resources(self):
        for model, protected, runs_code, off_limits in (
            ("res.partner", False, False, False),
            ("res.users", True, False, False),
            ("mail.message", True, False, False),
            ("ir.cron", True, True, False),
            ("ir.default", True, True, False),
            ("ir.model.data", True, True, False),
            ("mail.template", True, True, False),
            ("apikey.scope", True, False, True),
            ("res.users.apikeys", True, False, True),
        ):
            with self.subTest(model):
                resource = self.known._resource(model)
                self.assertEqual(resource.model, model)
                self.assertEqual(
                    (resource.protected, resource.runs_code, resource.off_limits),
                    (protected, runs_code, off_limits),
                )

    def test_what_a_mixin_is_does_not_make_its_heirs_protected(self):
        self.assertTrue(self.known._resource("mail.thread").protected)
        self.assertFalse(self.known._resource("res.partner").protected)

    def test_what_is_made_after_a_protected_model_is_protected(self):
        """As a trusted device is made after a key, whatever its own name."""
        with patch.object(
            catalogue, "is_off_limits", lambda name: name == "res.users.apikeys"
        ):
            self.forget()
            self.assertTrue(self.known._resource("auth_totp.device").off_limits)
            self.assertFalse(self.known._resource("apikey.scope").off_limits)

    def test_modules_add_models(self):
        scope = self.scope(self.rule(None, ALL), self.rule("res.lang", "read write"))
        partner = ("res.partner", "search", None)
        self.decide(scope, *partner, domain=[])
        self.add("_protected_models", "res.partner")
        self.assertIn("protected", self.why(scope, *partner, domain=[]))
        self.decide(scope, "res.lang", "search", domain=[])
        self.add("_off_limits_models", "res.lang")
        self.assertIn("out of reach", self.why(scope, "res.lang", "search", domain=[]))
        with self.assertRaises(ValidationError):
            self.scope(self.rule("res.lang", "read"))
        self.add("_code_models", "res.country")
        with self.assertRaises(ValidationError):
            self.scope(self.rule("res.country", "write"))

    # -- fields

    def test_a_field_that_relates_a_secret_is_one(self):
        self.field("res.partner", "x_pin_code")
        self.field("res.partner", "x_token")
        self.field("res.bank", "x_contact", ttype="many2one", relation="res.partner")
        self.field("res.bank", "x_digits", related="x_contact.x_pin_code")
        self.field("res.bank", "x_name", related="x_contact.name")
        self.field("res.bank", "x_more", related="x_contact.x_token")
        self.assertFalse(self.known._secrets_of("res.bank") & {"x_digits", "x_name"})
        self.assertIn("x_more", self.known._secrets_of("res.bank"))
        self.add("_secret_fields", "res.partner.x_pin_code")
        self.assertIn("x_digits", self.known._secrets_of("res.bank"))
        self.assertNotIn("x_name", self.known._secrets_of("res.bank"))
        scope = self.scope(self.rule("res.bank", "read"))
        self.assertIn(
            "names x_digits, and what is secret",
            self.why(scope, "res.bank", "read", [1], fields=["x_digits", "name"]),
        )

    def test_a_field_that_is_inherited_is_one(self):
        """A user's are those of its contact, by ``_inherits``."""
        self.assertNotIn("ref", self.known._secrets_of("res.users"))
        self.add("_secret_fields", "res.partner.ref")
        self.assertIn("ref", self.known._secrets_of("res.users"))

    def test_a_setting_that_is_stored_as_a_secret_is_one(self):
        field = self.env["res.config.settings"]._fields["unsplash_app_id"]
        with patch.object(
            field, "config_parameter", "unsplash.some_secret", create=True
        ):
            self.forget()
            self.assertIn(
                "unsplash_app_id", self.known._secrets_of("res.config.settings")
            )
        self.forget()
        self.assertNotIn(
            "unsplash_app_id", self.known._secrets_of("res.config.settings")
        )

    def test_heirs_of_a_model(self):
        self.add("_secret_fields", "mail.thread.message_needaction")
        for model, secret in (("res.partner", True), ("res.bank", False)):
            with self.subTest(model):
                secrets = self.known._secrets_of(model)
                self.assertEqual("message_needaction" in secrets, secret)

    def test_plain_fields(self):
        self.field("res.partner", "x_token_colour")
        self.field("res.bank", "x_token_colour")
        self.assertIn("x_token_colour", self.known._secrets_of("res.partner"))
        self.add("_plain_fields", "res.partner.x_token_colour")
        self.assertNotIn("x_token_colour", self.known._secrets_of("res.partner"))
        self.assertIn("x_token_colour", self.known._secrets_of("res.bank"))

    def test_what_a_view_hides_is_a_secret(self):
        """Whatever a form of this database shows as dots."""
        found = set()
        for view in self.env["ir.ui.view"].search([("model", "!=", False)]):
            if view.model not in self.env:
                continue
            for node in etree.fromstring(view.arch.encode()).iter("field"):
                name = node.get("name")
                if node.get("password") and name in self.env[view.model]._fields:
                    found.add((view.model, name))
                    with self.subTest(view=view.xml_id):
                        self.assertIn(name, self.known._secrets_of(view.model))
        self.assertGreater(len(found), 3)

    def test_what_opens_a_door_must_be_named_to_be_set(self):
        """And is read as any other field."""
        for model, name in (
            ("res.users", "login"),
            ("res.users", "group_ids"),
            ("res.users", "active"),
            ("res.company", "user_ids"),
            ("ir.attachment", "url"),
            ("ir.attachment", "res_field"),
            ("ir.attachment", "public"),
            ("res.groups", "user_ids"),
            ("project.project", "privacy_visibility"),
            ("crm.lead", "message_partner_ids"),
        ):
            with self.subTest(model=model, name=name):
                self.assertIn(name, self.known._by_name_of(model, "write"))
                self.assertIn(name, self.known._by_name_of(model, "create"))
                self.assertNotIn(name, self.known._by_name_of(model, "read"))
        every = self.scope(self.rule("res.users", "write create"))
        named = self.scope(self.rule("res.users", "write create", ["login"]))
        for method, kwargs in (
            ("write", {"ids": [1], "vals": {"login": "x"}}),
            ("create", {"vals_list": [{"login": "x"}]}),
        ):
            self.assertIn(
                "names login, and what is secret or grants rights must be named",
                self.why(every, "res.users", method, **kwargs),
            )
            self.decide(named, "res.users", method, **kwargs)
        reads = self.scope(self.rule("res.users", "read"))
        self.decide(reads, "res.users", "read", [1], fields=["login", "group_ids"])

    def test_what_tells_of_other_records_must_be_named_to_be_read(self):
        lookups = self.known._lookups_of("crm.lead")
        self.assertIn("duplicate_lead_ids", lookups)
        self.assertIn("phone_blacklisted", lookups, "of a mixin")
        self.assertIn("partner_is_blacklisted", lookups, "it relates one")
        self.assertNotIn("partner_id", lookups)
        every = self.scope(self.rule("res.partner", "read"))
        why = self.why(
            every, "res.partner", "read", [1], fields=["same_vat_partner_id"]
        )
        self.assertIn("same_vat_partner_id of Contact", why)
        self.assertIn("would tell of other records", why)
        named = self.scope(
            self.rule("res.partner", "read", ["name", "same_vat_partner_id"])
        )
        key = self.key(named, self.user)
        self.serve(key, "res.partner", "read", [1], ["same_vat_partner_id"])
        self.assertIn("tell of other records", str(named.warnings))

    def test_modules_add_fields_that_tell_of_other_records(self):
        self.add("_lookup_fields", "res.partner.city")
        every = self.scope(self.rule("res.partner", "read"))
        why = self.why(every, "res.partner", "search", domain=[("city", "=", "x")])
        self.assertIn("would tell of other records", why)

    def test_modules_add_fields_that_open_a_door(self):
        scope = self.scope(self.rule("res.bank", "write"))
        self.decide(scope, "res.bank", "write", [1], vals={"bic": "x"})
        self.add("_by_name_fields", "res.bank.bic")
        self.assertIn(
            "names bic", self.why(scope, "res.bank", "write", [1], vals={"bic": "x"})
        )

    # -- methods

    def test_a_method_of_one_model_only(self):
        self.assertIn("authenticate", self.known._ungrantable_of("res.users"))
        self.assertNotIn("authenticate", self.known._ungrantable_of("res.partner"))
        self.assertIn("change_password", self.known._ungrantable_of("res.partner"))
        self.assertIn("change_password", self.known._ungrantable_of(""))
        self.assertNotIn("authenticate", self.known._ungrantable_of(""))

    def test_modules_add_methods(self):
        scope = self.scope(self.rule("res.partner", methods="address_get"))
        every = self.scope(self.rule("res.partner", any_method=True))
        for one in (scope, every):
            self.decide(one, "res.partner", "address_get", [1])
        self.add("_dangerous_methods", "res.partner.address_get")
        self.decide(scope, "res.partner", "address_get", [1])
        self.assertIn(
            "must be named", self.why(every, "res.partner", "address_get", [1])
        )
        self.add("_ungrantable_methods", "mail.thread.address_get")
        for one in (scope, every):
            self.assertIn("none can", self.why(one, "res.partner", "address_get", [1]))

    def test_no_entry_is_misspelled(self):
        """Of the models that this database has, every field on the lists is there."""
        for entry in (
            catalogue.BY_NAME_FIELDS
            | catalogue.SECRET_FIELDS_OF
            | catalogue.LOOKUP_FIELDS
        ):
            model, _dot, name = entry.rpartition(".")
            if model not in self.env or name.startswith("oauth_") or name == "role":
                continue
            with self.subTest(entry):
                self.assertIn(name, self.env[model]._fields)
        for entry in catalogue.DANGEROUS_METHODS | catalogue.UNGRANTABLE_METHODS:
            model, _dot, name = entry.rpartition(".")
            if model in self.env and name != "auth_oauth":
                with self.subTest(entry):
                    self.assertTrue(hasattr(self.env[model], name))

    # -- context

    def test_modules_add_context_keys(self):
        scope = self.scope(self.rule("res.partner", "read"))
        search = ("res.partner", "search", None, {"my_key": 1})
        self.assertIn("may not hold my_key", self.why(scope, *search, domain=[]))
        self.add("_harmless_context", "my_key")
        self.decide(scope, *search, domain=[])

    def test_the_uid_of_the_context_is_ones_own(self):
        scope = self.scope(self.rule("res.partner", "read"))
        answer = self.env["res.users"].with_user(self.user).context_get()
        self.assertIn("uid", answer)
        self.decide(scope, "res.partner", "search", None, dict(answer), domain=[])
        self.assertIn(
            "may not hold uid",
            self.why(scope, "res.partner", "search", None, {"uid": 2}, domain=[]),
        )

    def test_answers_do_not_depend_on_who_asks(self):
        """They are kept by name only, so whoever asks first answers for everybody."""
        for user in (self.user, self.admin):
            self.forget()
            known = self.known.with_user(user).with_context(lang="fr_FR")
            self.assertEqual(
                known._by_name_of("res.users", "write"),
                self.env(su=True)["apikey.catalogue"]._by_name_of("res.users", "write"),
            )
            self.forget()
            self.assertEqual(
                known._secrets_of("res.users"),
                self.known._secrets_of("res.users"),
            )
