# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One client that calls one side after the other: how long does a call take?"""

import statistics
import time

from lab.console import say, step

from .calls import DOORS, KINDS
from .sides import AUDITLOG, OURS, STOCK, serving, three_sides

WARM_UP = 20
SLOWER = 30  # of a kind that takes so much longer, so many fewer are made


def measure(lab, size: int) -> dict:
    """Measure every kind of call, and print a table.

    :param lab: an opened ``Lab``
    :param size: calls of each kind
    :return: medians with the addon as ratios to stock's, by part, door and kind
    """
    times = {}
    with three_sides(lab) as (sides, postgres), serving(lab, sides, postgres):
        for door in DOORS:
            for kind in KINDS:
                calls = max(size // SLOWER, 5) if kind.startswith("create") else size
                with step(f"{calls} calls: {door} {kind}"):
                    times[door, kind] = alternate(sides, door, kind, calls)
        for side in sides:
            if side.name == OURS:
                side.check_rows(postgres)
    return _report(times, size)


def alternate(sides, door: str, kind: str, calls: int) -> dict:
    """Let each side answer in turn, none of them always first.

    :param calls: how many each answers
    :return: the seconds each call took, by the name of the side
    """
    times = {side.name: [] for side in sides}
    warm_up = min(WARM_UP, calls)
    for number in range(warm_up + calls):
        first = number % len(sides)
        for side in (*sides[first:], *sides[:first]):
            began = time.perf_counter()
            side.call(door, kind, f"call {number}")
            took = time.perf_counter() - began
            if number >= warm_up:
                times[side.name].append(took)
    return times


def p95(times) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


def _report(times, size):
    say(f"\n1 client, medians of {size} calls (create: {max(size // SLOWER, 5)})\n")
    say(
        "| call | stock | with the addon | ratio | p95 stock | p95 addon"
        " | auditlog | ratio |"
    )
    say("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    figures = {}
    for (door, kind), of_sides in times.items():
        stock, ours, audited = (
            statistics.median(of_sides[name]) * 1000 for name in (STOCK, OURS, AUDITLOG)
        )
        figures["single", door, kind] = ours / stock
        say(
            f"| {door} {kind} | {stock:.2f} ms | {ours:.2f} ms | {ours / stock:.2f} |"
            f" {p95(of_sides[STOCK]) * 1000:.2f} ms |"
            f" {p95(of_sides[OURS]) * 1000:.2f} ms |"
            f" {audited:.2f} ms | {audited / stock:.2f} |"
        )
    return figures
