# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How keys are used: the summary that sealing makes, and what the screens read off it."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Datetime
from odoo.tests import tagged

from .. import sealing
from ..call import Call, Key
from .common import ScopedCase, events, make_key, make_user, stamped
from .test_seals import LedgerCase

NEVER_USED = [("last_used_at", "=", False)]
USED = [("last_used_at", "!=", False)]


@tagged("post_install", "-at_install", "scoped_apikey")
class TestCounting(LedgerCase):
    """Of keys that never were: their rows stay for good."""

    def setUp(self):
        super().setUp()
        with sealing.environment(self.db) as env:
            env.cr.execute("SELECT nextval('apikey_call_id_seq')")
            self.key_id = 1_000_000_000 + env.cr.fetchone()[0]
        self.addCleanup(self._remove)

    def _remove(self):
        with sealing.environment(self.db) as env:
            env["apikey.usage"].search([("apikey_ref", "=", self.key_id)]).unlink()

    def call(self, address="192.0.2.1", outcome="allowed", name="n8n", call=None):
        call = call or Call(self.db, "json2", address, "res.partner", "read")
        call.identify(
            2, "admin", Key(self.key_id, name, 2, "admin", True, 1, "Scope", 1)
        )
        sealing.write_apart(self.db, call.row(outcome, None))
        return call

    def usage(self):
        with sealing.environment(self.db) as env:
            rows = env["apikey.usage"].search(
                [("apikey_ref", "=", self.key_id)], order="remote_addr"
            )
            return rows.read(
                [
                    "remote_addr",
                    "apikey_name",
                    "first_at",
                    "last_at",
                    "calls",
                    "refusals",
                ]
            )

    def of_key(self):
        with sealing.environment(self.db) as env:
            keys = env["res.users.apikeys"].browse(self.key_id)
            return env["apikey.usage"]._of_keys(keys).get(self.key_id)

    def test_sealing_counts(self):
        self.assertIsNone(self.of_key())
        first = self.call()
        self.call(outcome="denied")
        other = self.call("192.0.2.2", outcome="error")
        self.assertEqual(self.usage(), [], "they are not sealed yet")
        before = self.of_key()
        self.assertEqual(before, (other.called_at, 3, 1))
        self.seal()
        one, two = self.usage()
        self.assertEqual((one["calls"], one["refusals"]), (2, 1))
        self.assertEqual(one["first_at"], first.called_at)
        self.assertEqual((two["calls"], two["refusals"]), (1, 0))
        self.assertEqual(self.of_key(), before, "sealed or not, it is the same")

        last = self.call(outcome="denied", name="n8n, renamed")
        self.assertEqual(self.of_key(), (last.called_at, 4, 2))
        self.seal()
        one, two = self.usage()
        self.assertEqual((one["calls"], one["refusals"]), (3, 2))
        self.assertEqual(one["apikey_name"], "n8n, renamed")
        self.assertEqual(one["last_at"], last.called_at)
        self.assertEqual(self.of_key(), (last.called_at, 4, 2))

    def test_two_rows_of_one_call_are_one_call(self):
        """A call that commits half-way, and then fails, has two."""
        call = self.call()
        self.call(outcome="error", call=call)
        self.assertEqual(self.of_key()[1], 1)
        self.seal()
        self.assertEqual(self.of_key()[1], 1)

    def test_a_call_without_an_address(self):
        self.call(None)
        self.seal()
        [row] = self.usage()
        self.assertFalse(row["remote_addr"])
        with sealing.environment(self.db) as env:
            usage = env["apikey.usage"].search([("apikey_ref", "=", self.key_id)])
            action = usage.action_calls()
            self.assertEqual(env["apikey.call"].search_count(action["domain"]), 1)

    def test_calls_from_a_new_address(self):
        def found(*domain):
            with sealing.environment(self.db) as env:
                return (
                    env["apikey.call"]
                    .search([("apikey_ref", "=", self.key_id), *domain], order="id")
                    .mapped("remote_addr")
                )

        new = ("from_new_address", "=", True)
        known = ("from_new_address", "=", False)
        self.call("192.0.2.1")
        self.seal()
        self.assertEqual(found(new), [], "the first address of a key is none")
        self.call("192.0.2.2")
        self.assertEqual(found(new), [], "it is not sealed yet")
        self.seal()
        self.call("192.0.2.2")
        self.assertEqual(found(new), ["192.0.2.2"] * 2)
        self.assertEqual(found(known), ["192.0.2.1"])
        with sealing.environment(self.db) as env:
            env.cr.execute(
                "UPDATE apikey_usage SET first_at = first_at - interval '25 hours'"
                " WHERE apikey_ref = %s",
                [self.key_id],
            )
        self.assertEqual(found(new), [], "it is known for a day")

    def test_a_summary_goes_with_the_calls(self):
        self.call("192.0.2.1")
        self.call("192.0.2.2")
        self.seal()
        with sealing.environment(self.db) as env:
            env.cr.execute(
                "UPDATE apikey_usage SET last_at = last_at - interval '400 days',"
                " first_at = first_at - interval '400 days'"
                " WHERE apikey_ref = %s AND remote_addr = '192.0.2.1'",
                [self.key_id],
            )
            parameters = env["ir.config_parameter"]
            ours = [("apikey_ref", "=", self.key_id)]
            for days, left in (("0", 2), ("401", 2), ("365", 1)):
                parameters.set_param("scoped_apikey.retention_days", days)
                env["apikey.usage"]._gc_usage()
                usage = env["apikey.usage"].search(ours)
                self.assertEqual(len(usage), left, days)
            self.assertEqual(usage.remote_addr, "192.0.2.2")
            env.cr.rollback()


