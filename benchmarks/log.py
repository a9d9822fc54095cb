# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What does the call log cost, and how long does it take to ask it, when it has grown?

``make bench-log`` fills a log with ten million rows over twelve months, on a PostgreSQL
server of its own that waits for the disk, and prints each figure beside what it should be at
most. ``ROWS=100000`` takes a minute and says little about the indexes.
"""

import os
import platform
import statistics
import tempfile
import time
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

from lab.console import say, step
from lab.durable import durable_copy
from lab.home import folder
from lab.postgres import connect
from lab.web import WebSession

from .footprint import load, processor

SIZE = 10_000_000
"""Rows."""
KEYS = 200
DAYS = 365
INSERTS, ROUNDS = 300, 10
LIST = [
    "called_at", "apikey_name", "user_login", "scope_name", "transport", "model",
    "method", "outcome", "reason_brief", "remote_addr", "duration_ms",
]  # fmt: skip
COUNTED = 10_001  # where the web client stops counting
FILL = """
    INSERT INTO apikey_call
           (call_ref, called_at, apikey_ref, apikey_name, user_ref, user_login, scope_name,
            transport, model, method, res_ids, remote_addr, outcome, reason, duration_ms)
    SELECT md5(n::text), %(begin)s + (n - %(first)s) * %(every)s,
           k, 'integration ' || k, 7, 'integration', 'scope ' || k %% 40,
           (ARRAY['json2', 'xmlrpc', 'jsonrpc'])[1 + k %% 3],
           (ARRAY['res.partner', 'sale.order', 'crm.lead', 'project.task'])[1 + n %% 4],
           (ARRAY['search_read', 'read', 'write', 'create'])[1 + n / 4 %% 4],
           CASE WHEN n %% 2 = 0 THEN (n %% 100000)::text END,
           '192.0.2.' || (k * 7 + n %% 3) %% 250,
           CASE WHEN n %% 50 = 0 THEN 'denied' ELSE 'allowed' END,
           CASE WHEN n %% 50 = 0 THEN 'Key "integration" (scope "scope") may not call it.' END,
           5 + n %% 40
      FROM (SELECT n, 1 + (hashint8(n) & 65535) %% %(keys)s AS k
              FROM generate_series(%(first)s, %(last)s) n) numbers
