# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The logs as files: who gets them, what is in them, and what is left behind."""

import csv
import io
import json
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch
from urllib.parse import urlencode

import openpyxl
import psycopg2
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ..exports import rows as rows_module
from ..exports import to_csv, to_xlsx
from ..exports.columns import Column
from .common import CallCase, ScopedCase, events, make_user

LOGS = ("apikey.call", "apikey.history")
MARK = "export-test"
ROWS = 25
# Beginnings that a spreadsheet runs, as a caller may put them into a method's name.
FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "-cmd", "＝1")


class ExportCase(CallCase):
    """A log of some rows, and who may read it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.committing() as env:
            cls.logins = {}
            for login, groups in (
                ("export_auditor", ["scoped_apikey.group_auditor"]),
                ("export_admin", ["base.group_system"]),
                ("export_user", []),
            ):
                user = cls.make(make_user(env, login, "base.group_user", *groups))
                user.password = login
                cls.logins[login] = user.id
            now = datetime.now()
            for number in [*range(1, ROWS), 0]:  # not in their order
                cls.insert(
                    env,
                    called_at=now - timedelta(hours=number),
                    method=FORMULAS[number] if number < len(FORMULAS) else "read",
                    outcome="denied" if number % 2 else "allowed",
                    duration_ms=-1.5 if number == 1 else number,
                    res_ids="-7",
                    reason='one, "two"\nthree ü',
                )
            cls.insert(env, called_at=now - timedelta(days=20), method="old")

    @classmethod
    def insert(cls, env, **values):
        env["apikey.call"]._insert(
            {
                "call_ref": MARK,
                "called_at": datetime.now(),
                "apikey_ref": 7,
                "apikey_name": "n8n",
                "model": "res.partner",
                "outcome": "allowed",
                "transport": "json2",
                **values,
            }
        )

    def setUp(self):
        super().setUp()
        with self.committing() as env:
            env.cr.execute("SELECT COALESCE(max(id), 0) FROM apikey_history")
            [self._last_event] = env.cr.fetchone()
        self.authenticate("export_auditor", "export_auditor")

    def export(self, kind="csv", domain=None, model="apikey.call", fields=None, **more):
        domain = [["call_ref", "=", MARK]] if domain is None else domain
        query = {"domain": domain if isinstance(domain, str) else json.dumps(domain)}
        if fields is not None:
            query["fields"] = json.dumps(fields)
        return self.url_open(
            f"/scoped_apikey/export/{model}.{kind}?{urlencode(query)}",
            allow_redirects=False,
            **more,
        )

    def read_csv(self, *args, **kwargs):
        response = self.export("csv", *args, **kwargs)
        self.assertEqual(response.status_code, 200, response.text)
        text = response.content.decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def read_xlsx(self, *args, **kwargs):
        response = self.export("xlsx", *args, **kwargs)
        self.assertEqual(response.status_code, 200, response.text)
        workbook = openpyxl.load_workbook(io.BytesIO(response.content))
        return [
            [cell.value for cell in row]
            for sheet in workbook
            for row in sheet.iter_rows()
        ]

    def exports(self):
        with self.committing() as env:
            return events(env, "event = 'exported' AND id > %s", self._last_event)

    @contextmanager
    def in_batches_of(self, size):
        with patch.object(rows_module, "BATCH", size):
            yield


@tagged("post_install", "-at_install", "scoped_apikey")
class TestExport(ExportCase):
    # Who

    def test_who_may(self):
        for login, status in (
            ("export_auditor", 200),
            ("export_admin", 200),
            ("export_user", 403),
        ):
            self.authenticate(login, login)
            for model in LOGS:
                for kind in ("csv", "xlsx"):
                    with self.subTest(login=login, model=model, kind=kind):
                        before = len(self.exports())
                        with mute_logger(
                            "odoo.http", "odoo.addons.base.models.ir_model"
                        ):
                            response = self.export(kind, [], model)
                        self.assertEqual(response.status_code, status)
                        self.assertEqual(
                            len(self.exports()) - before, int(status == 200)
                        )

    def test_not_by_key(self):
        """The route is for people: a key that may read the log has its own ways."""
        user = self.logins["export_admin"]
        secrets = [
            self.issue_unscoped(user),
            self.issue((None, "read"), user_id=user, routes="/scoped_apikey/export"),
        ]
        self.authenticate(None, None)
        for secret in secrets:
            for kind in ("csv", "xlsx"):
                response = self.export(
                    kind, headers={"Authorization": f"Bearer {secret}"}
                )
                self.assertEqual(response.status_code, 303)
                self.assertIn("/web/login", response.headers["Location"])
        self.assertEqual(self.exports(), [])

    def test_record_rules(self):
        with self.committing() as env:
            self.make(
                env["ir.rule"].create(
                    {
                        "name": "Only what was denied",
                        "model_id": env["ir.model"]._get_id("apikey.call"),
                        "domain_force": "[('outcome', '=', 'denied')]",
                    }
                )
            )
        try:
            self.assertEqual({row["Outcome"] for row in self.read_csv()}, {"Denied"})
        finally:
            with self.committing() as env:
                env["ir.rule"].search([("name", "=", "Only what was denied")]).unlink()

    def test_other_models(self):
        self.authenticate("export_admin", "export_admin")
        for model in ("res.users", "apikey.scope", "apikey.log"):
            self.assertEqual(self.export(model=model).status_code, 404)
        self.assertEqual(self.export("pdf").status_code, 404)

    # What

    def test_columns_and_rows(self):
        """All that is stored, newest first, under the labels of the screens."""
        rows = self.read_csv()
        labels = list(rows[0])
        self.assertEqual(
            labels[:3] + labels[-1:],
            ["Reference", "Time (UTC)", "Key ID", "Arguments"],
        )
        self.assertNotIn("User ID (UTC)", labels)
        self.assertNotIn("What Was Missing", labels)
        self.assertEqual(len(rows), ROWS + 1)
        times = [row["Time (UTC)"] for row in rows]
        self.assertEqual(times, sorted(times, reverse=True))
        with self.committing() as env:
            env.cr.execute(
                "SELECT called_at::text FROM apikey_call WHERE call_ref = %s"
                " ORDER BY called_at DESC",
                [MARK],
            )
            self.assertEqual(
                list(map(datetime.fromisoformat, times)),
                [datetime.fromisoformat(value) for [value] in env.cr.fetchall()],
            )
        self.assertEqual(rows[0]["Transport"], "JSON-2")
        self.assertEqual(rows[1]["Outcome"], "Denied")
        self.assertEqual(rows[2]["Reason"], 'one, "two"\nthree ü')

    def test_both_say_the_same(self):
        raw = self.export().content.decode("utf-8-sig")
        of_csv = list(csv.reader(io.StringIO(raw, newline="")))
        of_xlsx = self.read_xlsx()
        self.assertEqual(of_xlsx[0], of_csv[0])
        self.assertEqual(len(of_xlsx), ROWS + 2)
        time = of_csv[0].index("Time (UTC)")
        number = of_csv[0].index("Duration (ms)")
        method = of_csv[0].index("Method")
        for ours, theirs in zip(of_csv[1:], of_xlsx[1:], strict=True):
            said = datetime.fromisoformat(ours.pop(time))
            self.assertLess(abs(said - theirs.pop(time)), timedelta(seconds=1))
            number -= 1
            method -= 1
            if ours[number]:
                self.assertEqual(float(ours.pop(number)), theirs.pop(number))
            else:
                self.assertIsNone(theirs.pop(number), ours.pop(number))
            said, text = ours.pop(method), theirs.pop(method).replace("_x000D_", "\r")
            self.assertEqual(said.removeprefix("'"), text)
            self.assertEqual(
                [value or "" for value in ours],
                ["" if value is None else str(value) for value in theirs],
            )
            number += 1
            method += 1

    def test_fields(self):
        rows = self.read_csv(fields=["outcome", "method"])
        self.assertEqual(list(rows[0]), ["Outcome", "Method"])
        for names in (["nothing"], ["user_id"], ["id"], 7, [7]):
            self.assertEqual(self.export(fields=names).status_code, 400, names)

    def test_formulas(self):
        rows = self.read_csv(fields=["method", "duration_ms", "res_ids"])
        self.assertEqual(
            [row["Method"] for row in rows[: len(FORMULAS)]],
            [f"'{formula}" for formula in FORMULAS],
        )
        self.assertEqual(rows[1]["Duration (ms)"], "-1.5")
        self.assertEqual({row["Record IDs"] for row in rows[:ROWS]}, {"-7"})
        response = self.export("xlsx", fields=["method"])
        [sheet] = openpyxl.load_workbook(io.BytesIO(response.content))
        for row, formula in zip(sheet.iter_rows(min_row=2), FORMULAS, strict=False):
            self.assertEqual(row[0].data_type, "s", formula)

    def test_domain(self):
        mine = ["call_ref", "=", MARK]
        for domain, count in (
            ([mine, ["outcome", "=", "denied"]], ROWS // 2),
            ([mine, ["called_at", ">=", "today -7d"]], ROWS),
            ([mine, ["called_at", "<", "today -7d"]], 1),
            (
                [mine, "|", ["method", "=", "old"], ["outcome", "=", "denied"]],
                ROWS // 2 + 1,
            ),
            ([mine, ["user_id", "!=", False]], 0),
            ([mine, [0, "=", 1]], 0),
        ):
            self.assertEqual(len(self.read_csv(domain)), count, domain)
            self.assertEqual(len(self.read_xlsx(domain)), count + 1, domain)

    def test_domain_not_understood(self):
        for domain in (
            "[",
            "7",
            '{"a": 1}',
            "[" * 100_00,
            [["nothing", "=", 1]],
            [["outcome", "is", 1]],
            [["outcome"]],
            ["&"],
            [["called_at", ">", "tomorow"]],
            [["apikey_ref", "=", "seven"]],
            [["user_id", "any!", [["login", "=", "admin"]]]],
            # The ORM lets it through, the database does not.
            [["method", "=", "\0"]],
        ):
            with self.subTest(domain=domain), mute_logger("odoo.domains"):
                response = self.export(domain=domain)
                self.assertEqual(response.status_code, 400)
                self.assertIn("This export is not understood", response.text)
        self.assertEqual(self.exports(), [])

    def test_many_rows(self):
        """More than the server hands out at a time, and just as many."""
        for size in (1, 7, ROWS + 1, ROWS + 2):
            with self.in_batches_of(size):
                self.assertEqual(len(self.read_csv()), ROWS + 1)
                self.assertEqual(len(self.read_xlsx()), ROWS + 2)

    def test_more_rows_than_a_sheet(self):
        with patch.object(to_xlsx, "SHEET_ROWS", 10):
            response = self.export("xlsx", fields=["method"])
            workbook = openpyxl.load_workbook(io.BytesIO(response.content))
            self.assertEqual([sheet.max_row for sheet in workbook], [11, 11, 7])
            self.assertEqual({sheet["A1"].value for sheet in workbook}, {"Method"})

    def test_nothing(self):
        domain = [["call_ref", "=", "no such call"]]
        text = self.export(domain=domain).content.decode("utf-8-sig")
        self.assertEqual(text.count("\n"), 1)
        self.assertEqual(len(self.read_xlsx(domain)), 1)

    # What is left behind

    def test_history(self):
        domain = [["call_ref", "=", MARK], ["called_at", ">=", "today -7d"]]
        self.export("csv", domain, fields=["method"])
        [row] = self.exports()
        self.assertEqual(
            (row["subject"], row["subject_ref"], row["subject_name"]),
            ("log", None, "API Call"),
        )
        self.assertEqual(row["actor_login"], "export_auditor")
        self.assertEqual(row["remote_addr"], "127.0.0.1")
        self.assertEqual(
            json.loads(row["after"]),
            {"format": "csv", "search": json.dumps(domain), "columns": "method"},
        )
        response = self.export("csv", [], "apikey.history")
        self.assertIn("API%20Key%20History", response.headers["Content-Disposition"])
        [export, *_earlier] = self.read_csv([], "apikey.history")
        self.assertEqual((export["Event"], export["Subject"]), ("Exported", "Log"))

    def test_no_record_no_export(self):
        def fail(*_args):
            raise RuntimeError("no history")

        history = self.registry["apikey.history"]
        with patch.object(history, "_record", fail), mute_logger("odoo.http"):
            response = self.export()
        self.assertEqual(response.status_code, 500)
        self.assertNotIn(MARK, response.text)

    def idle(self):
        """Return how many connections are in a transaction and do nothing."""
        with self.committing() as env:
            env.cr.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND query ILIKE '%%scoped_apikey_export%%' AND pid <> pg_backend_pid()"
                " AND state LIKE 'idle in%%'"
            )
            return env.cr.fetchone()[0]

    def test_connection_is_given_back(self):
        for kind in ("csv", "xlsx"):
            self.export(kind)
        self.assertEqual(self.idle(), 0)


@tagged("post_install", "-at_install", "scoped_apikey")
class TestExportEnds(ScopedCase):
    """How an export ends, without a request."""

    COLUMNS = [Column("number", "Number")]

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(rows_module, "BATCH", 2))

    def batches(self, query):
        return rows_module.batches(self.env.registry, query, self.COLUMNS)

    @contextmanager
    def cursors(self):
        """Collect the cursors that are opened."""
        opened, original = [], self.env.registry.cursor

        def cursor(*args, **kwargs):
            opened.append(original(*args, **kwargs))
            return opened[-1]

        with patch.object(self.env.registry, "cursor", cursor):
            yield opened

    def test_client_leaves(self):
        query = SQL("SELECT generate_series(1, 10)")
        with self.cursors() as opened:
            chunks = to_csv.chunks(self.COLUMNS, self.batches(query), "cut")
            next(chunks)
            [cursor] = opened
            self.assertFalse(cursor.closed)
            chunks.close()
            self.assertTrue(cursor.closed)

    def test_client_never_comes(self):
        with self.cursors() as opened:
            to_csv.chunks(self.COLUMNS, self.batches(SQL("SELECT 1")), "cut").close()
        self.assertEqual(opened, [])

    def test_failure_half_way(self):
        """A file that is cut short says so: without a length a client cannot know."""
        query = SQL("SELECT 10 / (5 - number) FROM generate_series(1, 9) number")
        with (
            self.cursors() as opened,
            mute_logger("odoo.sql_db", "odoo.addons.scoped_apikey.exports.to_csv"),
        ):
            chunks = to_csv.chunks(self.COLUMNS, self.batches(query), "CUT SHORT")
            received = []
            with self.assertRaises(psycopg2.Error) as caught:
                for chunk in chunks:
                    received.append(chunk)
        self.assertIn("division by zero", str(caught.exception))
        self.assertTrue(b"".join(received).endswith(b"10\r\nCUT SHORT\r\n"))
        self.assertTrue(opened[0].closed)

    def test_failure_of_a_workbook(self):
        query = SQL("SELECT 10 / (5 - number) FROM generate_series(1, 9) number")
        with (
            self.cursors() as opened,
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.Error),
        ):
            to_xlsx.write(self.COLUMNS, self.batches(query), "…")
        self.assertTrue(opened[0].closed)

    def test_workbook_that_nobody_reads_on(self):
        file = to_xlsx.write(self.COLUMNS, self.batches(SQL("SELECT 1")), "…")
        with patch.object(to_xlsx, "CHUNK", 10):
            chunks = to_xlsx.chunks(file)
            self.assertEqual(len(next(chunks)), 10)
            self.assertFalse(file.closed)
            del chunks
        self.assertTrue(file.closed)

    def test_long_text(self):
        query = SQL("SELECT repeat('x', 40000)")
        file = to_xlsx.write(self.COLUMNS, self.batches(query), "…")
        with file:
            [sheet] = openpyxl.load_workbook(file)
            self.assertEqual(len(sheet["A2"].value), to_xlsx.CELL_LIMIT)
            self.assertTrue(sheet["A2"].value.endswith("x…"))


@tagged("post_install", "-at_install", "scoped_apikey")
class TestExportWizard(ScopedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = make_user(
            cls.env, "export_auditor", "scoped_apikey.group_auditor"
        )

    def wizard(self, model="apikey.call", domain=()):
        return (
            self.env["apikey.export.wizard"]
            .with_user(self.auditor)
            .with_context(active_model=model, active_domain=list(domain))
            .create({})
        )

    def test_takes_over_the_search(self):
        domain = [["outcome", "=", "denied"], ["called_at", ">=", "today -7d"]]
        for model in LOGS:
            wizard = self.wizard(model, domain if model == LOGS[0] else [])
            action = wizard.action_export()
            query = urlencode({"domain": wizard.domain})
            self.assertEqual(
                action["params"]["url"], f"/scoped_apikey/export/{model}.csv?{query}"
            )
            wizard.kind = "xlsx"
            self.assertIn(f"{model}.xlsx?", wizard.action_export()["params"]["url"])

    def test_counts(self):
        self.env.cr.execute("SELECT COALESCE(max(id), 0) FROM apikey_call")
        domain = [["id", ">", self.env.cr.fetchone()[0]]]
        self.assertEqual(self.wizard(domain=domain).row_count, "0")
        with patch("odoo.addons.scoped_apikey.wizards.apikey_export_wizard.COUNTED", 2):
            for expected in ("1", "2", "more than 2"):
                ExportCase.insert(self.env)
                wizard = self.wizard(domain=domain)
                self.assertEqual(wizard.row_count, expected)
