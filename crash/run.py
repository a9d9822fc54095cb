# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rounds: clients call, something is killed at a random moment, and the log is examined."""

import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle, islice
from random import Random

from lab.console import say

from . import world as worlds
from .clients import FAILED, LOST, calling
from .evidence import Evidence
from .kills import KILLS, WORKER, until

MOMENTS = (0.2, 1.5)  # seconds after which something is killed: between the two
SHOWN = 20  # exceptions
# Half of the time a worker, else PostgreSQL in one way after the other.
ORDER = [turn for kind in KILLS if kind != WORKER for turn in (WORKER, kind)]


@dataclass
class Report:
    """What came of it.

    :param kills: how often what was killed
    :param answers: how many calls of which kind came to what
    :param says: what answers said that are neither done nor refused for want of a rule
    :param findings: of the last time the log was examined, which looks at all of it
    :param exceptions: of each time, no sentence twice
    :param seals: what the verification of the log says
    """

    kills: Counter = field(default_factory=Counter)
    answers: Counter = field(default_factory=Counter)
    says: Counter = field(default_factory=Counter)
    findings: object = None
    exceptions: dict = field(default_factory=dict)
    seals: str = ""

    def lines(self) -> list:
        """The report for a reader."""
        findings = self.findings
        lines = ["", "killed: " + _counted(self.kills)]
        for kind in sorted({kind for kind, _answer in self.answers}):
            answers = {
                answer: count
                for (of_kind, answer), count in self.answers.items()
                if of_kind == kind
            }
            lines.append(f"calls of {kind}: {_counted(answers)}")
        lines += [
            f"answered otherwise, or not at all: {_counted(self.says)}",
            f"effects committed: {findings.effects}",
            f"rows of the log: {_counted(findings.rows)}",
            f"calls that were cut off half-way, after their first commit: {findings.halves}",
            f"calls that a client sent again, and that were done twice: {findings.sent_twice}",
            f"calls whose commit was done while word of it was lost: {findings.said_twice}",
        ]
        lines += self.seals.splitlines()
        lines += [*self.exceptions][:SHOWN]
        lines.append(f"{len(self.exceptions)} exceptions found")
        return lines


def run(lab, kills: int, seed: int) -> Report:
    """Set up a world, kill in it, and say how it goes.

    :param lab: an opened ``Lab``
    :param kills: how many
    :param seed: of what is called, what is killed, and when
    :raise LabError: the set-up cannot go on, or what was killed does not come back
    """
    with worlds.opened(lab, seed) as world:
        report = rounds(world, Evidence(world), kills, seed)
    for line in report.lines():
        say(line)
    return report


def rounds(world, evidence, kills: int, seed: int) -> Report:
    """Kill so many times, and examine the evidence after each.

    :param evidence: of that world
    """
    random = Random(seed)
    report = Report()
    began = time.monotonic()
    for number, kind in enumerate(_kinds(kills, random), start=1):
        _round(world, KILLS[kind], random)
        made = [made for client in world.clients for made in client.made]
        report.findings = evidence.examine(made)
        report.exceptions.update(dict.fromkeys(report.findings.exceptions))
        report.kills[kind] += 1
        say(
            f"{time.monotonic() - began:5.0f} s  kill {number} of {kills}: {kind};"
            f" {len(made)} calls, {report.findings.effects} effects,"
            f" {report.findings.rows.total()} rows, {len(report.exceptions)} exceptions"
        )
    for call in made:
        report.answers[call.kind, call.answer] += 1
        if call.answer in (FAILED, LOST):
            report.says[call.says] += 1
    verified = world.verify()
    report.seals = verified.stdout
    if verified.returncode:
        report.exceptions[f"the seals: {verified.stdout}{verified.stderr}"] = None
    return report


def _round(world, kill, random) -> None:
    """Kill while the clients call, and let them go on until each was served again."""
    with calling(world.clients):
        time.sleep(random.uniform(*MOMENTS))
        kill(world, random)
        before = [client.served for client in world.clients]

        def all_served():
            return all(
                client.served > served
                for client, served in zip(world.clients, before, strict=True)
            )

        until(all_served, "a client is not served any more")


def _kinds(kills: int, random) -> list:
    """What to kill, in a random order."""
    kinds = list(islice(cycle(ORDER), kills))
    random.shuffle(kinds)
    return kinds


def _counted(counter) -> str:
    parts = [f"{count} {name}" for name, count in sorted(counter.items())]
    return ", ".join(parts) or "none"
