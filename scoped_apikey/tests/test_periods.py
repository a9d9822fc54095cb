# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The weeks of the logs: none is ever missing, and retention drops them whole."""

import json
import threading
import time
from datetime import datetime, timedelta
from unittest.mock import patch

import psycopg2
from odoo.tests import tagged
from odoo.tools import mute_logger

from .. import sealing
from ..call import Call
from ..ledger import connections, tables, verifier
from ..ledger.periods import Period
from ..ledger.verifier import Purge
from .test_seals import LedgerCase

NOW = datetime(2026, 11, 28, 12)  # a Saturday


@tagged("post_install", "-at_install", "scoped_apikey")
class TestPeriods(LedgerCase):
    def tearDown(self):
        super().tearDown()
        with sealing.environment(self.db) as env:
            env["ir.config_parameter"].set_param("scoped_apikey.retention_days", False)

    def write_at(self, moment, method="at"):
        call = Call(self.db, "json2", None, "x.old", method, called_at=moment)
        sealing.write_apart(self.db, call.row("allowed", None))
        return call.ref

    def has(self, ref):
        with sealing.environment(self.db) as env:
            env.cr.execute("SELECT 1 FROM apikey_call WHERE call_ref = %s", [ref])
            return env.cr.rowcount == 1

    def weeks(self, log="apikey_call"):
        with connections.upkeep.cursor(self.db) as cr:
            return tables.periods(cr, log)

    # -- none missing

    def test_a_row_of_any_time_has_a_week(self):
        for moment in (
            datetime(1999, 12, 31, 23, 59, 59, 999999),
            datetime(2039, 1, 3),
            datetime(2015, 12, 31, 12),  # in the 53rd week
        ):
            with self.subTest(moment):
                self.assertTrue(self.has(self.write_at(moment)))
                self.assertIn(Period.of(moment), self.weeks())
        self.verify()

    def test_weeks_are_made_ahead(self):
        for log in ("apikey.call", "apikey.history", "apikey.seal"):
            ahead = Period.of(datetime.utcnow() + timedelta(weeks=8))
            table = self.env[log]._table
            with connections.upkeep.cursor(self.db) as cr:
                cr.execute(f"DROP TABLE IF EXISTS {ahead.table(table)}")
            tables.forget(self.db)
            self.vacuum()
            self.assertIn(ahead, self.weeks(table))

    def test_two_who_make_the_same_week(self):
        moment = datetime(2031, 5, 5)
        refs = []
        together = threading.Barrier(2)

        def write():
            together.wait(10)
            refs.append(self.write_at(moment))

        threads = [threading.Thread(target=write) for _each in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        self.assertEqual([self.has(ref) for ref in refs], [True, True])

    def test_nobody_waits_for_a_week_that_is_made(self):
        """Neither who has written and not committed, nor who reads, holds it up."""
        row = Call(self.db, "json2", None, "x", "open").row("allowed", None)
        with self.env.registry.cursor() as writer, self.env.registry.cursor() as reader:
            self.env(cr=writer)["apikey.call"]._insert(row)
            reader.execute("SELECT count(*) FROM apikey_call")
            began = time.monotonic()
            self.assertTrue(self.has(self.write_at(datetime(2032, 5, 5))))
            self.assertLess(time.monotonic() - began, tables_timeout())
            writer.rollback()

    def test_a_week_that_somebody_took_away(self):
        """The process that knew it fails once, and makes it again."""
        moment = datetime(2033, 5, 5)
        self.write_at(moment)
        with connections.upkeep.cursor(self.db) as cr:
            cr.execute(f"DROP TABLE {Period.of(moment).table('apikey_call')}")
        with self.assertRaises(psycopg2.errors.CheckViolation):
            self.write_at(moment)
        tables.forget(self.db)
        self.assertTrue(self.has(self.write_at(moment)))

    def vacuum(self):
        for log in ("apikey.call", "apikey.history", "apikey.seal"):
            with self.env.registry.cursor() as cr:
                self.env(cr=cr)[log]._gc_log()

    # -- retention

    def retain(self, days):
        with sealing.environment(self.db) as env:
            env["ir.config_parameter"].set_param("scoped_apikey.retention_days", days)
        self.vacuum()

    def test_retention(self):
        now = datetime.utcnow()
        ages = (0, 20, 29, 38, 400)
        refs = {age: self.write_at(now - timedelta(days=age)) for age in ages}
        for days, left in (
            ("0", ages),
            ("nonsense", ages),
            (False, (0, 20, 29, 38)),
            ("30", (0, 20, 29)),
        ):
            with self.subTest(days):
                self.retain(days)
                self.assertEqual(
                    [age for age in ages if self.has(refs[age])], list(left)
                )
        # What is gone is on record, and nothing is missing.
        gone = Period.of(now - timedelta(days=400))
        with sealing.environment(self.db) as env:
            env.cr.execute(
                "SELECT before FROM apikey_history WHERE event = 'purged'"
                " AND subject_name = %s ORDER BY id DESC LIMIT 1",
                [gone.table("apikey_call")],
            )
            [before] = env.cr.fetchone()
        self.assertEqual(json.loads(before)["week"], gone.name)
        self.assertEqual(json.loads(before)["log"], "apikey_call")
        self.verify()

    def test_what_retention_removes_is_sealed_and_counted(self):
        moment = datetime.utcnow() - timedelta(days=500)
        for _row in range(3):
            self.write_at(moment)
        self.seal()
        week = Period.of(moment)
        self.retain("30")
        report = self.verify()
        purged = [(one.log, one.period) for one in report.purged]
        self.assertIn(("apikey_call", week.name), purged)
        with sealing.environment(self.db) as env:
            env.cr.execute(
                "SELECT before FROM apikey_history WHERE subject_name = %s"
                " ORDER BY id DESC LIMIT 1",
                [week.table("apikey_call")],
            )
            self.assertEqual(json.loads(env.cr.fetchone()[0])["rows"], 3)

    def test_to_within_a_week(self):
        for hours in range(0, 24 * 21, 5):
            now = NOW + timedelta(hours=hours)
            limit = now - timedelta(days=30)
            for age in range(60):
                moment = now - timedelta(days=age)
                if Period.of(moment).end <= limit:
                    self.assertGreaterEqual(age, 30)
                else:
                    self.assertLessEqual(age, 37)

    def test_nobody_waits_for_a_week_that_is_dropped(self):
        """Somebody reads for hours: then it is dropped another day, and calls go on."""
        old = datetime.utcnow() - timedelta(days=600)
        ref = self.write_at(old)
        with (
            self.env.registry.cursor() as reader,
            patch.object(tables, "DROP_TRIES", 5),
            patch.object(tables, "DROP_PAUSE", 0),
        ):
            reader.execute("SELECT count(*) FROM apikey_call")
            self.retain("30")
            self.assertTrue(self.has(ref))
            self.assertTrue(self.has(self.write_at(datetime.utcnow())))
        self.retain("30")
        self.assertFalse(self.has(ref))

    def test_a_week_that_is_there_again(self):
        """A clock was wrong, or a call took longer than rows are kept."""
        moment = datetime.utcnow() - timedelta(days=800)
        gone = self.write_at(moment)
        self.seal()
        self.retain("30")
        self.assertFalse(self.has(gone))
        again = self.write_at(moment)
        self.assertTrue(self.has(again))
        report = self.verify()
        self.assertIn(Period.of(moment).name, [one.period for one in report.purged])
        with self.tampering() as cr:
            cr.execute("DELETE FROM apikey_call WHERE call_ref = %s", [again])
            [finding] = self.findings(cr)
        self.assertEqual(finding[:3], ("row", "missing", "apikey_call"))

    def test_retention_while_somebody_verifies(self):
        """A verification sees what was there when it began, or what is there now."""
        self.write_at(datetime.utcnow() - timedelta(days=700))
        self.retain("0")
        self.seal()
        with sealing.environment(self.db) as env:
            env["ir.config_parameter"].set_param("scoped_apikey.retention_days", "30")

        def meanwhile():
            self.vacuum()
            yield from ()

        with patch.object(tables, "DROP_TRIES", 2):
            self.verify(meanwhile())
        self.retain("30")
        self.verify()

    def test_the_chain_goes_on_where_seals_were_removed_on_record(self):
        self.write_rows("one")
        [*_others, first] = self.seal()
        self.write_rows("two")
        self.seal()
        with self.tampering() as cr:
            cr.execute("DELETE FROM apikey_seal WHERE number <= %s", [first.number])
            for purges, expected in (
                ([], [first.number]),
                ([Purge("apikey_seal", "2020w01", first.number, first.digest)], []),
                ([Purge("apikey_seal", "2020w01", first.number, "x")], [first.number]),
            ):
                report = verifier.Report()
                verifier._verify_chain(cr, purges, report)
                self.assertEqual([one.ref for one in report.findings], expected)

    # -- a pool of its own

    def test_pools_of_their_own(self):
        """However many rows are written apart, and whatever takes long beside them, calls
        keep their connections, and rows keep theirs.
        """
        with (
            connections.rows.cursor(self.db),
            connections.rows.cursor(self.db),
            patch.object(connections, "WAIT", 0.1),
            self.env.registry.cursor() as served,
        ):
            with self.assertRaises(psycopg2.OperationalError):
                self.write_rows("too many")
            served.execute("SELECT 1")
            self.verify()
        with (
            connections.upkeep.cursor(self.db),
            connections.upkeep.cursor(self.db),
            connections.upkeep.cursor(self.db),
        ):
            self.write_at(datetime.utcnow())

    def test_a_locked_log(self):
        """Whoever has locked it away does not stop the server: the call is refused."""
        row = Call(self.db, "json2", None, "x", "locked").row("allowed", None)
        with self.env.registry.cursor() as owner:
            owner.execute("LOCK TABLE apikey_call")
            began = time.monotonic()
            with (
                self.env.registry.cursor() as cr,
                self.assertRaises(psycopg2.errors.LockNotAvailable),
                mute_logger("odoo.sql_db"),
            ):
                self.env(cr=cr)["apikey.call"]._insert(row)
            self.assertLess(time.monotonic() - began, 6)


def tables_timeout():
    return float(tables.LOCK_TIMEOUT.removesuffix("s"))
