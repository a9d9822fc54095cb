# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Is a limit on calls held by many workers together, and are all calls to be had?

``make bench-limits`` has 16 clients call with one key as fast as they can, on two servers
of two workers each, for three minutes of the calendar: with permits counted in PostgreSQL,
and then in Redis. What each minute had is read off the call log, and off the clients.
"""

import platform
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from itertools import cycle
from typing import NamedTuple

from lab.cases import Case, Rule
from lab.clients import Answer
from lab.console import say
from lab.postgres import connect
from lab.redis import RedisServer
from lab.stage import Stage

from .footprint import processor

SIZE = 180
"""Seconds, with each counter."""
LIMIT = 600
"""Calls a minute, and so many of them have to be granted in a whole one: the others may be
with a worker that nobody calls any more."""
AT_LEAST = 590
CLIENTS, SERVERS, WORKERS = 16, 2, 2
DOORS = ("json2", "xmlrpc")
MODEL = "res.partner"
KEY = "Limited"
MINUTE = timedelta(minutes=1)
WITHIN = 90  # seconds
BROKEN = (OSError, EOFError)


class Made(NamedTuple):
    """A call that was made.

    :param sent, answered: when, naive, in UTC
    :param answer: what came back; ``None``: nothing, for the connection broke
    :param problem: why it broke
    """

    sent: datetime
    answered: datetime
    answer: Answer | None
    problem: str = ""

    @property
    def is_accepted(self) -> bool:
        return self.answer is not None and self.answer.ok

    @property
    def is_refused(self) -> bool:
        """Whether it was told to come back later."""
        return is_told_to_wait(self.answer)


class Windows(NamedTuple):
    """What the call log has of some keys.

    :param accepted: calls that were not denied, by the time at which their window began
    :param denied: likewise
    """

    accepted: Counter
    denied: Counter


def is_told_to_wait(answer: Answer | None) -> bool:
    """Whether an answer says that a limit is reached, in the words of its door."""
    if answer is None or answer.ok or "Try again" not in answer.message:
        return False
    if answer.status == 200:  # of RPC
        return answer.error_name == "AccessError"
    return answer.status == 429 and int(answer.headers["Retry-After"]) >= 1


def crowd(clients: list, over: Callable[[list], bool]) -> list[Made]:
    """Let clients call, one call after the other, all at a time.

    :param clients: one list for each, of standard clients that it takes in turn
    :param over: takes the calls made so far, and says when to stop
    :return: all calls, in the order of their answers
    """
    made = []

    def call(doors):
        for door in cycle(doors):
            if over(made):
                return
            made.append(_call(door))

    with ThreadPoolExecutor(len(clients)) as pool:
        for one in [pool.submit(call, doors) for doors in clients]:
            one.result()
    return made


def _call(client) -> Made:
    sent = _now()
    try:
        answer = client.call(MODEL, "search_count", kwargs={"domain": []})
    except BROKEN as error:
        return Made(sent, _now(), None, f"{client.transport}: {error!r}")
    return Made(sent, _now(), answer)


def nothing_is_left(refusals: int) -> Callable[[list], bool]:
    """Stop after so many refusals in a row, wherever they come from; or at last."""
    end = time.monotonic() + WITHIN

    def over(made):
        refused = len(made) >= refusals and all(
            one.is_refused for one in made[-refusals:]
        )
        return refused or time.monotonic() > end

    return over


def windows(database: str, keys: list, unit: str) -> Windows:
    """Count the calls of keys, as the call log has them.

    :param unit: ``minute`` or ``day``
    """
    with connect(database) as cursor:
        cursor.execute(
            "SELECT date_trunc(%s, called_at), outcome = 'denied',"
            " count(DISTINCT call_ref)"
            " FROM apikey_call WHERE apikey_ref = ANY(%s) GROUP BY 1, 2",
            [unit, keys],
        )
        rows = cursor.fetchall()
    accepted = Counter({began: calls for began, denied, calls in rows if not denied})
    denied = Counter({began: calls for began, denied, calls in rows if denied})
    return Windows(accepted, denied)


def surely_within(made: list, began: datetime) -> int:
    """How many calls were accepted that clients know to belong to a minute."""
    return sum(
        one.is_accepted and began <= one.sent and one.answered < began + MINUTE
        for one in made
    )


def run(lab, seconds: float) -> bool:
    """Measure with both counters, and print.

    :param lab: an opened ``Lab``
    :param seconds: how long with each; it starts with a minute
    :return: whether the limit was held, and each whole minute had its calls
    :raise LabError: the set-up cannot go on
    """
    say(f"\nPython {platform.python_version()}, {processor()}")
    say(
        f"{CLIENTS} clients with one key, {SERVERS} servers of {WORKERS} workers;"
        f" {LIMIT} calls a minute\n"
    )
    say("| counted in | minute | accepted, by the log | by the clients | refused |")
    say("| --- | --- | ---: | ---: | ---: |")
    with RedisServer() as redis:
        counters = {"PostgreSQL": {}, "Redis": {"scoped_apikey_redis": redis.url}}
        good = [_measure(lab, *counter, seconds) for counter in counters.items()]
    say("\nAs it should be." if all(good) else "\nNOT AS IT SHOULD BE.")
    return all(good)


def _measure(lab, name: str, options: dict, seconds: float) -> bool:
    """Have a crowd call from the next minute on, and print what each minute had."""
    with lab.database() as database, ExitStack() as stack:
        servers = [
            stack.enter_context(lab.server(database, workers=WORKERS, options=options))
            for _number in range(SERVERS)
        ]
        stage = Stage(servers[0], database)
        scope = stage.make_scope(Case(0, KEY, (Rule(MODEL, "r"),), ()))
        stage.admin.call("apikey.scope", "write", [scope], {"rate_limit": LIMIT})
        secret = stage.issue_key(KEY, scope)
        clients = [
            clients_of(stage, secret, [servers[number % SERVERS].url])
            for number in range(CLIENTS)
        ]
        while _now().second:  # until a minute begins
            time.sleep(0.01)
        end = time.monotonic() + seconds
        made = crowd(clients, lambda _made: time.monotonic() > end)
        log = windows(database, [stage.key_id(KEY)], "minute")
    return _report(name, made, log, seconds)


def clients_of(stage, secret: str, urls: list) -> list:
    """Standard clients with a key, for each door of each server."""
    clients = []
    for url in urls:
        for door in DOORS:
            client = stage.client_with(door, secret)
            client.url = url
            clients.append(client)
    return clients


def _report(name: str, made: list, log: Windows, seconds: float) -> bool:
    accepted = sum(one.is_accepted for one in made)
    failed = Counter(
        one.answer.message if one.answer else one.problem
        for one in made
        if not (one.is_accepted or one.is_refused)
    )
    began = sorted({*log.accepted, *log.denied})
    for minute in began:
        say(
            f"| {name} | {minute:%H:%M} | {log.accepted[minute]} |"
            f" {surely_within(made, minute)} | {log.denied[minute]} |"
        )
    if failed:
        say(f"\n{failed.total()} calls failed: {dict(failed)}")
    whole = began[: int(seconds // MINUTE.total_seconds())]
    return (
        not failed
        and bool(whole)
        and accepted == log.accepted.total()
        and max(log.accepted.values()) <= LIMIT
        and all(surely_within(made, minute) <= LIMIT for minute in began)
        and min(log.accepted[minute] for minute in whole) >= AT_LEAST
    )


def _now() -> datetime:
    """This moment as the call log has it."""
    return datetime.now(timezone.utc).replace(tzinfo=None)