@tagged("post_install", "-at_install", "scoped_apikey")
class TestKeysInUse(ScopedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = make_user(cls.env, "auditor", "scoped_apikey.group_auditor")

    def used(self, key, outcome="allowed"):
        call = self.call_with(key, "res.partner", "read", "192.0.2.7")
        self.env["apikey.call"]._insert(call.row(outcome, None))
        self.env.invalidate_all()
        return call

    def test_never_used(self):
        scope = self.scope()
        idle, busy = self.key(scope), self.key(scope, name="busy")
        both = idle | busy

        def found(domain):
            keys = self.env["res.users.apikeys"].with_user(self.auditor)
            return keys.search([("id", "in", both.ids), *domain])

        self.assertEqual(found(NEVER_USED), both)
        call = self.used(busy, "denied")
        self.assertEqual(found(NEVER_USED), idle)
        self.assertEqual(found(USED), busy)
        read = busy.with_user(self.auditor)
        self.assertEqual(
            (read.last_used_at, read.call_count, read.refusal_count),
            (call.called_at, 1, 1),
        )
        self.assertEqual((idle.last_used_at, idle.call_count), (False, 0))

    def test_buttons(self):
        scope = self.scope()
        key, other = self.key(scope), self.key(scope, name="other")
        self.used(key)
        self.used(other)
        calls = self.env["apikey.call"].with_user(self.auditor)
        action = key.with_user(self.auditor).action_calls()
        # Rows of an earlier key of that id may be there for good.
        found = calls.search(action["domain"]).mapped("apikey_ref")
        self.assertEqual(set(found), {key.id})
        action = scope.with_user(self.auditor).action_calls()
        found = calls.search(action["domain"]).mapped("apikey_ref")
        self.assertLessEqual({key.id, other.id}, set(found))
        self.env["apikey.usage"].create(
            {
                "apikey_ref": key.id,
                "remote_addr": "192.0.2.7",
                "first_at": Datetime.now(),
                "last_at": Datetime.now(),
            }
        )
        action = key.with_user(self.auditor).action_addresses()
        usage = self.env["apikey.usage"].with_user(self.auditor)
        usage = usage.search(action["domain"])
        self.assertEqual(usage.remote_addr, "192.0.2.7")
        domain = usage.action_calls()["domain"]
        self.assertEqual(set(calls.search(domain).mapped("apikey_ref")), {key.id})

    def test_nobody_writes_a_summary(self):
        row = self.env["apikey.usage"].create(
            {"apikey_ref": 1, "first_at": Datetime.now(), "last_at": Datetime.now()}
        )
        for user in (self.admin, self.auditor):
            with self.assertRaises(AccessError):
                row.with_user(user).write({"calls": 0})
            with self.assertRaises(AccessError):
                row.with_user(user).unlink()
            with self.assertRaises(AccessError):
                row.with_user(user).copy()
        key = self.key(self.scope(), self.admin)
        with stamped(self.call_with(key)), self.assertRaises(AccessError):
            row.sudo().write({"calls": 0})


@tagged("post_install", "-at_install", "scoped_apikey")
class TestExpiredKeys(ScopedCase):
    def expired(self, scope, **ago):
        """Issue a key that expired some time ago. :return: its secret and its row"""
        secret = make_key(self.env, self.user, scope)
        key = self.keys.browse(self.keys._find_by_secret(secret).key.id)
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET expiration_date = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(**ago), key.id],
        )
        key.invalidate_recordset()
        return secret, key

    def removals(self, key):
        return events(self.env, "subject_ref = %s AND event = 'removed'", key.id)

    def test_a_scoped_one_is_kept_for_90_days(self):
        scope = self.scope()
        secret, kept = self.expired(scope, days=89)
        _secret, gone = self.expired(scope, days=91)
        never = self.key(scope)
        self.keys._gc_user_apikeys()
        self.assertEqual((kept | gone | never).exists(), kept | never)
        proven = self.keys._find_by_secret(secret)
        self.assertTrue(proven.expired)
        self.assertEqual(proven.key.id, kept.id, "whose a refused call is, is known")
        self.assertFalse(self.removals(kept))
        [removal] = self.removals(gone)
        self.assertIn("n8n", removal["before"])

    def test_others_go_as_they_do_in_stock(self):
        _secret, gone = self.expired(None, minutes=1)
        _secret, suspended = self.expired(None, minutes=1)
        suspended._suspend()
        _secret, later = self.expired(None, minutes=-60)
        self.keys._gc_user_apikeys()
        self.assertEqual((gone | suspended | later).exists(), later)
        self.assertEqual(len(self.removals(gone)), 1)
        self.assertEqual(len(self.removals(suspended)), 1)
