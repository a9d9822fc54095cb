# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What does a row of the call log cost the call that leaves it?

``make bench-row`` lets one client call a stock Odoo and one with the addon in turn, on one
PostgreSQL server that waits for the disk, with a key that has no scope: all that differs is
the row. It prints the medians, and how often a call made PostgreSQL flush its log: for a read,
stock never does. Then the same with the setting that rows of reads do not wait.
"""

import platform
import statistics
import time
from dataclasses import dataclass, field

from lab.clients import Json2, XmlRpc
from lab.console import say
from lab.durable import durable_copy
from lab.postgres import connect
from lab.web import WebSession

from .footprint import processor
from .log import flush

SIZE = 200
"""Calls of each kind."""
WARM_UP = 20
REPORTED = 11  # seconds after which an idle backend has told what it did
KINDS = ("read", "write")
LAZY = "rows of reads that do not wait"


@dataclass
class Side:
    """An Odoo, with the addon or without.

    :ivar times: of each door and kind of call, in seconds
    :ivar flushes: of each door and kind of call, how many there were
    """

    name: str
    server: object
    database: str
    times: dict = field(default_factory=dict)
    flushes: dict = field(default_factory=dict)

    def prepare(self):
        """Issue a key to the administrator, as anybody does, and make a contact."""
        admin = WebSession(self.server.url, self.database)
        values = {"name": "benchmark", "duration": "1"}
        [wizard] = admin.call("res.users.apikeys.description", "create", [values])
        action = admin.press("res.users.apikeys.description", "make_key", [wizard])
        key = action["context"]["default_key"]
        [self.partner] = admin.call("res.partner", "create", [{"name": "Ada"}])
        self.doors = {
            "json2": Json2(self.server.url, self.database, key),
            "xmlrpc": XmlRpc(self.server.url, self.database, "admin", key, admin.uid),
        }
        self.admin = admin

    def call(self, door, kind, number):
        client = self.doors[door]
        if kind == "read":
            domain = [["id", "=", self.partner]]
            kwargs = {"domain": domain, "fields": ["name"]}
            return client.call("res.partner", "search_read", kwargs=kwargs)
        vals = {"vals": {"ref": f"call {number}"}}
        return client.call("res.partner", "write", [self.partner], kwargs=vals)


def run(lab, calls: int) -> bool:
    """Measure, and print a table.

    :param lab: an opened ``Lab``
    :param calls: of each kind
    :return: whether all is as it should be
    :raise LabError: the set-up cannot go on
    """
    with (
        lab.database(lab.templates.plain()) as plain,
        lab.database() as full,
        durable_copy(plain, full) as postgres,
        lab.server(
            plain, server_wide=False, environment=postgres.variables
        ) as stock_server,
        lab.server(full, environment=postgres.variables) as our_server,
    ):
        stock = Side("stock", stock_server, plain)
        ours = Side("with the addon", our_server, full)
        for side in (stock, ours):
            side.prepare()
        _measure((stock, ours), calls, postgres)
        lazy = Side(LAZY, our_server, full)
        lazy.prepare()
        parameter = ["scoped_apikey.read_rows", "lazy"]
        lazy.admin.call("ir.config_parameter", "set_param", *parameter)
        _measure((lazy,), calls, postgres)
    return _report(stock, ours, lazy, calls)


def _measure(sides, calls, postgres):
    for door in sides[0].doors:
        for kind in KINDS:
            for side in sides:
                side.times[door, kind] = []
            for number in range(calls + WARM_UP):
                for side in sides:
                    began = time.perf_counter()
                    answer = side.call(door, kind, number)
                    took = time.perf_counter() - began
                    if not answer.ok:
                        raise AssertionError(answer.message)
                    if number >= WARM_UP:
                        side.times[door, kind].append(took)
            for side in sides:
                before = _flushes(postgres)
                for number in range(calls):
                    side.call(door, kind, f"again {number}")
                side.flushes[door, kind] = (_flushes(postgres) - before) / calls


def _flushes(postgres) -> int:
    """Return how often clients of the server have flushed its log."""
    time.sleep(REPORTED)
    with connect(**postgres.address) as cursor:
        cursor.execute(
            "SELECT COALESCE(sum(fsyncs), 0) FROM pg_stat_io"
            " WHERE object = 'wal' AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def _report(stock, ours, lazy, calls) -> bool:
    say(f"\nPython {platform.python_version()}, {processor()}")
    say(f"Medians of {calls} calls. A flush of the disk: {flush():.2f} ms (median)\n")
    say(
        "| call | stock | with the addon | difference | flushes a call | lazy | flushes |"
    )
    say("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    good = True
    for door in ours.doors:
        for kind in KINDS:
            of_stock, of_ours, of_lazy = (
                statistics.median(side.times[door, kind]) * 1000
                for side in (stock, ours, lazy)
            )
            flushes = [side.flushes[door, kind] for side in (stock, ours, lazy)]
            say(
                f"| {door} {kind} | {of_stock:.1f} ms | {of_ours:.1f} ms |"
                f" {of_ours - of_stock:+.1f} ms | {flushes[0]:.2f} → {flushes[1]:.2f} |"
                f" {of_lazy:.1f} ms | {flushes[2]:.2f} |"
            )
            beyond = flushes[1] - flushes[0]
            good &= beyond <= (1.1 if kind == "read" else 0.1)
    say("\nFlushes beyond stock's: at most one for a read, none for a write: ")
    say("as it should be." if good else "MORE.")
    return good
