# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Drives the fuzz: a database is prepared, calls are made, judged and counted."""

import contextlib
import json
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from odoo import SUPERUSER_ID, api
from odoo.addons.scoped_apikey.policy.catalogue import READING_METHODS
from odoo.modules.registry import Registry

from . import changes
from .canaries import Columns, unsalted
from .entrance import ALLOWED, Entrance
from .generate import Generator
from .inside import any_models, look_inside
from .metadata import Metadata
from .oracle import TOLD, Finding, Oracle
from .scopes import SCOPES
from .wire import Wire

CALLERS = ("base.user_admin", "base.user_demo", "base.user_root")


@dataclass
class Statistics:
    """What a run has seen."""

    calls: int = 0
    kinds: Counter = field(default_factory=Counter)
    methods: Counter = field(default_factory=Counter)
    steps: Counter = field(default_factory=Counter)
    refused_inside: Counter = field(default_factory=Counter)
    unstable: int = 0
    seconds: float = 0.0

    def count(self, fuzzed, answer):
        self.calls += 1
        self.kinds[answer.kind] += 1
        self.methods[fuzzed.method, answer.kind] += 1
        for step in fuzzed.steps or ["inside"]:
            self.steps[step, answer.kind] += 1
        if not fuzzed.steps and answer.kind != ALLOWED:
            reason = (_loaded(answer.row).get("reason")) or ""
            self.refused_inside[fuzzed.method, reason.partition(": ")[2][:150]] += 1

    @property
    def speed(self) -> float:
        return self.calls / self.seconds if self.seconds else 0.0

    @property
    def share_allowed(self) -> float:
        return self.kinds[ALLOWED] / self.calls if self.calls else 0.0

    def report(self) -> str:
        """Write it down for a reader."""
        shares = ", ".join(
            f"{kind} {count / self.calls:.0%}"
            for kind, count in self.kinds.most_common()
        )
        lines = [f"{self.calls} calls, {self.speed:.0f} a second: {shares}"]
        lines.append(
            f"{self.unstable} answers depend on the order of rows in the files"
        )
        for title, counter in (("step", self.steps), ("method", self.methods)):
            lines.append(f"{title:40} allowed denied error")
            for name in sorted({name for name, _kind in counter}):
                counts = [
                    counter[name, kind] for kind in ("allowed", "denied", "error")
                ]
                if title == "step" or sum(counts) * 500 > self.calls:
                    lines.append("{:40} {:7} {:6} {:5}".format(name, *counts))
        lines.append("calls inside that did not succeed, and why:")
        for (method, reason), count in self.refused_inside.most_common(30):
            lines.append(f"{count:6} {method}: {reason}")
        return "\n".join(lines)


@dataclass
class Leak:
    """A call that something is wrong with."""

    seed: int
    index: int
    scope: str
    call: str
    steps: tuple
    finding: Finding

    def __str__(self):
        return (
            f"seed {self.seed}, call {self.index}, scope “{self.scope}”,"
            f" by {' and '.join(self.steps) or 'a call inside'}:\n"
            f"  {self.call}\n  {self.finding.kind}: {self.finding.detail}"
        )


