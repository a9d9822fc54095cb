# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Secrets are fields and rows, and are never under "every field" or "every record"."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..policy import catalogue
from .common import ScopedCase

# Fields of models that may not be installed. Those of base and mail always are.
SECRET = {
    "account.move": ["access_token", "access_url"],
    "auth.passkey.key": ["credential_identifier"],
    "auth_totp.wizard": ["secret", "qrcode", "url"],
    "calendar.attendee": ["access_token"],
    "calendar.event": ["access_token"],
    "change.password.own": ["new_password", "confirm_password"],
    "change.password.user": ["new_passwd"],
    "discuss.channel": ["invitation_url"],
    "fetchmail.server": ["password"],
    "iap.account": ["account_token"],
    "ir.actions.server": ["webhook_url"],
    "ir.attachment": ["access_token", "local_url"],
    "ir.mail_server": ["smtp_pass", "smtp_ssl_certificate", "smtp_ssl_private_key"],
    "mail.guest": ["access_token"],
    "mail.ice.server": ["credential"],
    "mail.push.device": ["keys"],
    "project.project": ["access_token", "access_url"],
    "project.task": ["access_token", "access_url"],
    "rating.rating": ["access_token"],
    "res.config.settings": [
        "google_gmail_client_secret",
        "google_translate_api_key",
        "sfu_server_key",
        "tenor_api_key",
        "twilio_account_sid",
        "twilio_account_token",
        "unsplash_access_key",
    ],
    "res.users": ["api_key_ids", "new_password", "password", "totp_secret"],
    "res.users.identitycheck": ["password"],
    "sale.order": ["access_token", "access_url"],
}
ORDINARY = {
    "ir.config_parameter": ["key", "value"],
    "ir.mail_server": ["smtp_host", "smtp_user"],
    "res.company": ["company_registry"],
    "res.country": ["code", "phone_code"],
    "res.groups": ["api_key_duration"],
    "res.partner": ["barcode", "comment", "email", "name", "signup_type", "vat"],
    "res.users": ["login", "name", "totp_enabled"],
    "sale.order": ["client_order_ref", "name", "note"],
}


@tagged("post_install", "-at_install", "scoped_apikey")
class TestSecretFields(ScopedCase):
    def installed(self, table):
        found = 0
        for model, names in table.items():
            if model not in self.env:
                continue
            for name in names:
                if name in self.env[model]._fields:
                    found += 1
                    yield model, name
        self.assertGreater(found, 8)

    def test_fields(self):
        """Every field of a named model is granted, and secrets are not among them."""
        for model, name in self.installed(SECRET):
            if catalogue.is_off_limits(model) or model in catalogue.DOCUMENTS:
                continue
            with self.subTest(model=model, name=name):
                every = self.scope(self.rule(model, "read"))
                reason = self.why(every, model, "read", [1], fields=[name])
                self.assertEqual(
                    reason.partition(" names ")[2],
                    f"{name}, and what is secret or grants rights must be named.",
                )
                named = self.scope(self.rule(model, "read", [name]))
                self.decide(named, model, "read", [1], fields=[name])

    def test_in_every_argument(self):
        scope = self.scope(self.rule("res.users", "read write create"))
        secret = "totp_secret" if "auth_totp.device" in self.env else "password"
        for method, kwargs in (
            ("read", {"ids": [1], "fields": ["name", secret]}),
            ("search", {"domain": [(secret, "=", "x")]}),
            ("search_count", {"domain": ["|", ("name", "=", "x"), (secret, "=", "x")]}),
            ("search_read", {"domain": [], "fields": [secret]}),
            ("search", {"domain": [], "order": secret}),
            ("formatted_read_group", {"domain": [], "groupby": [secret]}),
            (
                "formatted_read_group",
                {"domain": [], "aggregates": [f"{secret}:array_agg"]},
            ),
            ("read_group", {"domain": [], "fields": [], "groupby": [secret]}),
            ("export_data", {"ids": [1], "fields_to_export": [secret]}),
            ("web_read", {"ids": [1], "specification": {secret: {}}}),
            ("web_search_read", {"domain": [], "specification": {secret: {}}}),
            ("write", {"ids": [1], "vals": {secret: "x"}}),
            ("create", {"vals_list": [{secret: "x"}]}),
            ("default_get", {"fields": [secret]}),
            ("fields_get", {"allfields": [secret]}),
        ):
            with self.subTest(method=method, kwargs=kwargs):
                self.assertIn(
                    "what is secret or grants rights must be named",
                    self.why(scope, "res.users", method, **kwargs),
                )

    def test_ordinary_fields(self):
        for model, name in self.installed(ORDINARY):
            with self.subTest(model=model, name=name):
                scope = self.scope(self.rule(model, "read"))
                self.decide(scope, model, "search_read", domain=[], fields=[name])

    def test_every_password_and_token_of_the_database(self):
        """No stored field of this database is spelled like a secret and is none."""
        plain = {
            (name, field.name)
            for name, model in self.env.registry.items()
            for field in model._fields.values()
            if field.store
            and field.type in ("char", "text", "binary")
            and any(
                word in field.name
                for word in (
                    "password",
                    "secret",
                    "access_token",
                    "private_key",
                    "api_key",
                )
            )
            and not catalogue.is_secret_field(field.name)
        }
        self.assertEqual(plain, set())


