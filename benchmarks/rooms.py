# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where does the time of a call go?

``make bench-rooms`` has a server time each room that a call walks through, by the addon
``scoped_apikey_stopwatch``, and beside it an Odoo without the addon: what is left over is
what the addon costs between the rooms. Each moment is counted once, in the innermost room.
"""

import json
import platform
import statistics
import urllib.request
from itertools import product
from pathlib import Path

from lab.config import SERVER_WIDE
from lab.console import say, step
from lab.durable import durable_copy
from lab.home import ADDON

from .calls import DOORS
from .footprint import processor
from .log import flush
from .sides import OURS, STOCK, Side, issue_scoped, issue_unlimited, serving
from .single import WARM_UP

SIZE = 200
"""Calls of each kind."""
CALLS = tuple(product(DOORS, ("search_read", "write")))
STOPWATCH = "scoped_apikey_stopwatch"
# What an Odoo without the addon has, too.
COMMON = ("hash", "flush", "commit")
REST, METHOD = "rest", "Odoo's method"
ROOMS = (
    "identify",
    "take a permit",
    "note the arguments",
    "narrow the companies",
    "decide",
    "read the footprint",
    "check the records",
    "build the wall",
    "wall, in the ORM",
    "run",
    "record",
)


def run(lab, calls: int) -> bool:
    """Measure, and print a table.

    :param lab: an opened ``Lab``
    :param calls: of each kind
    :return: True: no figure has a target of its own
    :raise LabError: the set-up cannot go on
    """
    paths = [*lab.odoo.addons_path, Path(__file__).with_name("addons")]
    options = {
        "server_wide": False,
        "options": {"addons_path": ",".join(map(str, paths))},
    }
    loaded = f"--load={SERVER_WIDE},{STOPWATCH}"
    without = loaded.replace(f"{ADDON},", "")
    with (
        lab.database(lab.templates.plain()) as plain,
        lab.database() as full,
        durable_copy(plain, full) as postgres,
    ):
        sides = (
            Side(STOCK, plain, issue_unlimited, {**options, "arguments": (without,)}),
            Side(OURS, full, issue_scoped, {**options, "arguments": (loaded,)}),
        )
        times = {}
        with serving(lab, sides, postgres):
            for call in CALLS:
                with step(f"{calls} calls: {' '.join(call)}"):
                    times[call] = _measure(sides, call, calls)
    _report(times, calls)
    return True


def _measure(sides, call, calls):
    """Return what each side's requests took, by its name and by room."""
    for number in range(WARM_UP):
        for side in sides:
            side.call(*call, f"warm {number}")
    for side in sides:
        _take(side)
    for number in range(calls):
        for side in sides[:: 1 if number % 2 else -1]:
            side.call(*call, f"call {number}")
    return {side.name: _medians(_take(side)) for side in sides}


def _take(side) -> list:
    with urllib.request.urlopen(f"{side.server.url}/{STOPWATCH}") as response:
        return json.load(response)


def _medians(requests) -> dict:
    """Return by room the medians of microseconds, queries, and microseconds of queries."""
    for request in requests:
        request["all"] = _columns(sum, request.values())
    rooms = {room for request in requests for room in request}
    return {
        room: _columns(
            statistics.median, [request.get(room, (0, 0, 0)) for request in requests]
        )
        for room in rooms
    }


def _columns(function, rows) -> list:
    return [function(column) for column in zip(*rows, strict=True)]


def _report(times, calls):
    say(f"\nPython {platform.python_version()}, {processor()}")
    say(f"Medians of {calls} calls. A flush of the disk: {flush():.2f} ms (median)")
    say("Microseconds; in parentheses queries, and microseconds of the queries.\n")
    say(f"| | {' | '.join(' '.join(call) for call in times)} |")
    say(f"| --- |{' ---: |' * len(times)}")
    ours = [of_sides[OURS] for of_sides in times.values()]
    stock = [of_sides[STOCK] for of_sides in times.values()]
    for room in (*ROOMS, METHOD, *COMMON, REST, "all"):
        _say_row(room, (_cell(of_call.get(room)) for of_call in ours))
    for room in (*COMMON, REST, "all"):
        _say_row(f"without the addon: {room}", (_cell(one.get(room)) for one in stock))
    between = (
        one[METHOD][0] + one[REST][0] - other[REST][0]
        for one, other in zip(ours, stock, strict=True)
    )
    _say_row("the addon, between its rooms", (f"{cost:.0f}" for cost in between))


def _say_row(name, cells):
    say(f"| {name} | {' | '.join(cells)} |")


def _cell(spent) -> str:
    if spent is None:
        return ""
    microseconds, queries, of_queries = spent
    asked = f" ({queries:.0f}, {of_queries:.0f})" if queries else ""
    return f"{microseconds:.0f}{asked}"
