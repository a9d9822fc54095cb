# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The command: prints where it is, what it found, and what it has seen."""

import argparse
import json
import logging
from collections import defaultdict
from itertools import chain
from pathlib import Path

ANSWERS_COMPARED = 1500  # of a scope, before they are asked for again
STEP = 500  # calls between two lines


def main(arguments=None) -> int:
    """Run as the command line says.

    :return: an exit status: 0 when nothing was found
    """
    parser = argparse.ArgumentParser(prog="python3 -m fuzz")
    parser.add_argument("--config", required=True, help="Odoo's configuration file")
    parser.add_argument("--database", required=True, help="a copy, changed for good")
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="make just the call of this index")
    parser.add_argument(
        "--made-up", action="store_true", help="let the oracle judge what is known"
    )
    parser.add_argument("--without", default="", help="walls to take away, by comma")
    parser.add_argument("--state", type=Path, help="where to remember how far it came")
    parser.add_argument("--report", type=Path, help="where to write what was found")
    parser.add_argument("--url", help="of a server on the database, to call over HTTP")
    parser.add_argument("--most", type=int, default=40, help="leaks to print")
    options = parser.parse_args(arguments)
    from odoo.tools import config

    config.parse_config(["--config", options.config, "--log-level=critical"])
    logging.disable(logging.CRITICAL)  # thousands of refusals and errors are to come
    from .run import Fuzz
    from .switches import without

    walls = [name for name in options.without.split(",") if name]
    fuzz = Fuzz(options.database, options.seed, "decision" in walls, options.url)
    if options.made_up:
        return _judge_made_up(fuzz, options)
    with without(walls):
        if options.only is not None:
            return _replay(fuzz, options.only)
        return _Run(fuzz, options).run()


def _judge_made_up(fuzz, options) -> int:
    """Tell where the oracle errs."""
    from . import made_up

    wrong = made_up.judge(fuzz)
    print(f"{len(made_up.MADE_UP)} are made up", *wrong, sep="\n")
    if options.report:
        report = {"made_up": len(made_up.MADE_UP), "wrong": wrong}
        options.report.write_text(json.dumps(report))
    return 1 if wrong else 0


def _replay(fuzz, index) -> int:
    """Make one call again, and tell all about it."""
    scope, key, _inside, _oracle, generator = fuzz.of(index)
    fuzzed = generator.make(index)
    answer = fuzz.entrance.call(key, fuzzed)
    print(f"scope “{scope.name}”, steps {fuzzed.steps}\n{fuzzed.describe()}")
    print(f"{answer.kind}: {answer.text[:3000]}\nrow: {answer.row}")
    for change in answer.changes:
        print("changed", change.operation, change.table, change.id, change.columns)
    leaks = [*fuzz.run(index, index + 1), *fuzz.compare()]
    print(*leaks, sep="\n")
    return 1 if leaks else 0


class _Run:
    """A run from where the last one stopped.

    :param options: of the command line
    """

    def __init__(self, fuzz, options):
        self.fuzz = fuzz
        self.options = options
        self.state = {"done": 0, "findings": 0}
        if options.state and options.state.exists():
            self.state = json.loads(options.state.read_text())
        self.by_way = defaultdict(list)

    def run(self) -> int:
        stop = self.options.calls
        digests = self.fuzz.digests()
        while self.state["done"] < stop:
            start = self.state["done"]
            end = min(stop, (start // STEP + 1) * STEP)
            enough = 1 if end == stop else ANSWERS_COMPARED
            for leak in chain(self.fuzz.run(start, end), self.fuzz.compare(enough)):
                self._found(leak)
            digests = self._compare_digests(digests, start, end)
            self._advance(end)
        print(self.fuzz.statistics.report())
        print(self._ways())
        if self.options.report:
            self.options.report.write_text(json.dumps(self._report()))
        return 1 if self.state["findings"] else 0

    def _found(self, leak):
        self.state["findings"] += 1
        if self.state["findings"] <= self.options.most:
            print(leak, flush=True)
        if len(leak.steps) < 2:
            self.by_way[(*leak.steps, "a call inside")[0]].append(leak)

    def _compare_digests(self, before, start, end):
        """What no trigger has seen, because it left the call's transaction, shows here."""
        after = self.fuzz.digests()
        for table in sorted(after):
            if not self.options.url and before.get(table) != after[table]:
                self.state["findings"] += 1
                print(f"calls {start} to {end}: {table} is not what it was")
        return after

    def _advance(self, end):
        self.state["done"] = end
        statistics = self.fuzz.statistics
        print(
            f"seed {self.options.seed}: {end} of {self.options.calls} calls,"
            f" {statistics.speed:.0f} a second, {statistics.share_allowed:.0%} allowed,"
            f" {self.state['findings']} findings",
            flush=True,
        )
        # What waits to be compared is lost with this process, so no more than that.
        if self.options.state:
            self.options.state.write_text(json.dumps(self.state))

    def _ways(self):
        if not self.by_way:
            return "Nothing was found."
        lines = [f"{'found by':40} times first kinds"]
        for name, leaks in sorted(self.by_way.items()):
            kinds = " ".join(sorted({leak.finding.kind for leak in leaks}))
            lines.append(f"{name:40} {len(leaks):5} {leaks[0].index:5} {kinds}")
        return "\n".join(lines)

    def _report(self):
        return {
            "calls": self.fuzz.statistics.calls,
            "allowed": self.fuzz.statistics.share_allowed,
            "findings": self.state["findings"],
            "ways": {
                name: {
                    "times": len(leaks),
                    "first": leaks[0].index,
                    "kinds": sorted({leak.finding.kind for leak in leaks}),
                    "models": sorted(
                        {leak.finding.detail.split("(")[0] for leak in leaks}
                    ),
                }
                for name, leaks in self.by_way.items()
            },
        }
