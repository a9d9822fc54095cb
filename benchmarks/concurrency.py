# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What becomes of many clients that call with one key at a time?

``make bench-concurrency`` lets 16 of them call for a minute. Each writes to a record of its
own, so that nothing but what the addon does about a call can make two calls conflict: then
PostgreSQL would refuse to serialize them, and Odoo try again. There must be no such failure,
and as many rows in the call log as there were calls.
"""

import platform
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, product

from lab.cases import Case, Rule
from lab.console import say
from lab.durable import durable_copy
from lab.postgres import connect
from lab.stage import Stage

from .footprint import processor

SIZE = 60
"""Seconds."""
CLIENTS, WORKERS = 16, 2
DOORS = ("json2", "xmlrpc")
KEY = "One for all"
READ = {"domain": [["is_company", "=", True]], "fields": ["name", "email"], "limit": 10}
CONFLICT = re.compile(
    r"serializ|SERIALIZ|tries left|deadlock|DEADLOCK|ConcurrencyError"
)


@dataclass(frozen=True)
class Result:
    """What came of it.

    :param seconds: how long it took
    :param calls: how many were made
    :param failed: how many of them were not answered as they should be, by what was said
    :param rows: how many the call log has of the key
    :param refs: how many calls those rows are of
    :param outcomes: what those rows say
    :param conflicts: lines of logs that tell of one
    """

    seconds: float
    calls: int
    failed: Counter
    rows: int
    refs: int
    outcomes: set
    conflicts: list

    @property
    def is_good(self) -> bool:
        """Whether there was no conflict, and each call has its row."""
        return (
            not self.conflicts
            and not self.failed
            and self.calls == self.rows == self.refs
            and self.outcomes == {"allowed"}
        )


def run(lab, seconds: float) -> bool:
    """Measure on a PostgreSQL server of its own, one that waits for the disk, and print.

    :param lab: an opened ``Lab``
    :return: whether all is as it should be
    :raise LabError: the set-up cannot go on
    """
    with (
        lab.database() as database,
        durable_copy(database) as postgres,
        lab.server(database, workers=WORKERS, environment=postgres.variables) as server,
    ):
        result = measure(server, database, seconds, postgres)
    report(result)
    return result.is_good


def measure(server, database: str, seconds: float, postgres=None) -> Result:
    """Let the clients call.

    :param server: an ``OdooServer`` with workers
    :param postgres: the ``Embedded`` that it runs on, if that serves nobody else: its log is
        read, too. None: it runs on the lab's
    """
    stage = Stage(server, database)
    stage.issue(Case(0, KEY, (Rule("res.partner", "rw"),), ()))
    partners = stage.admin.call(
        "res.partner",
        "create",
        [{"name": f"Client {number}"} for number in range(CLIENTS)],
    )
    began = time.monotonic()
    stop = began + seconds
    with ThreadPoolExecutor(CLIENTS) as pool:
        failed = list(pool.map(lambda partner: _call(stage, partner, stop), partners))
    took = time.monotonic() - began
    address = postgres.address if postgres else {}
    with connect(database, **address) as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT call_ref), array_agg(DISTINCT outcome)"
            " FROM apikey_call WHERE apikey_ref = %s",
            [stage.key_id(KEY)],
        )
        rows, refs, outcomes = cursor.fetchone()
    logs = [server.log, *([postgres.log] if postgres else [])]
    return Result(
        took,
        sum(made for made, _failed in failed),
        sum((counted for _made, counted in failed), Counter()),
        rows,
        refs,
        set(outcomes or ()),
        [line for log in logs for line in _conflicts(log)],
    )


def _call(stage: Stage, partner: int, stop: float) -> tuple:
    """Read and write in turn, at each door in turn.

    :return: how many calls were made, and which failed
    """
    doors = [stage.client(door, KEY) for door in DOORS]
    failed = Counter()
    turns = cycle(product(("search_read", "write"), doors))
    for made, (method, door) in enumerate(turns):
        if time.monotonic() > stop:
            return made, failed
        if method == "write":
            values = {"vals": {"ref": f"call {made}"}}
            answer = door.call("res.partner", method, [partner], kwargs=values)
        else:
            answer = door.call("res.partner", method, kwargs=READ)
        if not answer.ok or not answer.value:
            failed[f"{method} {door.transport}: {answer.message}"] += 1


def _conflicts(log) -> list:
    lines = log.read_text(errors="replace").splitlines()
    return [line for line in lines if CONFLICT.search(line)]


def report(result: Result) -> None:
    """Print what was measured, and on what."""
    say(f"\nPython {platform.python_version()}, {processor()}")
    say(
        f"{CLIENTS} clients with one key, {WORKERS} workers, {result.seconds:.0f} s:"
        f" {result.calls / result.seconds:.0f} calls a second"
    )
    say(f"{result.calls} calls, {result.rows} rows, of {result.refs} calls")
    say(f"{result.failed.total()} calls failed: {dict(result.failed) or 'none'}")
    say(f"{len(result.conflicts)} conflicts in the logs of Odoo and PostgreSQL")
    for line in result.conflicts[:10]:
        say(f"    {line}")
    say("As it should be." if result.is_good else "NOT AS IT SHOULD BE.")
