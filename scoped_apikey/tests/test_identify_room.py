# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The first room without a request: conditions at any time, ``_current``, other doors."""

from datetime import datetime
from types import SimpleNamespace
from unittest.mock import patch

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessDenied
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from ..call import Call
from ..rooms.identify import identify_key
from ..seams import credentials
from .common import ScopedCase, calls, calls_apart, key_of, make_key, make_user, stamped


@tagged("post_install", "-at_install", "scoped_apikey")
class TestIdentifyRoom(ScopedCase):
    def identify(self, secret, address="127.0.0.1"):
        """Return the user's id, or the refusal, and the call."""
        call = Call(self.env.cr.dbname, "json2", address, "res.partner", "read")
        try:
            uid = identify_key(self.env, call, secret)
        except AccessDenied as denied:
            self.assertEqual(str(denied), call.refusal)
            return call.refusal, call
        self.assertEqual(uid is not None, call.identified)
        return uid or call.refusal, call

    def windows(self, tz, *windows):
        return self.scope(
            tz=tz,
            window_ids=[
                Command.create({"dayofweek": day, "hour_from": begin, "hour_to": end})
                for day, begin, end in windows
            ],
        )

    def test_hours_in_the_time_zone_of_the_scope(self):
        # 2026-11-23 is a Monday; Amsterdam is an hour ahead of UTC.
        scope = self.windows("Europe/Amsterdam", ("0", 8.0, 18.0), ("4", 22.0, 2.0))
        secret = make_key(self.env, self.user, scope)
        for moment, opened in {
            "2026-11-23 06:59:59": False,
            "2026-11-23 07:00:00": True,
            "2026-11-23 16:59:59": True,
            "2026-11-23 17:00:00": False,
            "2026-11-24 12:00:00": False,
            "2026-11-27 20:59:59": False,
            "2026-11-27 21:00:00": True,
            "2026-11-28 00:59:59": True,
            "2026-11-28 01:00:00": False,
        }.items():
            with self.subTest(moment), freeze_time(moment):
                answer, call = self.identify(secret)
                self.assertEqual(answer == self.user.id, opened, answer)
                self.assertEqual(call.identified, opened)

    def test_networks(self):
        scope = self.scope(networks="203.0.113.0/24\n2001:db8::/32\n198.51.100.7")
        secret = make_key(self.env, self.user, scope)
        for address, accepted in {
            "203.0.113.0": True,
            "203.0.113.255": True,
            "203.0.114.0": False,
            "198.51.100.7": True,
            "198.51.100.8": False,
            "2001:db8:ffff::1": True,
            "2001:db9::1": False,
            "::ffff:203.0.113.5": True,
            "": False,
            "nonsense": False,
            None: False,
        }.items():
            with self.subTest(address):
                answer, call = self.identify(secret, address)
                self.assertEqual(call.identified, accepted)
                if not accepted:
                    self.assertIn("is not accepted", answer)

    def test_unknown_address_is_said(self):
        scope = self.scope(networks="203.0.113.0/24")
        answer, _call = self.identify(make_key(self.env, self.user, scope), None)
        self.assertEqual(
            answer,
            'Key "n8n" (scope "Enrichment") is not accepted: it is limited to networks,'
            " and the address of the call is unknown.",
        )

    def test_unscoped_key_has_no_conditions(self):
        answer, call = self.identify(make_key(self.env, self.user, None), None)
        self.assertEqual(answer, self.user.id)
        self.assertIsNone(call.scoped_key)
        self.assertTrue(call.key)

    def test_malformed_secrets_prove_nothing(self):
        for secret in ("", "short", "\0" * 40, None, False, 5, ["a"] * 40, "é" * 40):
            with self.subTest(secret):
                answer, call = self.identify(secret)
                self.assertIsNone(answer)
                self.assertIsNone(call.key)
                self.assertFalse(call.identified)

    def test_wrong_secret_with_a_right_index(self):
        secret = make_key(self.env, self.user, self.scope())
        answer, call = self.identify(secret[:8] + "0" * 32)
        self.assertIsNone(answer)
        self.assertIsNone(call.key)

    def test_key_with_a_scope_but_a_stock_scope_of_old(self):
        """Whatever the stock scope says, a row with a scope is scoped."""
        scope = self.scope()
        key = self.key(scope)
        self.env.cr.execute(
            "ALTER TABLE res_users_apikeys"
            " DROP CONSTRAINT res_users_apikeys_scope_is_scoped"
        )
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET scope = 'rpc' WHERE id = %s", [key.id]
        )
        self.assertTrue(self._known(key).scoped)

    # -- _current

    def test_current(self):
        for scope in (self.scope(), None):
            key = self.key(scope)
            self.assertFalse(self.keys._current())
            with stamped(self.call_with(key)):
                self.assertEqual(self.keys._current(), key)
                self.assertEqual(self.keys.with_user(self.user)._current(), key)
            self.assertFalse(self.keys._current())

    def test_current_with_a_password(self):
        with stamped(self.call_with(None)):
            self.assertFalse(self.keys._current())

    def test_current_before_it_is_accepted(self):
        call = self.call_with(self.key(self.scope()))
        call.identified = False
        with stamped(call):
            self.assertFalse(self.keys._current())

    def test_current_in_another_database(self):
        call = self.call_with(self.key(self.scope()), dbname="another")
        with stamped(call):
            self.assertFalse(self.keys._current())
            self.assertFalse(self.keys._served_key_is_scoped())

    def test_current_while_a_method_runs(self):
        key = self.key(self.scope(self.rule("res.partner", "read")))
        seen = []
        partners = type(self.env["res.partner"])
        original = partners.search_count

        def search_count(records, *args, **kwargs):
            seen.append(records.env["res.users.apikeys"]._current())
            return original(records, *args, **kwargs)

        # as @api.model has it
        search_count._api_model = True
        with patch.object(partners, "search_count", search_count):
            self.serve(key, "res.partner", "search_count", [])
        self.assertEqual(seen, [key])

    # -- other doors

    def check(self, secret, scope, request=None):
        with stamped(None) as served:
            served.httprequest = SimpleNamespace(path="/mail_plugin", remote_addr="::1")
            if request:
                request(served)
            return self.keys._check_credentials(scope=scope, key=secret)

    def test_unknown_door_refuses_scoped_keys_on_record(self):
        secret = make_key(self.env, self.user, self.scope())
        key = key_of(self.env, secret)
        for scope in ("odoo.plugin.outlook", "rpc", "scoped_apikey"):
            with self.subTest(scope), self.enter_registry_test_mode():
                before = len(calls_apart(self.env, "apikey_ref = %s", key.id))
                self.assertIsNone(self.check(secret, scope))
                [*others, row] = calls_apart(self.env, "apikey_ref = %s", key.id)
                self.assertEqual(len(others), before)
                self.assertEqual(row["outcome"], "denied")
                self.assertEqual(row["reason"], "The key is not accepted here.")
                self.assertEqual(row["method"], "/mail_plugin")
                self.assertEqual(row["remote_addr"], "::1")

    def test_unknown_door_is_stock_for_unscoped_keys(self):
        secret = make_key(self.env, self.user, None)
        self.assertEqual(self.check(secret, "odoo.plugin.outlook"), self.user.id)
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET scope = 'rpc' WHERE index = %s", [secret[:8]]
        )
        self.assertIsNone(self.check(secret, "odoo.plugin.outlook"))
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET scope = 'odoo.plugin.outlook'"
            " WHERE index = %s",
            [secret[:8]],
        )
        self.assertEqual(self.check(secret, "odoo.plugin.outlook"), self.user.id)

    def test_unknown_door_refuses_suspended_keys(self):
        secret = make_key(self.env, self.user, None)
        key_of(self.env, secret)._suspend()
        with self.enter_registry_test_mode():
            self.assertIsNone(self.check(secret, "odoo.plugin.outlook"))

    def test_scoped_keys_open_no_door_of_stock(self):
        """As where the addon is not loaded: the stock check alone refuses them."""
        from odoo.addons.base.models.res_users import ResUsersApikeys as Stock

        secret = make_key(self.env, self.user, self.scope())
        unscoped = make_key(self.env, self.user, None)
        for scope in ("rpc", "odoo.plugin.outlook", "anything"):
            self.assertIsNone(
                Stock._check_credentials(self.keys, scope=scope, key=secret)
            )
            self.assertEqual(
                Stock._check_credentials(self.keys, scope=scope, key=unscoped),
                self.user.id,
            )

    def test_second_check_while_a_method_runs(self):
        """A method that checks a credential of its own does not change who calls."""
        key = self.key(self.scope())
        unscoped = make_key(self.env, self.admin, None)
        with self.serving(key) as call:
            uid = self.keys._check_credentials(scope="rpc", key=unscoped)
            self.assertEqual(uid, self.admin.id)
            self.assertEqual(call.key.id, key.id)
            self.assertTrue(call.scoped_key)

    def test_start_up_is_refused(self):
        """No request is known: the call may be anybody's, and does not run."""
        sentence = None
        with self.enter_registry_test_mode():
            # Not by assertRaises, whose savepoint would take the row away.
            try:
                self.env["res.users"]._check_uid_passwd(self.user.id, "anything")
            except AccessDenied as denied:
                sentence = str(denied)
        self.assertIn("The server had just started", sentence)
        row = calls_apart(self.env)[-1]
        self.assertEqual(row["outcome"], "denied")
        self.assertIn("The server had just started", row["reason"])

    # -- trusted devices

    def test_trusted_devices_are_no_keys(self):
        if "auth_totp.device" not in self.env:
            self.assertFalse(
                self.env["ir.module.module"].search(
                    [("name", "=", "auth_totp"), ("state", "=", "installed")]
                )
            )
            return
        devices = self.env["auth_totp.device"].with_user(self.user).sudo()
        self.env["ir.config_parameter"].set_param("scoped_apikey.require_scope", "1")
        before = len(calls(self.env))
        expires = datetime(2099, 1, 1)
        secret = devices._generate("browser", "Firefox", expires)
        self.assertEqual(
            devices._check_credentials(scope="browser", key=secret), self.user.id
        )
        self.assertIsNone(devices._check_credentials(scope="other", key=secret))
        self.assertIsNone(self.keys._find_by_secret(secret))
        device = devices.search([("user_id", "=", self.user.id)])
        self.assertEqual(device.name, "Firefox")
        self.assertFalse(device.scope_id)
        self.assertFalse(
            self.env["apikey.history"].search([("subject_name", "=", "Firefox")])
        )
        device._remove()
        self.assertFalse(device.exists())
        self.assertEqual(len(calls(self.env)), before)

    # -- two keys, one index

    def test_same_index(self):
        from odoo.addons.base.models.res_users import KEY_CRYPT_CONTEXT

        other = make_user(self.env, "other", "base.group_user")
        made = {}
        for user, tail in ((self.user, "a" * 32), (other, "b" * 32)):
            key = self.key(self.scope(), user)
            self.env.cr.execute(
                "UPDATE res_users_apikeys SET index = '00000000', key = %s"
                " WHERE id = %s",
                [KEY_CRYPT_CONTEXT.hash("00000000" + tail), key.id],
            )
            made[tail] = key, user
        for tail, (key, user) in made.items():
            answer, call = self.identify("00000000" + tail)
            self.assertEqual(answer, user.id)
            self.assertEqual(call.key.id, key.id)
        answer, call = self.identify("00000000" + "c" * 32)
        self.assertIsNone(answer)
        self.assertIsNone(call.key)

    def test_superuser_even_if_active(self):
        key = self.key(self.scope())
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET user_id = %s WHERE id = %s",
            [SUPERUSER_ID, key.id],
        )
        self.env.cr.execute("UPDATE res_users SET active = true WHERE id = 1")
        proven = SimpleNamespace(
            key=self._known(key), user_active=True, expired=False, suspended=False
        )
        with patch.object(type(self.keys), "_find_by_secret", lambda *_args: proven):
            answer, call = self.identify("x" * 40)
        self.assertEqual(answer, "A scope cannot limit the superuser.")
        self.assertFalse(call.identified)

    def test_rpc_key_must_fit_the_user(self):
        secret = make_key(self.env, self.admin, self.scope())
        call = Call(self.env.cr.dbname, "xmlrpc", "127.0.0.1", "res.partner", "read")
        with stamped(call), self.assertRaises(AccessDenied):
            self.env["res.users"]._check_uid_passwd(self.user.id, secret)
        self.assertFalse(call.identified and call.user_id == self.user.id)
        self.assertEqual(call.refusal, "The key belongs to another user.")

    def test_rpc_door_is_the_only_one(self):
        self.assertEqual(credentials.RPC_DOOR, "rpc")
