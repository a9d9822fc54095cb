# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Is a key ever accepted after it was revoked?

``make bench-revocation`` has eight clients call with one key on a server with two workers,
which both have recognised it, and takes it away from them in one of the ``ways``. What
counts is what is sent after that was committed and answered, by the clients' one monotonic
clock: nothing of it may be accepted, until the key is given back, and then all of it.
"""

import math
import platform
import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice

from lab.cases import ALLOWED, Call, Case, Rule
from lab.clients import Answer
from lab.console import say
from lab.errors import LabError
from lab.stage import Stage

from .footprint import processor
from .ways import AUTHENTICATE, MODEL, WAYS, Victim, Way, victim

SIZE = 10_000
"""Tries after a revocation."""
TRIES = 100
"""Of each key."""
WITHIN = 60  # seconds
CLIENTS, WORKERS = 8, 2
RECOGNISED = 5
"""So many calls each worker serves before the key is revoked, and after it is given back."""
BEFORE, MEANWHILE, AFTER, AGAIN, OVER = range(5)
NETWORK = 32
"""Calls come from 127.32.0.0/16 before a key is revoked, from 127.33.0.0/16 meanwhile, ...

So the server's log, which has the process and the address of each request, tells who served
what. It has no other name for a call that was refused.
"""
LINE = re.compile(r"\S+ \S+ (\d+) INFO \S+ werkzeug: 127\.(\d+)\.(\d+)\.\d+ - - ")


@dataclass(frozen=True)
class Try:
    """A call of a key that is, or was, revoked.

    :param phase: that in which it was sent
    :param sent, answered: moments of the monotonic clock
    :param accepted: whether it was answered as a call of a good key
    :param refused: whether it was answered as a call must be that is refused as this one
    """

    phase: int
    sent: float
    answered: float
    accepted: bool
    refused: bool


@dataclass
class Round:
    """A key that is taken from its clients.

    :ivar revoking: when its revocation began
    :ivar revoked: when that was answered
    :ivar giving_back: when it began to be given back, if ever
    :ivar given_back: when that was answered
    :ivar tries: of all clients
    :ivar served: how many calls of each phase each process has served
    """

    way: str
    number: int
    phase: int = BEFORE
    revoking: float = 0.0
    revoked: float = 0.0
    giving_back: float = math.inf
    given_back: float = math.inf
    tries: list = field(default_factory=list)
    served: dict = field(
        default_factory=lambda: {phase: Counter() for phase in range(OVER)}
    )

    @property
    def before(self) -> list:
        """The calls that were over before anything was revoked."""
        return [one for one in self.tries if one.answered < self.revoking]

    @property
    def after(self) -> list:
        """The calls that were sent once the revocation was answered, and not lifted yet."""
        return [
            one
            for one in self.tries
            if one.sent > self.revoked and one.answered < self.giving_back
        ]

    @property
    def again(self) -> list:
        """The calls that were sent once the key was given back."""
        return [one for one in self.tries if one.sent > self.given_back]

    @property
    def is_good(self) -> bool:
        """Whether both workers answered in each phase, and all as they must."""
        phases = (BEFORE, AFTER, AGAIN) if WAYS[self.way].give_back else (BEFORE, AFTER)
        return (
            all(one.accepted for one in (*self.before, *self.again))
            and all(one.refused and not one.accepted for one in self.after)
            and all(len(self.served[phase]) == WORKERS for phase in phases)
        )


def run(lab, size: int) -> bool:
    """Measure and print.

    :param lab: an opened ``Lab``
    :param size: tries after a revocation
    :return: whether none was accepted
    :raise LabError: the set-up cannot go on
    """
    with (
        lab.database() as database,
        lab.server(database, workers=WORKERS) as server,
    ):
        stage = Stage(server, database)
        ways = islice(cycle(WAYS), max(1, -(-size // TRIES)))
        rounds = list(measure(stage, server.log, ways, TRIES))
    return report(rounds)


def measure(stage, log, ways, tries: int) -> Iterator[Round]:
    """Revoke keys, one after the other, while a client with another key calls, too.

    :param stage: a ``Stage``
    :param log: the path of the server's log
    :param ways: names of ``WAYS``, one for each key
    :param tries: how many are made of each key once it is revoked, at least
    :raise LabError: a worker serves nothing
    :raise AssertionError: the other key is refused
    """
    with _bystander(stage), log.open("rb") as lines:
        for number, way in enumerate(ways):
            yield _round(stage, lines, Round(way, number % 256), tries)


@contextmanager
def _bystander(stage):
    """Have a key that nothing happens to, and that is always accepted."""
    stage.issue(Case(0, "bystander", (Rule(MODEL, "r"),), ()))
    clients = [stage.client(door, "bystander") for door in ("json2", "xmlrpc")]
    over = []

    def call():
        for client in cycle(clients):
            if over:
                return
            answer = client.call(MODEL, "search_count", kwargs={"domain": []})
            assert answer.ok, answer

    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(call)
        try:
            yield
        finally:
            over.append(True)
        calling.result()


def _round(stage, lines, one: Round, tries: int) -> Round:
    way = WAYS[one.way]
    revoked = victim(stage, way)
    lines.seek(0, 2)  # to the end

    def until(calls: int) -> None:
        deadline = time.monotonic() + WITHIN
        phase, wanted = one.phase, min(calls, RECOGNISED)
        while not (
            sum(made.phase == phase for made in one.tries) >= calls
            and len(one.served[phase]) == WORKERS
            and min(one.served[phase].values()) >= wanted
        ):
            _note_served(lines, one)
            if time.monotonic() > deadline:
                raise LabError(f"{one.way}: {dict(one.served[phase])} serve")
            time.sleep(0.01)

    with ThreadPoolExecutor(CLIENTS) as pool:
        calling = [
            pool.submit(_call, one, way, revoked, number) for number in range(CLIENTS)
        ]
        try:
            until(2 * RECOGNISED)
            one.revoking = time.monotonic()
            one.phase = MEANWHILE
            way.take(revoked)
            one.revoked = time.monotonic()
            one.phase = AFTER
            until(tries)
            if way.give_back:
                one.giving_back = time.monotonic()
                one.phase = MEANWHILE
                way.give_back(revoked)
                one.given_back = time.monotonic()
                one.phase = AGAIN
                until(2 * RECOGNISED)
        finally:
            one.phase = OVER
        for client in calling:
            client.result()
    _note_served(lines, one)
    return one


def _note_served(lines, one: Round) -> None:
    """Read what the log has more of."""
    while line := lines.readline():
        if not line.endswith(b"\n"):  # it is still being written
            lines.seek(-len(line), 1)
            return
        if found := LINE.match(line.decode(errors="replace")):
            process, network, number = map(int, found.groups())
            phase = network - NETWORK
            if phase in one.served and number == one.number:
                one.served[phase][process] += 1


def _call(one: Round, way: Way, revoked: Victim, number: int) -> None:
    """Call all the time, at one of the doors."""
    door = way.doors[number % len(way.doors)]
    clients = [
        _client(revoked, door, f"127.{NETWORK + phase}.{one.number}.{number + 1}")
        for phase in range(OVER)
    ]
    while (phase := one.phase) != OVER:
        sent = time.monotonic()
        answer = _answer(clients[phase], door)
        answered = time.monotonic()
        refused = _is_refused(answer, door, way)
        accepted = answer.ok and answer.value is not False
        one.tries.append(Try(phase, sent, answered, accepted, refused))


def _client(revoked: Victim, door: str, source: str):
    transport = "xmlrpc" if door == AUTHENTICATE else door
    return revoked.stage.client_with(
        transport, revoked.secret, source, revoked.login, revoked.user
    )


def _answer(client, door: str) -> Answer:
    if door == AUTHENTICATE:
        return client.authenticate()
    return client.call(MODEL, "search_count", kwargs={"domain": []})


def _is_refused(answer: Answer, door: str, way: Way) -> bool:
    if door == AUTHENTICATE:
        return answer.value is False
    assert way.expect != ALLOWED
    return Call(MODEL, "search_count", expect=way.expect).is_met_by(door, answer)


def report(rounds: list) -> bool:
    """Print what was measured, and on what. :return: whether all is as it should be"""
    say(f"\nPython {platform.python_version()}, {processor()}")
    say(f"{CLIENTS} clients with one key at a time, {WORKERS} workers\n")
    say("| how it was revoked | keys | tries after it | accepted | by each worker |")
    say("| --- | ---: | ---: | ---: | ---: |")
    for way in WAYS:
        _say_way(way, [one for one in rounds if one.way == way])
    _say_way("in all", rounds)
    again = [made for one in rounds for made in one.again]
    accepted = sum(made.accepted for made in again)
    say(
        f"\nOf {len(again)} calls with keys that were given back, {accepted} succeeded."
    )
    good = all(one.is_good for one in rounds)
    say("As it should be." if good else "NOT AS IT SHOULD BE.")
    return good


def _say_way(way: str, rounds: list) -> None:
    after = [made for one in rounds for made in one.after]
    accepted = sum(made.accepted for made in after)
    served = sum((one.served[AFTER] for one in rounds), Counter())
    workers = " + ".join(f"{calls}" for calls in sorted(served.values()))
    say(f"| {way} | {len(rounds)} | {len(after)} | {accepted} | {workers} |")
