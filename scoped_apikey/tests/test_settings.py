# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The settings, and that each change of one is on record."""

import json

from odoo.exceptions import AccessDenied, ValidationError
from odoo.tests import tagged

from .common import Call, ScopedCase, events, make_key, stamped

PREFIX = "scoped_apikey."


@tagged("post_install", "-at_install", "scoped_apikey")
class TestSettings(ScopedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parameters = cls.env["ir.config_parameter"]
        cls.parameters.search([("key", "=like", PREFIX + "%")]).unlink()

    def save(self, **values):
        """Save the settings, as the form does."""
        settings = self.env["res.config.settings"].create(values)
        settings.execute()
        self.env.flush_all()
        return self.env["res.config.settings"].create({})

    def test_defaults(self):
        settings = self.env["res.config.settings"].create({})
        self.assertFalse(settings.apikey_require_scope)
        self.assertFalse(settings.apikey_rpc_keys_only)
        self.assertEqual(settings.apikey_retention_days, 365)
        self.assertEqual(settings.apikey_log_arguments, "none")

    def test_flags(self):
        for name in ("require_scope", "rpc_keys_only"):
            field = f"apikey_{name}"
            flag = self.env["res.config.settings"]._scoped_apikey_flag
            self.assertFalse(flag(name))
            self.assertTrue(self.save(**{field: True})[field])
            self.assertTrue(flag(name))
            self.assertFalse(self.save(**{field: False})[field])
            self.assertFalse(flag(name))
            for value, on in (
                ("True", True),
                ("1", True),
                ("nonsense", True),  # what is not understood is the stricter
                ("False", False),
                ("0", False),
                ("", False),
            ):
                self.parameters.set_param(PREFIX + name, value)
                self.assertEqual(flag(name), on, value)

    def test_retention_of_zero_stays(self):
        self.assertEqual(self.save(apikey_retention_days=0).apikey_retention_days, 0)
        self.assertEqual(self.parameters.get_param(PREFIX + "retention_days"), "0")
        self.assertEqual(self.save(apikey_retention_days=30).apikey_retention_days, 30)
        # saving something else leaves it
        self.save(apikey_retention_days=0)
        self.assertEqual(self.save().apikey_retention_days, 0)

    def test_retention_cannot_be_negative(self):
        with self.assertRaises(ValidationError):
            self.save(apikey_retention_days=-1)

    def test_retention_that_is_not_understood_deletes_nothing(self):
        days = self.env["res.config.settings"]._scoped_apikey_retention_days
        for value in ("nonsense", "0", "-5"):
            self.parameters.set_param(PREFIX + "retention_days", value)
            self.assertEqual(days(), 0)

    def test_arguments(self):
        kept = self.env["res.config.settings"]._scoped_apikey_log_arguments
        for value in ("shape", "full", "none"):
            settings = self.save(apikey_log_arguments=value)
            self.assertEqual(settings.apikey_log_arguments, value)
            self.assertEqual(kept(), value)
        for value in ("nonsense", "Full", "", False):
            self.parameters.set_param(PREFIX + "log_arguments", "full")
            self.parameters.set_param(PREFIX + "log_arguments", value)
            self.assertEqual(kept(), "none", value)

    def test_retention_days(self):
        for value, days in (
            ("0", 0),
            ("nonsense", 0),
            ("-1", 0),
            (False, 365),
            ("30", 30),
        ):
            with self.subTest(value):
                self.parameters.set_param(PREFIX + "retention_days", value)
                settings = self.env["res.config.settings"]
                self.assertEqual(settings._scoped_apikey_retention_days(), days)

    def test_changes_are_on_record(self):
        key = PREFIX + "retention_days"

        def recorded():
            self.env.flush_all()
            return [
                (
                    row["event"],
                    row["subject_name"],
                    row["before"] and json.loads(row["before"]),
                    row["after"] and json.loads(row["after"]),
                )
                for row in events(self.env, "subject = 'setting'")[count:]
            ]

        count = len(events(self.env, "subject = 'setting'"))
        self.parameters.set_param(key, "30")
        self.assertEqual(
            recorded(), [("changed", key, {"value": None}, {"value": "30"})]
        )
        self.parameters.set_param(key, "30")
        self.assertEqual(len(recorded()), 1)
        self.parameters.set_param(key, "0")
        self.assertEqual(
            recorded()[-1], ("changed", key, {"value": "30"}, {"value": "0"})
        )
        self.parameters.set_param(key, False)
        self.assertEqual(
            recorded()[-1], ("changed", key, {"value": "0"}, {"value": None})
        )
        self.parameters.set_param("some.other", "1")
        self.assertEqual(len(recorded()), 3)

    def test_renaming_a_parameter_is_on_record(self):
        self.parameters.set_param("some.other", "1")
        count = len(events(self.env, "subject = 'setting'"))
        parameter = self.parameters.search([("key", "=", "some.other")])
        parameter.key = PREFIX + "require_scope"
        self.env.flush_all()
        self.assertEqual(len(events(self.env, "subject = 'setting'")), count + 1)
        parameter.key = "some.other"
        self.env.flush_all()
        self.assertEqual(len(events(self.env, "subject = 'setting'")), count + 2)

    def test_rpc_keys_only(self):
        """With it a password opens no RPC, and a key still does."""
        self.user.password = "s3cret-pass"
        secret = make_key(self.env, self.user, self.scope())
        self.env.flush_all()
        users = self.env["res.users"]

        def check(credential):
            call = Call(self.env.cr.dbname, "xmlrpc", "127.0.0.1")
            with stamped(call):
                users._check_uid_passwd(self.user.id, credential)
            return call.identified

        self.assertTrue(check("s3cret-pass"))
        self.assertTrue(check(secret))
        self.parameters.set_param(PREFIX + "rpc_keys_only", "True")
        self.env.registry.clear_all_caches()
        with self.assertRaises(AccessDenied):
            check("s3cret-pass")
        self.assertTrue(check(secret))
        self.parameters.set_param(PREFIX + "rpc_keys_only", False)
        self.env.registry.clear_all_caches()
        self.assertTrue(check("s3cret-pass"))

    def test_rpc_keys_only_holds_for_a_cached_password(self):
        self.user.password = "s3cret-pass"
        self.env.flush_all()
        users = self.env["res.users"]
        call = Call(self.env.cr.dbname, "xmlrpc", "127.0.0.1")
        with stamped(call):
            users._check_uid_passwd(self.user.id, "s3cret-pass")
            self.parameters.set_param(PREFIX + "rpc_keys_only", "True")
            with self.assertRaises(AccessDenied):
                users._check_uid_passwd(self.user.id, "s3cret-pass")