class Fuzz:
    """A prepared database, and the calls on it.

    :param dbname: a copy that may be changed for good
    :param seed: with the index of a call, all that the call depends on
    :param tame: call no methods but those that are known: for when nothing is refused
    :param url: of a server on the database, to call over HTTP
    """

    def __init__(
        self, dbname: str, seed: int, tame: bool = False, url: str | None = None
    ):
        self.seed = seed
        self.tame = tame
        self.registry = Registry(dbname)
        self.statistics = Statistics()
        self.answered = defaultdict(list)
        self.env = api.Environment(self.registry.cursor(), SUPERUSER_ID, {})
        self.entrance = Wire(self.env, url) if url else Entrance(self.registry)
        self._prepare(self.env)
        self.env.cr.rollback()

    def _prepare(self, env):
        callers = [env.ref(name).id for name in CALLERS]
        self.columns = Columns(env, callers)
        env["ir.mail_server"].create({"name": "Fuzz", "smtp_host": "localhost"})
        env.flush_all()
        changes.watch(env.cr)
        env.cr.execute("SET LOCAL fuzz.off = 'on'")
        self.columns.plant()
        env.invalidate_all(flush=False)
        self.columns.derive()
        env.cr.execute("DELETE FROM fuzz_change")
        self.registry.clear_all_caches()
        self.metadata = Metadata(env, self.columns)
        self.scopes = []
        for scope in SCOPES:
            record = scope.create(env)
            user = env.ref(scope.caller)
            key = self.entrance.key(env, record, user)
            self.scopes.append((scope, key))
        env.cr.commit()
        names = any_models(env(user=env.ref("base.user_admin").id, su=False))
        self.prepared = []
        for scope, key in self.scopes:
            user_env = env(user=key.user_id, su=False)
            inside = look_inside(user_env, scope, names)
            oracle = Oracle(env, self.columns, inside)
            generator = Generator(self.metadata, inside, self.seed, self.tame)
            self.prepared.append((scope, key, inside, oracle, generator))
        env.cr.rollback()

    def digests(self) -> dict:
        """Return what each table holds, in short."""
        found = changes.digests(self.env.cr)
        self.env.cr.rollback()
        return found

    def of(self, index: int):
        """Return whose turn it is."""
        return self.prepared[index % len(self.prepared)]

    def run(self, start: int, stop: int):
        """Make calls.

        :return: yields each ``Leak`` as it is found
        """
        began = time.monotonic()
        for index in range(start, stop):
            scope, key, _inside, oracle, generator = self.of(index)
            fuzzed = generator.make(index)
            answer = self.entrance.call(key, fuzzed)
            self.statistics.count(fuzzed, answer)
            for finding in oracle.judge(fuzzed, answer):
                yield self._leak(index, scope, fuzzed, finding)
            if self.entrance.undoes and _is_comparable(fuzzed, answer):
                told = comparable(fuzzed, answer)
                self.answered[scope].append((index, fuzzed, told))
        self.statistics.seconds += time.monotonic() - began

    def compare(self, at_least: int = 1):
        """Ask again, while all that is outside holds other texts, what was answered.

        :param at_least: so many answers of a scope make it worth the while
        :return: yields a ``Leak`` for each answer that is another
        """
        began = time.monotonic()
        for scope, key, inside, _oracle, _generator in self.prepared:
            if len(self.answered[scope]) >= at_least:
                yield from self._compare(scope, key, inside, self.answered.pop(scope))
        self.statistics.seconds += time.monotonic() - began

    def _compare(self, scope, key, inside, answers):
        first = {index: told for index, _fuzzed, told in answers}
        suspects = [(index, fuzzed) for index, fuzzed, _told in answers]
        flipped, planted = self._flipped(inside), self._planted
        # Rows also move in their files when the same is planted once more.
        states = [flipped, planted, flipped, planted, planted]
        seen = [first]
        for state in states:
            if not suspects:
                break
            self._change(state)
            seen.append({i: self._answer(key, fuzzed) for i, fuzzed in suspects})
            if len(seen) == 2:
                suspects = [(i, f) for i, f in suspects if seen[1][i] != first[i]]
        if len(seen) == 2:
            self._change(planted)
        for index, fuzzed in suspects:
            # Rows that sort alike come as they lie: those answers are not stable.
            told = [answers[index] for answers in seen]
            if told[0] == told[2] == told[4] == told[5] and told[1] == told[3]:
                detail = "the answer depends on texts outside"
                yield self._leak(index, scope, fuzzed, Finding(TOLD, detail))
            else:
                self.statistics.unstable += 1

    def _answer(self, key, fuzzed):
        return comparable(fuzzed, self.entrance.call(key, fuzzed))

    def _planted(self):
        self.columns.plant()

    def _flipped(self, inside):
        return lambda: self.columns.flip(inside.cells, inside.models)

    def _change(self, change):
        cr = self.env.cr
        cr.execute("SET LOCAL fuzz.off = 'on'")
        change()
        cr.commit()
        self.registry.clear_all_caches()
        self.registry.cache_invalidated.clear()

    def _leak(self, index, scope, fuzzed, finding):
        return Leak(
            self.seed,
            index,
            scope.name,
            fuzzed.describe(),
            tuple(fuzzed.steps),
            finding,
        )


def _loaded(row):
    try:
        return json.loads(row)
    except ValueError:
        return {}


def comparable(fuzzed, answer) -> str:
    """Write what came of a call so that it is the same where it tells the same.

    A refusal and an error tell something, too. Of a call that writes only that much counts:
    what it answers are ids, and those are others each time.
    """
    if not _reads(fuzzed):
        return answer.kind
    text = unsalted(answer.text)
    if "groupby" in fuzzed.arguments and not {"order", "orderby"} & set(
        fuzzed.arguments
    ):
        # Groups come in the order of the model they are about, as on a screen.
        with contextlib.suppress(ValueError, TypeError):
            text = json.dumps(sorted(map(json.dumps, json.loads(text))))
    return f"{answer.kind} {text}"


def _is_comparable(fuzzed, answer):
    """Tell whether it is worth the while to ask again what was answered."""
    if fuzzed.model == "mail.message" and {"limit", "offset"} & set(fuzzed.arguments):
        # Stock Odoo filters messages by their documents, and by whom they are to, after
        # it has cut them to the limit: fewer come where hidden ones match, too.
        return False
    # What was written takes long. If texts outside could forbid it, they would have
    # forbidden another call, and that is asked again.
    return _reads(fuzzed) or answer.kind != ALLOWED


def _reads(fuzzed):
    """Tell whether a call is one of a method that only reads."""
    return fuzzed.method in READING_METHODS or fuzzed.method.startswith(
        ("get_", "search_", "web_read", "web_search", "read_")
    )
