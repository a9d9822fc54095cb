# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a call is, and the log of calls: written once, altered by nobody."""

from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import SQL

from ..call import IDS_SHOWN, Call, make_ref, moment_of, show_ids
from ..rooms.identify import identify_key, identify_user
from .common import ScopedCase, calls, events, make_key, make_user

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

    def test_a_reference_begins_with_its_time(self):
        for moment in (
            datetime(2026, 11, 28, 12, 0, 0, 1),
            datetime(1970, 1, 1),
            datetime(2999, 12, 31, 23, 59, 59, 999999),
        ):
            refs = {make_ref(moment) for _time in range(50)}
            self.assertEqual(len(refs), 50)
            for ref in refs:
                self.assertRegex(ref, "^[0-9a-f]{32}$")
                self.assertLessEqual(
                    abs(moment_of(ref) - moment), timedelta(milliseconds=1)
                )

    def test_what_is_no_reference_has_no_time(self):
        for value in (None, "", 7, "0" * 32, "x" * 32, "f" * 32, b"\0", [], "tour"):
            self.assertIsNone(moment_of(value))

    def test_a_call_is_found_by_its_reference(self):
        """In the week that the reference says, and whatever else is looked for."""
        old = Call("db", "xmlrpc", None, "x", "old")
        old.called_at = datetime(2020, 2, 2)
        old.ref = make_ref(old.called_at)
        new = Call("db", "xmlrpc", None, "x", "new")
        log = self.env["apikey.call"]
        for call in (old, new):
            log._insert(call.row("allowed", None))
        for domain, methods in (
            ([("call_ref", "=", old.ref)], ["old"]),
            ([("call_ref", "in", [old.ref, new.ref])], ["new", "old"]),
            ([("call_ref", "=", old.ref[:-1])], []),
            ([("call_ref", "!=", old.ref), ("model", "=", "x")], ["new"]),
            ([("call_ref", "=", new.ref), ("method", "=", "old")], []),
            (["|", ("call_ref", "=", new.ref), ("method", "=", "old")], ["new", "old"]),
        ):
            with self.subTest(domain):
                self.assertEqual(log.search(domain).mapped("method"), methods)
        plan = "\n".join(
            line
            for (line,) in self.env.execute_query(
                SQL(
                    "EXPLAIN %s",
                    log._search([("call_ref", "=", old.ref)]).select(),
                )
            )
        )
        self.assertIn("apikey_call_2020w05", plan)
        self.assertNotIn("2026", plan)

    def test_rows_of_reads_that_do_not_wait(self):
        """Only where the transaction has changed nothing: what it did would be lost, too."""
        row = Call("db", "xmlrpc", None, "x", "lazy").row("allowed", None)
        for writes, waits, expected in (
            (False, True, "on"),
            (False, False, "off"),
            (True, False, "on"),
        ):
            with self.subTest(writes=writes, waits=waits), self.registry.cursor() as cr:
                cr.execute("SET LOCAL synchronous_commit = on")
                if writes:
                    cr.execute("UPDATE res_partner SET id = id WHERE id = 1")
                self.env(cr=cr)["apikey.call"]._insert(row, waits_for_disk=waits)
                cr.execute("SHOW synchronous_commit")
                self.assertEqual(cr.fetchone(), (expected,))
                cr.execute("SHOW lock_timeout")
                self.assertEqual(cr.fetchone(), ("0",))
                cr.rollback()

    def test_what_an_administrator_wants_of_rows(self):
        """The scope says, or the setting does; what is not understood is the stricter."""
        parameters = self.env["ir.config_parameter"]
        for setting, of_scope, expected in (
            (False, False, False),
            ("serve", False, True),
            ("serve", "refuse", False),
            ("refuse", "serve", True),
            ("nonsense", False, False),
        ):
            with self.subTest(setting=setting, scope=of_scope):
                parameters.set_param("scoped_apikey.on_log_failure", setting)
                scope = self.scope(on_log_failure=of_scope)
                call = Call(self.env.cr.dbname, "xmlrpc", None)
                identify_key(self.env, call, make_key(self.env, self.user, scope))
                self.assertTrue(call.identified)
                self.assertEqual(call.goes_unrecorded, expected)
                stock = Call(self.env.cr.dbname, "xmlrpc", None)
                identify_key(self.env, stock, make_key(self.env, self.user, None))
                self.assertEqual(stock.goes_unrecorded, setting == "serve")
        for setting, waits in (
            (False, True),
            ("lazy", False),
            ("x", True),
            ("wait", True),
        ):
            parameters.set_param("scoped_apikey.read_rows", setting)
            call = Call(self.env.cr.dbname, "xmlrpc", None)
            identify_user(self.env, call, self.user.id)
            self.assertEqual(call.reads_wait, waits)

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
