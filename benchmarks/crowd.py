# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Sixteen clients, each a process: how many calls a second are served?"""

import multiprocessing
import statistics
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from lab.console import say, step

from . import calls
from .sides import AUDITLOG, OURS, STOCK, serving, three_sides
from .wire import recorded

CLIENTS, WORKERS = 16, 2
KINDS = ("search_read", "write")
SLICE = 1  # seconds that one side is called, before it is another's turn
CALLS_A_ROUND = 25
MARK = "call 00000000"  # that is replaced by the number of the call


def measure(lab, size: int) -> dict:
    """Measure reading and writing at each door, and print a table.

    :param lab: an opened ``Lab``
    :param size: a round for so many calls of one client
    :return: calls a second with the addon as ratios to stock's, by part, door and kind
    """
    rounds = max(1, size // CALLS_A_ROUND)
    speeds = {}
    fork = multiprocessing.get_context("fork")
    with (
        ProcessPoolExecutor(CLIENTS, fork) as pool,
        three_sides(lab) as (sides, postgres),
        serving(lab, sides, postgres, CLIENTS, workers=WORKERS),
    ):
        pool.submit(int).result()  # forks, while there is no other thread
        for door in calls.DOORS:
            for kind in KINDS:
                wires = {side.name: _wires(side, door, kind) for side in sides}
                with step(f"{rounds} rounds of {CLIENTS} clients: {door} {kind}"):
                    speeds[door, kind] = _alternate(pool, wires, rounds)
    return _report(speeds, rounds)


def _wires(side, door, kind):
    """Return the call of each client, to a record of its own."""
    return [
        recorded(
            side.clients[door],
            partial(calls.call, kind=kind, partner=partner, text=MARK),
        )
        for partner in side.partners
    ]


def _alternate(pool, wires, rounds):
    """Return the calls a second of each side, of each round."""
    speeds = defaultdict(list)
    names = list(wires)
    for name in names:  # each worker warms up
        _slice(pool, wires[name], 1)
    for number in range(rounds):
        first = number % len(names)
        for name in (*names[first:], *names[:first]):
            speeds[name].append(_slice(pool, wires[name], SLICE))
    return speeds


def _slice(pool, wires, seconds):
    began = time.monotonic()
    # As many as there are processes, and each lasts: so each process has one.
    counts = pool.map(_call_until, wires, [began + seconds] * len(wires))
    return sum(counts) / (time.monotonic() - began)


def _call_until(wire, stop) -> int:
    """Call, one call after the other. :return: how many were made"""
    made = 0
    while time.monotonic() < stop:
        wire.call(MARK, f"call {made:08}")
        made += 1
    return made


def _report(speeds, rounds):
    say(f"\n{CLIENTS} clients, {WORKERS} workers; medians of {rounds} rounds, in which")
    say(f"each side is called for {SLICE} s, and of the ratios within a round\n")
    say("| call | stock calls/s | addon | ratio | auditlog | ratio |")
    say("| --- | ---: | ---: | ---: | ---: | ---: |")
    figures = {}
    for (door, kind), speed in speeds.items():
        stock, ours, audited = (
            statistics.median(speed[name]) for name in (STOCK, OURS, AUDITLOG)
        )
        ratio, of_audited = (_ratio(speed, name) for name in (OURS, AUDITLOG))
        figures["crowd", door, kind] = ratio
        say(
            f"| {door} {kind} | {stock:.0f} | {ours:.0f} | {ratio:.2f} |"
            f" {audited:.0f} | {of_audited:.2f} |"
        )
    return figures


def _ratio(speed, name):
    """Compare with what came right before or after: the machine may have others."""
    pairs = zip(speed[name], speed[STOCK], strict=True)
    return statistics.median(one / stock for one, stock in pairs)
