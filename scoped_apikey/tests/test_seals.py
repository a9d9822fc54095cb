# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Seals: what a tamperer does to the log is found, at the right row, and nothing else is."""

import json
import secrets
import tempfile
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import psycopg2
from odoo import fields
from odoo.tests import TransactionCase, get_db_name, tagged
from odoo.tools import SQL, config, mute_logger

from .. import sealing
from ..call import Call, Key
from ..ledger import sealer, tables, verifier
from ..ledger.chain import read_ids
from ..ledger.periods import Period
from ..ledger.tables import TRIGGER
from ..ledger.verifier import Finding, Purge

LOGS = ("apikey_call", "apikey_history", "apikey_seal")


class LedgerCase(TransactionCase):
    """Rows and seals with real commits, which stay: nobody can delete them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The class's own cursor must not hold locks that a seal would not wait for.
        type(cls.cr).rollback(cls.cr)
        cls.db = get_db_name()

    @classmethod
    def write_rows(cls, *methods):
        """Write a row for each method, and return their ids."""
        for method in methods:
            call = Call(cls.db, "json2", "192.0.2.1", "res.partner", method)
            call.identify(2, "admin")
            sealing.write_apart(cls.db, call.row("allowed", None))
        with sealing.environment(cls.db) as env:
            env.cr.execute(
                "SELECT id FROM apikey_call ORDER BY id DESC LIMIT %s", [len(methods)]
            )
            return [id_ for (id_,) in env.cr.fetchall()][::-1]

    @classmethod
    def seal(cls, reason=None):
        return sealing.seal(cls.db, reason)

    def verify(self, witnesses=()):
        """Seal, verify, and expect nothing but what is right."""
        report = sealing.verify(self.db, witnesses)
        self.assertEqual(report.findings, [])
        return report

    @contextmanager
    def tampering(self):
        """Give what the owner of the database can do; nothing of it stays."""
        with sealing.environment(self.db) as env:
            for table in self._tables(env.cr):
                env.cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER {TRIGGER}")
            yield env.cr
            env.cr.rollback()

    @staticmethod
    def _tables(cr):
        cr.execute(
            "SELECT relid::regclass::text FROM unnest(%s) log, pg_partition_tree(log::regclass)",
            [list(LOGS)],
        )
        return [name for (name,) in cr.fetchall()]

    def report(self, cr, witnesses=()):
        """Verify what a tamperer has left."""
        env = self.env(cr=cr)
        logs = env["apikey.seal"]._sealed_logs()
        purges = env["apikey.history"]._purges()
        return verifier.verify(cr, logs, purges, witnesses)

    def findings(self, cr, witnesses=()):
        return self.report(cr, witnesses).findings


@tagged("post_install", "-at_install", "scoped_apikey")
class TestTampering(LedgerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seal()
        cls.first = cls.write_rows("a1", "a2", "a3", "a4")
        cls.first_seals = cls.seal()
        cls.second = cls.write_rows("b1", "b2", "b3")
        cls.second_seals = cls.seal()
        cls.third = cls.write_rows("c1", "c2")
        cls.third_seals = cls.seal()

    def test_nothing_is_found_where_nothing_was_done(self):
        report = self.verify()
        self.assertGreaterEqual(report.rows, 9)
        with self.tampering() as cr:
            self.assertEqual(self.findings(cr), [])

    def test_altered(self):
        for column, value in (
            ("outcome", "'denied'"),
            ("remote_addr", "NULL"),
            ("apikey_name", "''"),
            ("called_at", "called_at + interval '1 microsecond'"),
            ("duration_ms", "1"),
            ("xact", "xact + 1"),
            ("call_count", "2"),
        ):
            with self.subTest(column), self.tampering() as cr:
                cr.execute(
                    f"UPDATE apikey_call SET {column} = {value} WHERE id IN %s",
                    [(self.second[0], self.third[0])],
                )
                self.assertEqual(
                    self.findings(cr)[0],
                    Finding(
                        "row",
                        "altered",
                        "apikey_call",
                        self.second[0],
                        self.second_seals[0].number,
                    ),
                )

    def test_deleted_in_the_middle(self):
        with self.tampering() as cr:
            cr.execute("DELETE FROM apikey_call WHERE id = %s", [self.first[2]])
            [finding] = self.findings(cr)
        self.assertEqual(finding[:4], ("row", "missing", "apikey_call", self.first[2]))

    def test_deleted_at_the_end(self):
        with self.tampering() as cr:
            cr.execute("DELETE FROM apikey_call WHERE id = %s", [self.third[1]])
            [finding] = self.findings(cr)
        self.assertEqual(finding[:4], ("row", "missing", "apikey_call", self.third[1]))

    def test_deleted_all(self):
        with self.tampering() as cr:
            cr.execute("TRUNCATE apikey_call")
            findings = self.findings(cr)
        self.assertTrue(findings)
        self.assertEqual({finding.problem for finding in findings}, {"missing"})

    def test_inserted(self):
        """A copy of a row, under an id of its own or of another, now or as if then."""
        columns = self._columns("id", "xact")
        for name, id_, xact in (
            ("as if then, another id", self.third[1] + 1000, "xact"),
            ("as if then, the same id", self.first[1], "xact"),
            ("with the next id", "nextval('apikey_call_id_seq')", "xact"),
            ("never to be sealed", self.third[1] + 1000, "xact + 1000000000"),
        ):
            with self.subTest(name), self.tampering() as cr:
                cr.execute(
                    f"INSERT INTO apikey_call (id, xact, {columns}) SELECT {id_}, {xact},"
                    f" {columns.replace('called_at', 'called_at + interval %s')}"
                    " FROM apikey_call WHERE id = %s RETURNING id",
                    ["1 ms", self.first[1]],
                )
                [new_id] = cr.fetchone()
                findings = self.findings(cr)
                self.assertEqual({finding.ref for finding in findings}, {new_id})
                self.assertIn("inserted", [finding.problem for finding in findings])

    def test_inserted_now_and_said_to_be_old(self):
        """It is sealed as what came now, and said to be late."""
        for hours, duration in ((5, 1), (30, None), (300, 300 * 3_600_000)):
            with self.subTest(hours), self.tampering() as cr:
                self._insert_late(cr, hours, duration)

    def _insert_late(self, cr, hours, duration):
        then = fields.Datetime.now() - timedelta(hours=hours)
        tables.make_period(cr, "apikey_call", then)
        before = self.report(cr).late
        cr.execute(
            "INSERT INTO apikey_call (call_ref, called_at, duration_ms, outcome)"
            " VALUES ('x', %s, %s, 'allowed') RETURNING id",
            [then, duration],
        )
        [new_id] = cr.fetchone()
        env = self.env(cr=cr)
        logs = env["apikey.seal"]._sealed_logs()
        [seal] = sealer._make_seals(cr, logs, None, lambda state: None)
        sealer._insert(cr, seal)
        report = self.report(cr)
        self.assertEqual(report.findings, [])
        self.assertEqual((report.late, seal.late), (before + 1, str(new_id)))

    def test_settings_that_change_how_values_are_written(self):
        """Of the role or the database: they neither hide anything nor raise an alarm."""
        with self.tampering() as cr:
            cr.execute("SET LOCAL extra_float_digits = 0")
            self.assertEqual(self.findings(cr), [])

    def test_swapped(self):
        one, other = self.second[0], self.second[2]
        columns = self._columns("id")
        with self.tampering() as cr:
            cr.execute(
                f"UPDATE apikey_call a SET ({columns}) = (SELECT {columns} FROM apikey_call"
                " b WHERE b.id = CASE a.id WHEN %s THEN %s ELSE %s END)"
                " WHERE a.id IN %s",
                [one, other, one, (one, other)],
            )
            first, second = self.findings(cr)
        self.assertEqual(
            (first.problem, first.ref, second.ref), ("altered", one, other)
        )

    def test_a_row_and_its_seal(self):
        """Whoever alters a row and makes its seal anew breaks the chain behind it."""
        with self.tampering() as cr:
            cr.execute(
                "UPDATE apikey_call SET outcome = 'denied' WHERE id = %s",
                [self.second[1]],
            )
            self._seal_anew(cr, self.second_seals[0].number)
            [finding] = self.findings(cr)
        number = self.second_seals[0].number
        self.assertEqual(finding, ("seal", "altered", "", number, number + 1))

    def test_the_whole_chain_made_anew(self):
        """Only what left the database tells."""
        lines = sealer.witness(self.db, self.second_seals + self.third_seals, None)
        with self.tampering() as cr:
            cr.execute(
                "UPDATE apikey_call SET outcome = 'denied' WHERE id = %s",
                [self.second[1]],
            )
            for number in range(self.second_seals[0].number, self._last_number(cr) + 1):
                self._seal_anew(cr, number)
            self.assertEqual(self.findings(cr), [])
            finding, *_more = self.findings(cr, lines)
        number = self.second_seals[0].number
        self.assertEqual(finding[:4], ("seal", "altered", "apikey_call", number))

    def test_the_chain_made_anew_under_another_home(self):
        """A seal of this database is in it, whatever is said of where it was made."""
        lines = sealer.witness(self.db, self.second_seals + self.third_seals, None)
        with self.tampering() as cr:
            self._alter_and_seal_anew(cr, home="1/1")
            last = sealer.read_state(cr).last
            blank = {"log": "", "period": "", "ids": "", "rows": b"", "columns": ""}
            one = sealer.replace(last, **blank, home=sealer.read_home(cr))
            for made_up in sealer._chained(last, [one]):
                sealer._insert(cr, made_up)
            self.assertEqual(self.findings(cr), [])
            finding, *_more = self.findings(cr, lines)
        number = self.second_seals[0].number
        self.assertEqual(finding[:4], ("seal", "altered", "apikey_call", number))

    def test_the_chain_made_anew_under_other_numbers(self):
        """As if the retention had removed seals that never were."""
        lines = sealer.witness(self.db, self.second_seals + self.third_seals, None)
        with self.tampering() as cr:
            cr.execute("UPDATE apikey_seal SET number = number + 1000000")
            cr.execute("SELECT min(number) - 1 FROM apikey_seal")
            [number] = cr.fetchone()
            cr.execute(
                "INSERT INTO apikey_seal (number, home, sealed_at, log, period, ids, rows,"
                " columns, late, snapshot, previous, row_count, digest) VALUES"
                " (%s, '', now() AT TIME ZONE 'utc', '', '', '', '', '', '', '', '', 0, 'x')",
                [number],
            )
            self._alter_and_seal_anew(cr, number + 1)
            cr.execute("DELETE FROM apikey_seal WHERE number = %s", [number])
            # Under any record, but that of the week itself.
            self.env(cr=cr)["apikey.history"]._record_purge(
                "apikey_seal",
                Period.named("2020w01"),
                {"number": number, "digest": "x"},
            )
            findings = self.findings(cr, lines)
        missing = [finding[:4] for finding in findings]
        for seal in self.second_seals + self.third_seals:
            self.assertIn(("seal", "missing", "apikey_call", seal.number), missing)

    def test_seals_that_the_retention_removed(self):
        """What was kept of them outside says whether they are those on record."""
        [seal] = sealer.witness(self.db, self.second_seals, None)
        week = Period.of(self.second_seals[0].sealed_at).name
        number, digest = self.second_seals[0].number, self.second_seals[0].digest
        for purge, found in (
            (Purge("apikey_seal", week, number, digest), []),
            (Purge("apikey_seal", week, number + 1, "x"), []),
            (Purge("apikey_seal", week, number, "x"), [number]),
            (Purge("apikey_seal", week, number - 1, digest), [number]),
            (Purge("apikey_call", week, number, digest), [number]),
        ):
            with self.subTest(purge), self.tampering() as cr:
                cr.execute("DELETE FROM apikey_seal WHERE number <= %s", [number])
                logs = self.env(cr=cr)["apikey.seal"]._sealed_logs()
                report = verifier.verify(cr, logs, [purge], [seal])
                seals = [one for one in report.findings if one.what == "seal"]
                self.assertEqual([one.ref for one in seals if one.seal is None], found)

    def test_the_newest_rows_and_seals_removed(self):
        """Without the seals that were kept outside nobody could know."""
        lines = sealer.witness(self.db, self.third_seals, None)
        with self.tampering() as cr:
            cr.execute("DELETE FROM apikey_call WHERE id >= %s", [self.third[0]])
            cr.execute(
                "DELETE FROM apikey_seal WHERE number >= %s",
                [self.third_seals[0].number],
            )
            findings = self.findings(cr, lines)
        missing = [finding.ref for finding in findings if finding.what == "seal"]
        self.assertEqual(missing, [seal.number for seal in self.third_seals])

    def test_an_old_seal_restored(self):
        with self.tampering() as cr:
            columns = (
                "home, sealed_at, log, period, ids, rows, columns, late, snapshot, origin,"
                " previous, row_count, digest"
            )
            old, new = self.first_seals[0].number, self.third_seals[0].number
            cr.execute("DELETE FROM apikey_seal WHERE number = %s", [new])
            cr.execute(
                f"INSERT INTO apikey_seal (number, {columns}) SELECT %s, {columns}"
                " FROM apikey_seal WHERE number = %s",
                [new, old],
            )
            findings = self.findings(cr)
        self.assertIn(("seal", "altered", "apikey_call", new, None), findings)

    def test_a_seal_removed(self):
        with self.tampering() as cr:
            number = self.second_seals[0].number
            cr.execute("DELETE FROM apikey_seal WHERE number = %s", [number])
            finding, *_rows = self.findings(cr)
        self.assertEqual(finding, ("seal", "missing", "", number, number + 1))

    def test_every_part_of_a_seal(self):
        for column, value in (
            ("rows", "decode(repeat('00', length(rows)), 'hex')"),
            ("ids", "ids || ''"),
            ("late", "'1'"),
            ("snapshot", "'9:9:'"),
            ("snapshot", "'no snapshot'"),
            ("ids", "'no ids'"),
            ("rows", "'\\x00'"),
            ("columns", "columns || ''"),
            ("home", "'elsewhere'"),
            ("sealed_at", "sealed_at + interval '1 ms'"),
            ("digest", "repeat('0', 64)"),
            ("origin", "'{}'"),
            ("origin", "'no origin'"),
            ("origin", "'[]'"),
            ("origin", """'{"first_ids": {"apikey_call": "x"}}'"""),
            ("origin", """'{"first_ids": 1}'"""),
            ("late", "'no ids'"),
            ("late", "'1-99999999999999'"),
            ("ids", "'1-99999999999999'"),
            ("period", "'no week'"),
            ("period", "'99999999999w1'"),
            ("row_count", "row_count + 1"),
        ):
            harmless = "|| ''" in value
            with self.subTest(column), self.tampering() as cr:
                number = self.second_seals[0].number
                cr.execute(
                    f"UPDATE apikey_seal SET {column} = {value} WHERE number = %s",
                    [number],
                )
                findings = self.findings(cr)
                if harmless:
                    self.assertEqual(findings, [])
                else:
                    seals = [one.ref for one in findings if one.what == "seal"]
                    self.assertEqual(seals[0], number)

    def test_a_seal_made_anew_that_says_nothing(self):
        """Whoever makes it anew with what nobody understands stops no verification."""
        for changes in (
            {"late": "no ids"},
            {"late": "1-99999999999999"},
            {"period": "no week"},
            {"origin": '{"first_ids": {"apikey_call": "x"}}'},
        ):
            with self.subTest(changes), self.tampering() as cr:
                self._alter_and_seal_anew(cr, **changes)
                logs = self.env(cr=cr)["apikey.seal"]._sealed_logs()
                for one in sealer._make_seals(cr, logs, None, lambda state: None):
                    sealer._insert(cr, one)
                self.findings(cr)

    def test_the_last_seal_says_nothing(self):
        """It is found, and whoever seals on begins where nothing is sealed."""
        with self.tampering() as cr:
            cr.execute(
                "UPDATE apikey_seal SET snapshot = 'x' WHERE number = %s",
                [self._last_number(cr)],
            )
            logs = self.env(cr=cr)["apikey.seal"]._sealed_logs()
            for one in sealer._make_seals(cr, logs, None, lambda state: None):
                sealer._insert(cr, one)
            findings = self.findings(cr)
        self.assertEqual(
            {(one.what, one.problem) for one in findings}, {("seal", "altered")}
        )

    def test_a_week_taken_away(self):
        with self.tampering() as cr:
            period = self.second_seals[0].period
            cr.execute(f"DROP TABLE apikey_call_{period}")
            [finding] = self.findings(cr)
        self.assertEqual(finding[:4], ("period", "missing", "apikey_call", period))

    def test_a_part_that_is_no_week(self):
        """Rows in it would be shown, and lie in no week that anybody verifies."""
        for bounds in (
            "FOR VALUES FROM ('1999-01-01') TO ('1999-01-08')",
            "DEFAULT",
        ):
            with self.subTest(bounds), self.tampering() as cr:
                cr.execute(
                    f"CREATE TABLE apikey_call_1999w01 PARTITION OF apikey_call {bounds}"
                )
                [finding] = self.findings(cr)
                self.assertEqual(finding.problem, "inserted")
                self.assertEqual(finding.ref, "apikey_call_1999w01")

    def test_rows_that_are_hidden_from_others(self):
        """A policy may show a row to who verifies, and to nobody else."""
        for log in LOGS:
            with self.subTest(log), self.tampering() as cr:
                cr.execute(
                    f"ALTER TABLE {log} ENABLE ROW LEVEL SECURITY;"
                    f" ALTER TABLE {log} FORCE ROW LEVEL SECURITY;"
                    f" CREATE POLICY hides ON {log} USING (current_query() <> 'x')"
                )
                [finding] = self.findings(cr)
                self.assertEqual(finding[:3], ("log", "filtered", log))

    def test_a_log_that_is_sealed_no_more(self):
        """What no seal has can be altered: as by a trigger that lets no seal be written."""
        with self.tampering() as cr:
            number = self._last_number(cr)
            cr.execute(
                "UPDATE apikey_seal SET sealed_at = sealed_at - interval '3 hours'"
                " WHERE number = %s",
                [number],
            )
            self._seal_anew(cr, number)
            [finding] = self.findings(cr)
            self.assertEqual(finding[:4], ("seal", "overdue", "", number))
            cr.execute("TRUNCATE apikey_seal; TRUNCATE apikey_call")
            self.write_at(cr, timedelta(hours=1))
            self.assertEqual(self.findings(cr), [])
            self.write_at(cr, timedelta(hours=3))
            [finding] = self.findings(cr)
            self.assertEqual(finding[:4], ("seal", "overdue", "", 0))

    @staticmethod
    def write_at(cr, ago):
        cr.execute(
            "INSERT INTO apikey_call (call_ref, called_at, duration_ms, outcome)"
            " VALUES ('x', now() AT TIME ZONE 'utc' - %s, 1, 'allowed')",
            [ago],
        )

    def test_the_history_is_sealed_too(self):
        with sealing.environment(self.db) as env:
            env["apikey.history"]._record("changed", "setting", 1, "x.test")
        self.seal()
        with self.tampering() as cr:
            cr.execute(
                "UPDATE apikey_history SET actor_login = 'somebody else' WHERE id ="
                " (SELECT max(id) FROM apikey_history) RETURNING id"
            )
            [id_] = cr.fetchone()
            [finding] = self.findings(cr)
        self.assertEqual(finding[:4], ("row", "altered", "apikey_history", id_))

    # ------------------------------------------------------------------

    def _columns(self, *without):
        with sealing.environment(self.db) as env:
            columns = sealer.read_columns(env.cr, "apikey_call")
        return ", ".join(name for name in columns if name not in without)

    def _alter_and_seal_anew(self, cr, first=None, **changes):
        """Alter a row, and make its seal and all later ones anew, with other values."""
        cr.execute(
            "UPDATE apikey_call SET outcome = 'denied' WHERE id = %s", [self.second[1]]
        )
        first = first or self.second_seals[0].number
        for number in range(first, self._last_number(cr) + 1):
            for column, value in changes.items():
                cr.execute(
                    SQL(
                        "UPDATE apikey_seal SET %s = %s WHERE number = %s",
                        SQL.identifier(column),
                        value,
                        number,
                    )
                )
            self._seal_anew(cr, number)

    def _last_number(self, cr):
        cr.execute("SELECT max(number) FROM apikey_seal")
        return cr.fetchone()[0]

    def _seal_anew(self, cr, number):
        """Make a seal anew, of the rows as they are now, after the one before it."""
        cr.execute(
            SQL(
                "SELECT %s FROM apikey_seal WHERE number = %s",
                sealer.seal_columns(),
                number,
            )
        )
        old = sealer.make_seal(cr.fetchone())
        cr.execute("SELECT digest FROM apikey_seal WHERE number = %s", [number - 1])
        [previous] = cr.fetchone()
        lines = sealer._Lines()
        if old.log:
            columns = SQL(", ").join(map(SQL.identifier, old.columns.split(",")))
            ids = list(read_ids(old.ids))
            sealer.copy_rows(
                cr,
                SQL(
                    "SELECT FALSE, %s FROM %s WHERE id = ANY(%s) ORDER BY id",
                    columns,
                    SQL.identifier(old.log),
                    ids,
                ),
                lines,
            )
        new = sealer.replace(old, rows=b"".join(lines.digests), previous=previous)
        cr.execute(
            "UPDATE apikey_seal SET rows = %s, previous = %s, digest = %s WHERE number = %s",
            [psycopg2.Binary(new.rows), new.previous, new.digest, number],
        )


@tagged("post_install", "-at_install", "scoped_apikey")
class TestNoFalseAlarm(LedgerCase):
    def test_a_call_that_commits_late(self):
        """It is missed by no seal, and holds up none."""
        before = self.verify().late
        late_row = Call(self.db, "json2", None, "x", "late").row("allowed", None)
        with self.env.registry.cursor() as late:
            self.env(cr=late)["apikey.call"]._insert(late_row)
            early = self.write_rows("early")
            [sealed] = self.seal()
            self.assertEqual(sealed.ids, str(early[0]))
            self.verify()
            [snapshot] = [sealer.Snapshot.parse(sealed.snapshot)]
            self.assertTrue(snapshot.under_way)
            late.commit()
        report = self.verify()
        self.assertEqual(report.unsealed, 0)
        self.assertEqual(report.late, before)
        with sealing.environment(self.db) as env:
            last = sealer.read_state(env.cr).last
        self.assertEqual(last.ids, str(early[0] - 1))

    def test_an_address_that_is_none(self):
        """A caller may name any, where a proxy does not: it must not stop the sealing."""
        random = "".join(chr(0xA1 + secrets.randbelow(94)) for _each in range(6000))
        call = Call(self.db, "json2", random, "res.partner", "read")
        call.identify(2, "admin", Key(1, "k", 2, "admin", False, None, None, None))
        sealing.write_apart(self.db, call.row("allowed", None))
        self.assertTrue(self.seal())
        self.verify()

    def test_a_call_that_is_rolled_back(self):
        row = Call(self.db, "json2", None, "x", "gone").row("allowed", None)
        with self.env.registry.cursor() as cr:
            self.env(cr=cr)["apikey.call"]._insert(row)
            self.write_rows("after")
            self.seal()
            cr.rollback()
        self.write_rows("later")
        self.assertEqual(self.verify().unsealed, 0)

    def test_a_row_inside_a_savepoint(self):
        row = Call(self.db, "json2", None, "x", "inside").row("allowed", None)
        with self.env.registry.cursor() as cr:
            with cr.savepoint(flush=False):
                self.env(cr=cr)["apikey.call"]._insert(row)
            self.seal()
            cr.commit()
        self.assertEqual(self.verify().unsealed, 0)

    def test_what_is_too_new_to_be_sealed(self):
        self.seal()
        self.write_rows("new")
        with self.tampering() as cr:
            report = self.report(cr)
        self.assertEqual((report.unsealed, report.problems), (1, 0))

    def test_a_backup_on_a_server_that_counts_its_transactions_lower(self):
        """What was not sealed there, and what was written here before the first seal, is
        sealed by the new chain.
        """
        logs = self.env["apikey.seal"]._sealed_logs()
        self.write_rows("there")
        self.seal()
        with self.tampering() as cr:
            self._pretend_elsewhere(cr)
            for xact in ("90000001", "txid_current()"):
                cr.execute(
                    "INSERT INTO apikey_call (call_ref, called_at, duration_ms, outcome,"
                    f" xact) VALUES ('x', now() AT TIME ZONE 'utc', 1, 'allowed', {xact})"
                )
            purges = self.env(cr=cr)["apikey.history"]._purges()
            report = verifier.verify(cr, logs, purges)
            self.assertEqual((report.findings, report.unsealed), ([], 2))
            reason = sealer._reason_to_begin(cr)
            self.assertEqual(reason, "moved")
            made = sealer._make_seals(cr, logs, reason, lambda state: None)
            for one in made:
                sealer._insert(cr, one)
            report = verifier.verify(cr, logs, purges)
            self.assertEqual((report.findings, report.unsealed), ([], 0))
            self.assertEqual([seal.row_count for seal in made], [0, 2])
            cr.execute("DELETE FROM apikey_call WHERE call_ref = 'x'")
            findings = self.findings(cr)
            self.assertEqual([one.problem for one in findings], ["missing"] * 2)

    def _pretend_elsewhere(self, cr):
        """Make the last seal anew, as a server makes it that counts its transactions higher."""
        last = sealer.read_state(cr).last
        there = sealer.replace(last, home="1/1", snapshot="90000000:90000000:")
        cr.execute(
            "UPDATE apikey_seal SET home = %s, snapshot = %s, digest = %s WHERE number = %s",
            [there.home, there.snapshot, there.digest, there.number],
        )

    def test_a_new_chain_where_calls_are_being_recorded(self):
        """It begins between two of them."""
        row = Call(self.db, "json2", None, "x", "open").row("allowed", None)
        with self.env.registry.cursor() as cr:
            self.env(cr=cr)["apikey.call"]._insert(row)
            ended = threading.Timer(0.2, cr.rollback)
            ended.start()
            seals = self.seal("Somebody is busy.")
            ended.join()
        self.assertEqual(seals[-1].reason, "Somebody is busy.")

    def test_two_who_begin_a_chain(self):
        """Whoever comes second goes on with the chain that is there."""
        reasons = iter(["first", None])
        with patch.object(sealer, "_reason_to_begin", lambda cr: next(reasons)):
            self.write_rows("begun already")
            [seal] = self.seal()
        self.assertIsNone(seal.origin)
        self.assertEqual(seal.row_count, 1)

    def test_how_a_session_writes_values(self):
        """A database or a role may have settings of its own."""
        self.write_rows("written")
        self.seal()
        for setting in (
            "extra_float_digits = 0",
            "extra_float_digits = -15",
            "DateStyle = 'German'",
            "TimeZone = 'Asia/Tokyo'",
            "client_encoding = 'LATIN1'",
            "bytea_output = 'escape'",
            "IntervalStyle = 'sql_standard'",
            "search_path = pg_temp, public, pg_catalog",
        ):
            with self.subTest(setting), self.tampering() as cr:
                cr.execute(f"SET LOCAL {setting}")
                self.assertEqual(self.findings(cr), [])

    def test_two_at_a_time(self):
        """Whoever comes second does nothing, and fails at nothing."""
        self.write_rows("contended")
        with self.env.registry.cursor() as cr:
            cr.execute("LOCK TABLE ONLY apikey_seal IN SHARE ROW EXCLUSIVE MODE")
            self.assertEqual(self.seal(), [])
        self.assertEqual(len(self.seal()), 1)
        self.assertEqual(self.seal(), [])
        self.verify()

    def test_a_quiet_hour(self):
        """A seal says that there was nothing, so that nothing can be put in there."""
        self.seal()
        with sealing.environment(self.db) as env:
            state = sealer.read_state(env.cr)
            quiet = sealer.replace(
                state.last, sealed_at=state.last.sealed_at - timedelta(hours=1)
            )
            env.cr.execute(SQL("SELECT %s::text", sealer.read_home(env.cr)))
            logs = env["apikey.seal"]._sealed_logs()
            self.assertEqual(
                sealer._make_seals(env.cr, logs, None, lambda state: None), []
            )
            with self._last(quiet):
                [seal] = sealer._make_seals(env.cr, logs, None, lambda state: None)
        self.assertEqual((seal.log, seal.row_count), ("", 0))

    @contextmanager
    def _last(self, seal):
        original = sealer.read_state
        sealer.read_state = lambda cr: sealer.State(seal, original(cr).first_ids)
        try:
            yield
        finally:
            sealer.read_state = original

    def test_a_new_chain(self):
        """As after a backup was restored in its place, which the seals outside contradict."""
        self.write_rows("before")
        [origin, *_rows] = self.seal("A backup was restored.")
        self.assertEqual(origin.reason, "A backup was restored.")
        self.write_rows("after")
        report = self.verify()
        self.assertEqual(report.origins[-1].number, origin.number)
        with self.tampering() as cr:
            cr.execute("DELETE FROM apikey_call WHERE method = 'after'")
            self.assertTrue(self.findings(cr))


@tagged("post_install", "-at_install", "scoped_apikey")
class TestWitnesses(LedgerCase):
    def test_seals_leave_the_database(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "seals.jsonl"
            self.write_rows("seen")
            with self._kept_in(path), self.assertLogs(sealing.__name__) as logged:
                [sealed] = self.seal()
            lines = path.read_text().splitlines()
        self.assertEqual(json.loads(lines[0])["digest"], sealed.digest)
        self.assertEqual(json.loads(lines[0])["database"], self.db)
        self.assertIn(sealed.digest, logged.output[0])
        self.assertEqual(self.verify(lines).witnesses, 1)

    def test_a_file_that_cannot_be_written(self):
        """It is sealed all the same, and the server's log has the seal, and says so."""
        self.write_rows("unseen")
        with (
            self._kept_in(Path("/proc/no/such/folder")),
            self.assertLogs(sealing.__name__) as logged,
        ):
            [sealed] = self.seal()
        self.assertIn("could not be kept", logged.output[0])
        self.assertIn(sealed.digest, logged.output[1])

    def test_a_file_that_is_none(self):
        with self.tampering() as cr:
            [finding, other] = self.findings(cr, ["{}", "no seal"])
        self.assertEqual((finding.what, finding.problem), ("witness", "unreadable"))
        self.assertEqual(other.ref, "no seal")

    @contextmanager
    def _kept_in(self, path):
        config[sealing.SEALS_OPTION] = str(path)
        try:
            yield
        finally:
            config[sealing.SEALS_OPTION] = None


@tagged("post_install", "-at_install", "scoped_apikey")
class TestRefusedByTheDatabase(LedgerCase):
    def test_changes(self):
        self.write_rows("kept")
        self.seal()
        with sealing.environment(self.db) as env:
            tables = self._tables(env.cr)
        self.assertGreater(len(tables), 3)
        for table in tables:
            column = "digest" if "seal" in table else "id"
            for statement in (
                f"UPDATE {table} SET {column} = {column}",
                f"DELETE FROM {table}",
                f"TRUNCATE {table}",
                f"SET LOCAL session_replication_role = replica; DELETE FROM {table}",
            ):
                with self.subTest(statement), mute_logger("odoo.sql_db"):
                    with (
                        self.assertRaises(psycopg2.errors.InsufficientPrivilege) as no,
                        sealing.environment(self.db) as env,
                    ):
                        env.cr.execute(statement)
                    if "replica" not in statement:
                        self.assertIn("its rows are evidence", str(no.exception))
