# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a call is, and the log of calls: written once, altered by nobody."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..call import IDS_SHOWN, Call, show_ids
from .common import ScopedCase, calls, events, make_user

LOGS = ("apikey.call", "apikey.history")


@tagged("post_install", "-at_install", "scoped_apikey")
class TestCall(ScopedCase):
    def test_show_ids(self):
        self.assertIsNone(show_ids(()))
        self.assertEqual(show_ids((7,)), "7")
        self.assertEqual(show_ids((1, 2, 3)), "1, 2, 3")
        hundred = tuple(range(1, IDS_SHOWN + 1))
        self.assertEqual(IDS_SHOWN, 100)
        self.assertEqual(show_ids(hundred), ", ".join(map(str, hundred)))
        self.assertTrue(show_ids((*hundred, 101)).endswith("99, 100 and 1 more"))
        self.assertTrue(show_ids(tuple(range(10_000))).endswith("99 and 9900 more"))
        self.assertEqual(show_ids(("x" * 500,)), "x" * 20)

    def test_row_of_a_password_call(self):
        call = Call("db", "xmlrpc", "::1", "res.partner", "read", (1,))
        call.identify(5, "ada")
        row = call.row("allowed", None)
        self.assertIsNone(row["apikey_ref"])
        self.assertIsNone(row["apikey_name"])
        self.assertIsNone(row["scope_name"])
        self.assertEqual((row["user_ref"], row["user_login"]), (5, "ada"))

    def test_forgetting(self):
        call = self.call_with(self.key(self.scope()))
        call.refusal = "no"
        call.observe("yes")
        ref = call.ref
        call.forget_identity()
        self.assertEqual(
            (call.key, call.user_id, call.login, call.refusal, call.identified),
            (None, None, None, None, False),
        )
        self.assertEqual(call.observed, [])
        self.assertEqual(call.ref, ref)

    def test_ids_of_what_was_created(self):
        for method, called_on, result, created in (
            ("create", (), 5, (5,)),
            ("create", (), [5, 6], (5, 6)),
            ("copy", (4,), 5, (5,)),
            ("copy", (3, 4), [5, 6], (5, 6)),
            ("name_create", (), [5, "x"], (5,)),
            ("name_create", (), False, ()),
            ("load", (), {"ids": [5, 6], "messages": []}, (5, 6)),
            ("load", (), {"ids": False, "messages": ["x"]}, ()),
            ("web_save", (), [{"id": 5}], (5,)),
            ("web_save", (4,), [{"id": 4}], ()),
            ("search", (), [5], ()),
        ):
            with self.subTest(method=method, result=result):
                call = Call("db", "xmlrpc", None, "res.partner", method, called_on)
                call.granted = object()
                call.note_result(result)
                self.assertEqual(call.created, created)
                self.assertEqual(call.ids, called_on or created)