SECRET_KEYS = (
    "database.secret",
    "database.uuid",
    "scoped_apikey.some_setting",
    "some.api_key",
    "some.API_KEY",
    "some.password",
    "some.token",
    "some.webhook_url",
    "unsplash.access_key",
)
PLAIN_KEYS = ("some.plain", "web.base.url")


@tagged("post_install", "-at_install", "scoped_apikey")
class TestSecretParameters(ScopedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parameters = cls.env["ir.config_parameter"]
        for key in SECRET_KEYS + PLAIN_KEYS:
            if not cls.parameters.search([("key", "=", key)]):
                cls.parameters.set_param(key, "value of " + key)
        cls.by_key = {
            parameter.key: parameter.id for parameter in cls.parameters.search([])
        }
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.scoped = self.key(
            self.scope(self.rule("ir.config_parameter", "read write unlink")),
            self.admin,
        )
        self.stock = self.key(None, self.admin)

    def ask(self, key, method, *args, **kwargs):
        self.env.invalidate_all()
        return self.serve(key, "ir.config_parameter", method, *args, **kwargs)

    def test_search(self):
        for key in SECRET_KEYS:
            with self.subTest(key):
                domain = [("key", "=", key)]
                for _repeat in range(2):  # what one key sees is not kept for the other
                    self.assertEqual(self.ask(self.scoped, "search", domain), [])
                    self.assertEqual(self.ask(self.scoped, "search_count", domain), 0)
                    self.assertEqual(
                        self.ask(self.scoped, "search_read", domain, ["value"]), []
                    )
                    self.assertEqual(
                        self.ask(self.stock, "search", domain), [self.by_key[key]]
                    )
                    self.assertEqual(self.ask(self.stock, "search_count", domain), 1)

    def test_plain_ones_stay_visible(self):
        for key in PLAIN_KEYS:
            domain = [("key", "=", key)]
            self.assertEqual(
                self.ask(self.scoped, "search", domain), [self.by_key[key]]
            )

    def test_read_by_id(self):
        for key in SECRET_KEYS:
            with self.subTest(key):
                ids = [self.by_key[key]]
                with self.assertRaises(AccessError):
                    self.ask(self.scoped, "read", ids, ["value"])
                [values] = self.ask(self.stock, "read", ids, ["value"])
                self.assertTrue(values["value"])
                with self.assertRaises(AccessError):
                    self.ask(self.scoped, "read", ids, ["value"])

    def test_groups(self):
        for method, arguments in (
            ("formatted_read_group", [[], ["key"], ["value:array_agg"]]),
            ("read_group", [[], ["value:array_agg"], ["key"]]),
        ):
            with self.subTest(method):
                answer = str(self.ask(self.scoped, method, *arguments))
                everything = str(self.ask(self.stock, method, *arguments))
                for key in SECRET_KEYS:
                    self.assertNotIn(f"'{key}'", answer)
                    self.assertIn(f"'{key}'", everything)
                self.assertIn("'some.plain'", answer)

    def test_other_ways_to_read(self):
        for key in SECRET_KEYS:
            ids = [self.by_key[key]]
            for method, arguments in (
                ("web_read", [ids, {"value": {}}]),
                ("export_data", [ids, ["value"]]),
                ("copy", [ids]),
            ):
                with (
                    self.subTest(key=key, method=method),
                    self.assertRaises(AccessError),
                ):
                    self.ask(self.scoped, method, *arguments)
            answer = self.ask(
                self.scoped, "web_search_read", [("key", "=", key)], {"value": {}}
            )
            self.assertEqual(answer, {"length": 0, "records": []})
            names = self.ask(self.scoped, "name_search", key)
            self.assertNotIn(ids[0], [row[0] for row in names])

    def test_change(self):
        for key in SECRET_KEYS:
            ids = [self.by_key[key]]
            before = self.parameters.browse(ids).value
            for method, arguments in (("write", [{"value": "x"}]), ("unlink", [])):
                with (
                    self.subTest(key=key, method=method),
                    self.assertRaises(AccessError),
                ):
                    self.ask(self.scoped, method, ids, *arguments)
            self.env.invalidate_all()
            self.assertEqual(self.parameters.browse(ids).value, before)

    def test_plain_one_cannot_become_secret(self):
        """Nor is a secret's row renamed into the open, or a plain one into ours."""
        ids = [self.by_key["some.plain"]]
        with self.assertRaises(AccessError):
            self.ask(self.scoped, "write", ids, {"key": "scoped_apikey.require_scope2"})

    def test_methods_of_odoo_still_see_them(self):
        """A business method runs with the user's own rights."""
        with self.serving(self.scoped):
            value = self.parameters.sudo().get_param("database.secret")
        self.assertTrue(value)

    def test_outside_of_a_call(self):
        admin = self.parameters.with_user(self.admin)
        for key in SECRET_KEYS:
            self.assertEqual(admin.search_count([("key", "=", key)]), 1)
