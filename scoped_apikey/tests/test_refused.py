# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Refused credentials are counted together, and none is lost on the way."""

from datetime import timedelta
from unittest.mock import patch

import psycopg2
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..call import Call
from ..rooms import refused
from .test_seals import LedgerCase


@tagged("post_install", "-at_install", "scoped_apikey")
class TestRefused(LedgerCase):
    def setUp(self):
        super().setUp()
        self.written = []
        self.startPatcher(patch.object(refused, "_minutes", {}))
        self.startPatcher(
            patch.object(
                refused, "write_apart", lambda db, row: self.written.append(row)
            )
        )
        self.startPatcher(patch.object(refused.timers, "soon", lambda *task: None))

    def refuse(
        self,
        address,
        count=1,
        ago=0,
        reason="The login “x” was refused.",
        outcome="denied",
    ):
        """Refuse credentials, and return how many of them have a row of their own."""
        rows = 0
        for _time in range(count):
            call = Call(self.db, "json2", address, "res.partner", "read")
            call.called_at -= timedelta(minutes=ago)
            rows += not refused.is_counted(self.db, call.row(outcome, reason))
        return rows

    def write_counts(self):
        refused.write_counts(self.db)
        return [(row["remote_addr"], row["call_count"]) for row in self.written]

    def test_the_first_few_have_rows(self):
        self.assertEqual(self.refuse("192.0.2.1", 12, ago=2), refused.ROWS_A_MINUTE)
        self.assertEqual(self.refuse("192.0.2.2", 2, ago=2), 2)
        self.assertEqual(self.write_counts(), [("192.0.2.1", 7)])
        self.assertIn("7 more calls with a refused", self.written[0]["reason"])
        self.assertIn("The login “x” was refused.", self.written[0]["reason"])

    def test_each_minute_is_counted_by_itself(self):
        self.refuse("192.0.2.1", 12, ago=3)
        self.refuse("192.0.2.1", 8, ago=2)
        self.assertEqual(self.write_counts(), [("192.0.2.1", 7), ("192.0.2.1", 3)])

    def test_a_minute_that_is_not_over_goes_on(self):
        call = Call(self.db, "json2", "192.0.2.1")
        call.called_at += timedelta(minutes=1)
        for _time in range(7):
            refused.is_counted(self.db, call.row("denied", "x"))
        self.assertEqual(self.write_counts(), [])
        self.assertTrue(refused.is_counted(self.db, call.row("denied", "x")))

    def test_a_server_that_is_stopped_keeps_its_counts(self):
        """Also of a minute that is not over, and of each of its databases."""
        self.refuse("192.0.2.1", 12)
        row = Call("another", "json2", "192.0.2.2").row("denied", "x")
        for _time in range(8):
            refused.is_counted("another", row)
        refused.write_all_counts()
        counts = [(row["remote_addr"], row["call_count"]) for row in self.written]
        self.assertCountEqual(counts, [("192.0.2.1", 7), ("192.0.2.2", 3)])
        self.assertEqual(refused._minutes, {})

    def test_a_network_of_ipv6_is_one_address(self):
        rows = [self.refuse(f"2001:db8::{number:x}", ago=2) for number in range(9)]
        self.assertEqual(sum(rows), refused.ROWS_A_MINUTE)
        self.assertEqual(self.refuse("2001:db8:0:1::1", ago=2), 1)

    def test_an_address_of_ipv4_in_ipv6(self):
        """A server that listens to both kinds sees all the world in one network."""
        rows = [self.refuse(f"::ffff:192.0.2.{number}", ago=2) for number in range(9)]
        self.assertEqual(sum(rows), 9)
        self.assertEqual(self.refuse("::ffff:192.0.2.1", 7, ago=2), 4)

    def test_what_fails_hides_nothing_that_was_refused(self):
        self.refuse("192.0.2.1", 9, ago=2, outcome="error", reason="no call")
        self.assertEqual(self.refuse("192.0.2.1", 9, ago=2), refused.ROWS_A_MINUTE)
        self.write_counts()
        self.assertEqual(
            [(row["outcome"], row["call_count"]) for row in self.written],
            [("error", 4), ("denied", 4)],
        )
        self.assertIn("4 more calls that failed without a", self.written[0]["reason"])

    def test_a_reason_without_end(self):
        self.refuse("192.0.2.1", 9, ago=2, reason="x" * 10**6)
        self.write_counts()
        self.assertLess(len(self.written[0]["reason"]), 2000)

    def test_more_addresses_than_anybody_has(self):
        """They fill neither the log nor the memory."""
        with patch.object(refused, "ADDRESSES_A_MINUTE", 3):
            rows = [self.refuse(f"192.0.2.{number}", ago=2) for number in range(10)]
        self.assertEqual(sum(rows), 3)
        self.assertEqual(self.write_counts(), [(None, 7)])

    def test_another_database_is_another_count(self):
        self.refuse("192.0.2.1", 12, ago=2)
        refused.write_counts("another")
        self.assertEqual(self.written, [])

    def test_a_log_that_cannot_be_written(self):
        self.refuse("192.0.2.1", 12, ago=2)

        def fail(_db, _row):
            raise psycopg2.OperationalError("gone")

        with (
            patch.object(refused, "write_apart", fail),
            mute_logger(refused.__name__),
        ):
            self.write_counts()
        self.assertEqual(self.write_counts(), [("192.0.2.1", 7)])