@tagged("post_install", "-at_install", "scoped_apikey")
class TestLog(ScopedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = make_user(cls.env, "auditor", "scoped_apikey.group_auditor")
        call = Call(cls.env.cr.dbname, "xmlrpc", "::1", "res.partner", "read", (1, 2))
        call.identify(cls.user.id, cls.user.login)
        cls.env["apikey.call"]._insert(call.row("allowed", None))
        cls.ref = call.ref
        cls.make_event()

    @classmethod
    def make_event(cls):
        cls.env["apikey.history"]._record("created", "scope", 1, "x", None, {"a": 1})

    def row(self, model, user=None):
        domain = [("call_ref", "=", self.ref)] if model == "apikey.call" else []
        return self.env[model].with_user(user or self.admin).search(domain, limit=1)

    def test_nobody_alters_a_row(self):
        for model in LOGS:
            before = calls(self.env), events(self.env)
            for records in (
                self.row(model),
                self.row(model, self.auditor),
                self.row(model).sudo(),
                self.env[model].browse(self.row(model).id),
            ):
                self.assertTrue(records)
                for method, arguments in (
                    ("create", [{}]),
                    ("create", [[{"call_ref": "x"}]]),
                    ("write", [{"outcome": "denied"}]),
                    ("write", [{}]),
                    ("unlink", []),
                    ("copy", []),
                ):
                    with self.subTest(model, user=records.env.user, method=method):
                        with self.assertRaises(AccessError) as caught:
                            getattr(records, method)(*arguments)
                        self.assertRegex(
                            str(caught.exception), "nobody changes them|not allowed"
                        )
            self.assertEqual((calls(self.env), events(self.env)), before)

    def test_field_assignment(self):
        row = self.row("apikey.call").sudo()
        with self.assertRaises(AccessError):
            row.outcome = "denied"
        self.env.invalidate_all()
        self.assertEqual(self.row("apikey.call").outcome, "allowed")

    def test_what_a_row_says(self):
        row = self.row("apikey.call", self.auditor)
        self.assertEqual(row.res_ids, "1, 2")
        self.assertEqual(row.user_id, self.user)
        self.assertEqual(row.user_login, "integration")
        self.assertEqual(row.transport, "xmlrpc")
        self.assertEqual(row.apikey_ref, 0)
        [stored] = calls(self.env, "call_ref = %s", self.ref)
        self.assertIsNone(stored["apikey_ref"])

    def test_searching_by_user(self):
        log = self.env["apikey.call"].with_user(self.admin)
        domain = [("call_ref", "=", self.ref)]
        for found, condition in (
            (True, ("user_id", "=", self.user.id)),
            (True, ("user_id", "in", [self.user.id, self.admin.id])),
            (False, ("user_id", "=", self.admin.id)),
            (False, ("user_id", "not in", [self.user.id])),
            (True, ("user_id.login", "=", "integration")),
            (True, ("user_id", "ilike", "Integration")),
            (False, ("user_id.login", "=", "admin")),
        ):
            with self.subTest(condition):
                self.assertEqual(bool(log.search(domain + [condition])), found)

    def test_rows_outlive_key_scope_and_user(self):
        user = make_user(self.env, "leaver", "base.group_user")
        scope = self.scope(name="Short-lived")
        key = self.key(scope, user)
        call = self.call_with(key, "res.partner", "read")
        self.env["apikey.call"]._insert(call.row("allowed", None))
        key_id, user_id = key.id, user.id
        key.unlink()
        scope.unlink()
        user.unlink()
        self.env.invalidate_all()
        row = self.env["apikey.call"].search([("call_ref", "=", call.ref)])
        self.assertEqual(row.apikey_ref, key_id)
        self.assertEqual(row.apikey_name, "n8n")
        self.assertEqual(row.scope_name, "Short-lived")
        self.assertEqual(row.user_ref, user_id)
        self.assertEqual(row.user_login, "leaver")
        self.assertFalse(row.user_id)

    def test_newest_first(self):
        now = fields.Datetime.now()
        refs = []
        for minutes in (3, 1, 2):
            call = Call(self.env.cr.dbname, "xmlrpc", None, "x.order", "read")
            call.called_at = now - timedelta(minutes=minutes)
            self.env["apikey.call"]._insert(call.row("allowed", None))
            refs.append(call.ref)
        found = self.env["apikey.call"].search([("model", "=", "x.order")])
        self.assertEqual(found.mapped("call_ref"), [refs[1], refs[2], refs[0]])

    def test_no_foreign_keys(self):
        self.env.cr.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid IN"
            " ('apikey_call'::regclass, 'apikey_history'::regclass)"
        )
        self.assertEqual(self.env.cr.fetchall(), [])

    def test_tables_are_partitioned(self):
        self.env.cr.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'p'"
            " AND relname IN ('apikey_call', 'apikey_history') ORDER BY 1"
        )
        self.assertEqual(
            self.env.cr.fetchall(), [("apikey_call",), ("apikey_history",)]
        )
