# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which keys are accepted, on each transport, as a client sees it."""

from datetime import datetime, timedelta, timezone

from odoo import SUPERUSER_ID
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import LOGGED_AS, TRANSPORTS, CallCase, make_user

READ_PARTNERS = ("res.partner", "read")
NOT_VALID = {
    "json2": 401,
    "xmlrpc2": 3,
    "xmlrpc1": "AccessDenied",
    "jsonrpc": "odoo.exceptions.AccessDenied",
}
NOT_HERE = {**NOT_VALID, "json2": 403}
RPC = TRANSPORTS[1:]


@tagged("post_install", "-at_install", "scoped_apikey")
class TestIdentify(CallCase):
    def assertRefused(self, answer, codes, transport, reason, key="n8n"):
        self.assertEqual(answer.code, codes[transport], answer.text)
        row = self.rows()[-1]
        self.assertEqual(row["outcome"], "denied")
        self.assertEqual(row["reason"], reason)
        self.assertEqual(row["apikey_name"], key)
        self.assertEqual(row["transport"], LOGGED_AS[transport])
        self.assertEqual(row["model"], "res.partner")
        self.assertEqual(row["method"], "search_count")

    def assertNotValid(self, secret, reason, key="n8n"):
        """First and repeated calls are refused, with one row each."""
        for transport in TRANSPORTS:
            for _repeat in range(2):
                before = len(self.rows())
                answer = self.count_partner(transport, secret)
                self.assertEqual(len(self.rows()), before + 1)
                self.assertRefused(answer, NOT_VALID, transport, reason, key)
        for transport in RPC:
            self.assertIs(self.authenticate_by(transport, secret), False)
            row = self.rows()[-1]
            self.assertEqual(row["outcome"], "denied")
            self.assertEqual(row["method"], "authenticate")

    # -- accepted

    def test_scoped_key(self):
        secret = self.issue(READ_PARTNERS)
        for transport in TRANSPORTS:
            before = len(self.rows())
            for _repeat in range(2):
                answer = self.count_partner(transport, secret)
                self.assertEqual(answer.result, 1, answer.text)
            rows = self.rows()[before:]
            self.assertEqual(len({row["call_ref"] for row in rows}), 2)
            for row in rows:
                self.assertEqual(
                    (row["outcome"], row["apikey_name"], row["scope_name"]),
                    ("allowed", "n8n", "Enrichment"),
                )
                self.assertEqual(row["transport"], LOGGED_AS[transport])
                self.assertEqual(row["user_ref"], self.user_id)
                self.assertEqual(row["user_login"], "integration")
                self.assertEqual(row["remote_addr"], "127.0.0.1")
                self.assertEqual(
                    (row["model"], row["method"]), ("res.partner", "search_count")
                )
                self.assertGreater(row["duration_ms"], 0)

    def test_unscoped_key(self):
        secret = self.issue_unscoped()
        for transport in TRANSPORTS:
            answer = self.count_partner(transport, secret)
            self.assertEqual(answer.result, 1, answer.text)
            row = self.rows()[-1]
            self.assertEqual(row["outcome"], "allowed")
            self.assertEqual(row["apikey_name"], "n8n")
            self.assertIsNone(row["scope_name"])

    def test_authenticate(self):
        for secret in (self.issue(READ_PARTNERS), self.issue_unscoped()):
            for transport in RPC:
                self.assertEqual(self.authenticate_by(transport, secret), self.user_id)
                row = self.rows()[-1]
                self.assertEqual(row["outcome"], "allowed")
                self.assertEqual(row["apikey_name"], "n8n")
                self.assertEqual(row["method"], "authenticate")
                self.assertIsNone(row["model"])

    def test_login(self):
        secret = self.issue(READ_PARTNERS)
        answer = self.jsonrpc("common", "login", [self.db, "integration", secret])
        self.assertEqual(answer.result, self.user_id)
        row = self.one_row()
        self.assertEqual((row["method"], row["outcome"]), ("login", "allowed"))
        self.assertIsNone(row["model"])

    def test_password(self):
        with self.committing() as env:
            env["res.users"].browse(self.user_id).password = "s3cret-pass"
        for transport in RPC:
            answer = self.count_partner(transport, "s3cret-pass")
            self.assertEqual(answer.result, 1, answer.text)
            row = self.rows()[-1]
            self.assertEqual(row["outcome"], "allowed")
            self.assertIsNone(row["apikey_ref"])
            self.assertEqual(row["user_login"], "integration")

    def test_keys_with_the_same_index(self):
        scoped, unscoped = self.issue(READ_PARTNERS), self.issue_unscoped()
        with self.committing() as env:
            env.cr.execute(
                "UPDATE res_users_apikeys SET index = 'abcdef00' WHERE index IN %s",
                [(scoped[:8], unscoped[:8])],
            )
        with self.committing() as env:
            from odoo.addons.base.models.res_users import KEY_CRYPT_CONTEXT

            for secret in (scoped, unscoped):
                env.cr.execute(
                    "UPDATE res_users_apikeys SET key = %s"
                    " WHERE index = 'abcdef00' AND (scope_id IS NOT NULL) = %s",
                    [
                        KEY_CRYPT_CONTEXT.hash("abcdef00" + secret[8:]),
                        secret == scoped,
                    ],
                )
                self.assertEqual(env.cr.rowcount, 1)
        for transport in TRANSPORTS:
            for secret, scope in ((scoped, "Enrichment"), (unscoped, None)):
                answer = self.count_partner(transport, "abcdef00" + secret[8:])
                self.assertEqual(answer.result, 1, answer.text)
                self.assertEqual(self.rows()[-1]["scope_name"], scope)

    # -- not valid at all

    def test_expired(self):
        for secret in (self.issue(READ_PARTNERS), self.issue_unscoped()):
            for transport in TRANSPORTS:
                self.assertEqual(self.count_partner(transport, secret).result, 1)
            self.change_key(secret, "expiration_date = now() at time zone 'utc'")
            self.assertNotValid(secret, "The key has expired.")

    def test_suspended_and_resumed(self):
        secret = self.issue(READ_PARTNERS)
        self.assertEqual(self.count_partner("xmlrpc2", secret).result, 1)
        self.change_key(secret, "suspended = true")
        self.assertNotValid(secret, "The key is suspended.")
        self.change_key(secret, "suspended = false")
        for transport in TRANSPORTS:
            self.assertEqual(self.count_partner(transport, secret).result, 1)

    def test_suspended_unscoped(self):
        secret = self.issue_unscoped()
        self.change_key(secret, "suspended = true")
        self.assertNotValid(secret, "The key is suspended.")

    def test_removed(self):
        for secret in (self.issue(READ_PARTNERS), self.issue_unscoped()):
            for transport in TRANSPORTS:
                self.assertEqual(self.count_partner(transport, secret).result, 1)
            with self.committing() as env:
                env.cr.execute(
                    "DELETE FROM res_users_apikeys WHERE index = %s", [secret[:8]]
                )
            for transport in TRANSPORTS:
                answer = self.count_partner(transport, secret)
                self.assertEqual(answer.code, NOT_VALID[transport], answer.text)
                row = self.rows()[-1]
                self.assertEqual(row["outcome"], "denied")
                self.assertIsNone(row["apikey_ref"])
                self.assertIsNone(row["user_login"])

    def test_archived_user(self):
        with self.committing() as env:
            user = self.make(make_user(env, "leaver", "base.group_user"))
        for secret in (
            self.issue(READ_PARTNERS, user_id=user.id),
            self.issue_unscoped(user.id),
        ):
            with self.committing() as env:
                env["res.users"].browse(user.id).active = False
            self.assertNotValid(secret, "The user of the key is archived.")
            with self.committing() as env:
                env["res.users"].browse(user.id).active = True

    def test_dangling_scope(self):
        secret = self.issue(READ_PARTNERS)
        self.change_key(secret, "scope_id = NULL")
        self.assertNotValid(secret, "The scope of the key is gone.")

    def test_superuser(self):
        secret = self.issue(READ_PARTNERS)
        self.change_key(secret, f"user_id = {SUPERUSER_ID}")
        # OdooBot is archived; the reason must hold for one who is not.
        with self.committing() as env:
            env.cr.execute("UPDATE res_users SET active = true WHERE id = 1")
        self.addCleanup(self._archive_superuser)
        self.assertNotValid(secret, "A scope cannot limit the superuser.")

    def _archive_superuser(self):
        with self.committing() as env:
            env.cr.execute("UPDATE res_users SET active = false WHERE id = 1")

    def test_unknown_secret(self):
        for transport in TRANSPORTS:
            answer = self.count_partner(transport, "0" * 40)
            self.assertEqual(answer.code, NOT_VALID[transport], answer.text)
            row = self.rows()[-1]
            self.assertEqual(row["outcome"], "denied")
            self.assertIsNone(row["apikey_ref"])
            self.assertIsNone(row["user_ref"])
            self.assertIsNone(row["user_login"])
            self.assertNotIn("0" * 40, str(row))

    def test_refused_login_is_in_the_reason_only(self):
        for transport in RPC:
            self.assertIs(self.authenticate_by(transport, "nonsense", "eve"), False)
            row = self.rows()[-1]
            self.assertEqual(row["outcome"], "denied")
            self.assertIsNone(row["user_login"])
            self.assertIsNone(row["apikey_ref"])
            self.assertIn('"eve"', row["reason"])
            self.assertNotIn("nonsense", str(row))

    def test_key_of_another_user(self):
        with self.committing() as env:
            other = self.make(make_user(env, "other", "base.group_user"))
        secret = self.issue(READ_PARTNERS, user_id=other.id)
        for transport in RPC:
            answer = self.count_partner(transport, secret)
            self.assertEqual(answer.code, NOT_VALID[transport])
            self.assertEqual(self.rows()[-1]["outcome"], "denied")
            self.assertEqual(
                self.rows()[-1]["reason"], "The key belongs to another user."
            )

    def test_other_stock_scope(self):
        """A key for another door opens none of ours."""
        secret = self.issue_unscoped()
        self.change_key(secret, "scope = 'odoo.plugin.outlook'")
        for transport in TRANSPORTS:
            answer = self.count_partner(transport, secret)
            self.assertEqual(answer.code, NOT_VALID[transport])

    # -- not here, not now

    def test_network(self):
        secret = self.issue(READ_PARTNERS, networks="203.0.113.0/24")
        sentence = (
            'Key "n8n" (scope "Enrichment") is not accepted from 127.0.0.1: the address'
            " is in none of its networks."
        )
        for transport in TRANSPORTS:
            answer = self.count_partner(transport, secret)
            self.assertRefused(answer, NOT_HERE, transport, sentence)
            if transport != "xmlrpc1":  # its fault is the bare name
                self.assertIn(sentence, answer.message)
        for transport in RPC:
            self.assertIs(self.authenticate_by(transport, secret), False)
            self.assertEqual(self.rows()[-1]["reason"], sentence)

    def test_network_it_comes_from(self):
        secret = self.issue(READ_PARTNERS, networks="203.0.113.0/24\n127.0.0.0/8")
        for transport in TRANSPORTS:
            self.assertEqual(self.count_partner(transport, secret).result, 1)

    def _window(self, days):
        day = (datetime.now(timezone.utc) + timedelta(days=days)).weekday()
        values = {"dayofweek": str(day), "hour_from": 0, "hour_to": 24}
        return Command.create(values)

    def test_window(self):
        secret = self.issue(READ_PARTNERS, window_ids=[self._window(3)])
        sentence = (
            'Key "n8n" (scope "Enrichment") is not accepted now: it is outside the hours'
            " of its scope."
        )
        for transport in TRANSPORTS:
            answer = self.count_partner(transport, secret)
            self.assertRefused(answer, NOT_HERE, transport, sentence)
            if transport != "xmlrpc1":
                self.assertIn(sentence, answer.message)
        for transport in RPC:
            self.assertIs(self.authenticate_by(transport, secret), False)

    def test_window_that_is_open(self):
        around_now = [self._window(-1), self._window(0), self._window(1)]
        secret = self.issue(READ_PARTNERS, window_ids=around_now)
        for transport in TRANSPORTS:
            self.assertEqual(self.count_partner(transport, secret).result, 1)

    # -- authenticate takes nothing but the credential

    def test_base_url_is_not_rewritten(self):
        with self.committing() as env:
            admin_id = env.ref("base.user_admin").id
            parameters = env["ir.config_parameter"]
            parameters.set_param("web.base.url.freeze", False)
            url = parameters.get_param("web.base.url")
        for secret in (
            self.issue(READ_PARTNERS, user_id=admin_id),
            self.issue_unscoped(admin_id),
        ):
            for transport in RPC:
                uid = self.authenticate_by(
                    transport, secret, "admin", {"base_location": "http://evil"}
                )
                self.assertEqual(uid, admin_id)
                with self.committing() as env:
                    parameters = env["ir.config_parameter"]
                    self.assertEqual(parameters.get_param("web.base.url"), url)

    # -- other bearer routes

    @mute_logger("odoo.http")
    def test_other_route(self):
        """A scoped key opens no bearer route but /json/2."""
        path = "/json/1/res.partner"
        secret = self.issue(READ_PARTNERS)
        answer = self.url_open(path, headers={"Authorization": f"bearer {secret}"})
        self.assertEqual(answer.status_code, 403)
        row = self.one_row()
        self.assertEqual((row["transport"], row["outcome"]), ("http", "denied"))
        self.assertEqual(row["method"], path)
        self.assertEqual(
            row["reason"],
            f'Key "n8n" (scope "Enrichment") may not call {path}: its scope does not name'
            " this route.",
        )

    def test_other_route_unscoped(self):
        with self.committing() as env:
            secret = self.issue_unscoped(env.ref("base.user_admin").id)
        answer = self.url_open(
            "/doc-bearer/index.json", headers={"Authorization": f"bearer {secret}"}
        )
        self.assertEqual(answer.status_code, 200)
        row = self.one_row()
        self.assertEqual((row["transport"], row["outcome"]), ("http", "allowed"))
        self.assertEqual(row["apikey_name"], "n8n")