"""


class Figures:
    """What was measured, beside what it should be."""

    def __init__(self):
        self.good = True

    def add(self, what, value, unit, *, at_most=None, at_least=None):
        good = (at_most is None or value <= at_most) and (
            at_least is None or value >= at_least
        )
        self.good &= good
        asked = ""
        if at_most is not None:
            asked = f"at most {at_most:,}"
        if at_least is not None:
            asked = f"at least {at_least:,}"
        verdict = "" if not asked else "yes" if good else "NO"
        say(f"| {what:58} | {value:>12,.2f} {unit:6} | {asked:18} | {verdict:3} |")


def run(lab, rows: int) -> bool:
    """Measure, and print a table.

    :param lab: an opened ``Lab``
    :return: whether all is as it should be
    :raise LabError: the set-up cannot go on
    """
    with (
        lab.database() as empty,
        lab.database() as full,
        durable_copy(empty, full) as postgres,
        _environment(postgres.variables),
    ):
        ledger = _Ledger(lab, empty, full)
        with step(f"Writing {rows:,} rows over {DAYS} days"):
            ledger.fill(rows)
        with connect(full) as cursor:
            release = cursor.connection.server_version // 10000
        say(
            f"\nPython {platform.python_version()}, {processor()}, PostgreSQL {release}"
        )
        say(f"Rows: {rows:,}. A flush of the disk: {flush():.2f} ms (median)\n")
        say(f"| {'what':58} | {'measured':>19} | {'asked':18} |     |")
        say(f"| {'-' * 58} | {'-' * 18}: | {'-' * 18} | --- |")
        figures = Figures()
        ledger.measure_rows(figures, rows)
        ledger.measure_inserts(figures)
        ledger.measure_seals(figures, rows)
        with lab.server(full, environment=postgres.variables) as server:
            _measure_screens(figures, WebSession(server.url, full))
        ledger.measure_retention(figures)
    say("\nAs it should be." if figures.good else "\nNOT AS IT SHOULD BE.")
    return figures.good


@contextmanager
def _environment(variables):
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def flush() -> float:
    """Return how long the disk takes to keep a page, in milliseconds."""
    times = []
    with tempfile.NamedTemporaryFile(dir=folder("run")) as file:
        for _round in range(100):
            file.write(b"x" * 8192)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


class _Ledger:
    """The logs of two databases, as the code of the addon works with them in this process."""

    def __init__(self, lab, empty, full):
        self.empty, self.full = empty, load(lab, full)

    @property
    def _ended(self):
        now = datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)
        return now - timedelta(minutes=1)

    def fill(self, rows):
        """Write rows evenly over the year, a week a transaction."""
        from odoo.addons.scoped_apikey.ledger import connections
        from odoo.addons.scoped_apikey.ledger.periods import Period

        every = timedelta(days=DAYS) / rows
        begin = self._ended - timedelta(days=DAYS)
        first = 0
        while first < rows:
            moment = begin + first * every
            end = Period.of(moment).end
            last = min(rows - 1, int((end - begin) / every - 0.001))
            connections.ensure_period(self.full, "apikey_call", moment)
            with connect(self.full) as cursor:
                cursor.execute(
                    FILL,
                    {
                        "begin": moment,
                        "every": every,
                        "first": first,
                        "last": last,
                        "keys": KEYS,
                    },
                )
            first = last + 1
        with connect(self.full) as cursor:
            cursor.execute("VACUUM ANALYZE apikey_call")

    def measure_rows(self, figures, rows):
        with connect(self.full) as cursor:
            cursor.execute(
                "SELECT sum(pg_total_relation_size(relid))"
                " FROM pg_partition_tree('apikey_call') WHERE isleaf"
            )
            [size] = cursor.fetchone()
        figures.add("a row, indexes included", float(size) / rows, "bytes", at_most=400)

    def measure_inserts(self, figures):
        """Insert into an empty log and into the full one, in turn."""
        from odoo import SUPERUSER_ID, api
        from odoo.addons.scoped_apikey.call import Call
        from odoo.modules.registry import Registry

        def insert(database, count):
            call = Call(database, "json2", "192.0.2.1", "res.partner", "write", (7,))
            call.identify(7, "integration")
            times = []
            with Registry(database).cursor() as cr:
                log = api.Environment(cr, SUPERUSER_ID, {})["apikey.call"]
                for _row in range(count):
                    row = call.row("allowed", None)
                    began = time.perf_counter()
                    log._insert(row)
                    times.append(time.perf_counter() - began)
                    cr.commit()
            return times

        times = {self.empty: [], self.full: []}
        for database in times:
            insert(database, 50)
        for _round in range(ROUNDS):
            for database, measured in times.items():
                measured += insert(database, INSERTS)
        into_empty, into_full = (
            statistics.median(measured) * 1000 for measured in times.values()
        )
        figures.add("inserting a row, without the commit", into_full, "ms", at_most=1)
        figures.add(
            "  times what it costs into an empty table",
            into_full / into_empty,
            "",
            at_most=1.1,
        )

    def measure_seals(self, figures, rows):
        from odoo.addons.scoped_apikey import sealing

        began = time.perf_counter()
        sealing.seal(self.full)
        figures.add("sealing", rows / (time.perf_counter() - began), "rows/s")
        began = time.perf_counter()
        report = sealing.verify(self.full)
        took = time.perf_counter() - began
        if not report.ok or report.rows < rows:
            raise AssertionError(f"It verifies no more: {report.findings}")
        figures.add("verifying", report.rows / took, "rows/s", at_least=100_000)
        with connect(self.full) as cursor:
            cursor.execute(
                "SELECT sum(pg_total_relation_size(relid))"
                " FROM pg_partition_tree('apikey_seal') WHERE isleaf"
            )
            [size] = cursor.fetchone()
        figures.add("the seals, for each row", float(size) / rows, "bytes")

        began = time.perf_counter()
        sealing.write_apart(self.full, _row(self.full))
        seals = sealing.seal(self.full)
        took = time.perf_counter() - began
        figures.add(
            f"sealing {len(seals)} row more, in the full log", took * 1000, "ms"
        )

    def measure_retention(self, figures):
        """Drop a week, which the retention does for each that is too old."""
        from odoo.addons.scoped_apikey import sealing
        from odoo.addons.scoped_apikey.ledger import tables

        with sealing.environment(self.full) as env:
            [_first, week, *_weeks] = tables.periods(env.cr, "apikey_call")
            began = time.perf_counter()
            env["apikey.call"]._drop(env.cr, week)
            took = time.perf_counter() - began
        figures.add("dropping a week, on record", took, "s", at_most=1)


def _row(database):
    from odoo.addons.scoped_apikey.call import Call

    return Call(database, "json2", "192.0.2.1", "x", "y").row("allowed", None)


def _measure_screens(figures, web):
    """Make the calls that the web client makes."""
    today = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, tzinfo=None)
    day = (today - timedelta(days=100)).strftime("%Y-%m-%d 00:00:00")
    next_day = (today - timedelta(days=99)).strftime("%Y-%m-%d 00:00:00")
    month = (today - timedelta(days=131)).strftime("%Y-%m-%d 00:00:00")
    on_day = [["called_at", ">=", day], ["called_at", "<", next_day]]
    in_month = [["called_at", ">=", month], ["called_at", "<", day]]

    def first_page(*domain):
        specification = {name: {} for name in LIST}
        return lambda: web.call(
            "apikey.call",
            "web_search_read",
            domain=list(domain),
            specification=specification,
            limit=80,
            count_limit=COUNTED,
        )

    def pivot(domain, rows, columns):
        groups = [[*rows[:i], *columns[:j]] for i in range(2) for j in range(2)]
        return lambda: web.call(
            "apikey.call",
            "formatted_read_grouping_sets",
            domain=domain,
            grouping_sets=groups,
            aggregates=["__count"],
        )

    def grouped(domain, groupby):
        return lambda: web.call(
            "apikey.call",
            "web_read_group",
            domain=domain,
            groupby=[groupby],
            aggregates=["__count"],
        )

    week = ["called_at", ">=", "today -7d"]
    [newest] = web.call("apikey.call", "search_read", [], ["call_ref"], limit=1)
    ref = newest["call_ref"]
    for what, call, at_most in (
        ("the first page, of all", first_page(), 200),
        ("the first page, of the last seven days", first_page(week), 200),
        (
            "a key and a day, by its id",
            first_page(["apikey_ref", "=", 17], *on_day),
            200,
        ),
        (
            "a key and a day, by its name",
            first_page(["apikey_name", "ilike", "integration 17"], *on_day),
            200,
        ),
        ("the calls of a key, of all", first_page(["apikey_ref", "=", 17]), 200),
        ("a call by its reference", first_page(["call_ref", "=", ref]), 200),
        ("refused today", first_page(["outcome", "=", "denied"], week), None),
        (
            "an address and a month",
            first_page(["remote_addr", "=", "192.0.2.77"], *in_month),
            None,
        ),
        ("a month by key", grouped(in_month, "apikey_name"), None),
        (
            "a month's pivot by key and day",
            pivot(in_month, ["apikey_name"], ["called_at:day"]),
            2000,
        ),
        (
            "a month's pivot by key and outcome",
            pivot(in_month, ["apikey_name"], ["outcome"]),
            2000,
        ),
    ):
        figures.add(what, _median_of(call), "ms", at_most=at_most)


def _median_of(call) -> float:
    """Return how long a call takes from outside, in milliseconds."""
    times = []
    for number in range(7):
        began = time.perf_counter()
        call()
        if number:
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000
