# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Limits on calls hold over two servers of two workers each, whatever becomes of them.

The minutes are a short form of ``make bench-limits``.
"""

import math
import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count, cycle

import psutil
import pytest
from waiting import WITHIN, until

from benchmarks.limits import (
    AT_LEAST,
    LIMIT,
    MODEL,
    clients_of,
    crowd,
    is_told_to_wait,
    nothing_is_left,
    surely_within,
    windows,
)
from lab.cases import Rule
from lab.postgres import connect

PARTNERS = {"model": MODEL, "method": "search_count", "domain": []}
SLOW = Rule("probe.note", methods="wait_for(number)")
BOTH = ("json2", "xmlrpc")
_locks = count(70_000)


@pytest.fixture(scope="module")
def other(workers, module_server, probe_path):
    """Another server on the database of ``workers``."""
    return module_server(workers.database, workers=2, arguments=(probe_path,))


@pytest.fixture(scope="module")
def with_redis(workers, module_server, probe_path, redis_server):
    """Two servers on the database of ``workers`` that count in Redis."""
    options = {"scoped_apikey_redis": redis_server.url}
    return [
        module_server(
            workers.database, workers=2, arguments=(probe_path,), options=options
        )
        for _number in range(2)
    ]


@pytest.fixture(params=["PostgreSQL", "Redis"])
def servers(request, workers):
    """Two servers that count in the same place."""
    if request.param == "Redis":
        return request.getfixturevalue("with_redis")
    return [workers.server, request.getfixturevalue("other")]


@pytest.fixture(scope="module", autouse=True)
def patient(workers):
    """Callers who are refused, wait as long as they are told, and come again: by door.

    They wait for the end of a minute, while the tests go on.
    """
    over = threading.Event()
    with ThreadPoolExecutor(len(BOTH)) as pool:
        try:
            yield {
                door: pool.submit(
                    wait_as_told, workers, door, limited(workers, rate_limit=1), over
                )
                for door in BOTH
            }
        finally:
            over.set()


def limited(bench, *rules, **limits):
    """A key whose scope has limits."""
    key = bench.scoped(*rules or (Rule(MODEL, "r"),))
    bench.admin.call("apikey.scope", "write", [bench.scope_id(key)], limits)
    return key


def sharing(bench, keys: int, **limits) -> list:
    """Keys of one scope, which has limits."""
    first = limited(bench, **limits)
    others = [bench.scoped(Rule(MODEL, "r")) for _number in range(keys - 1)]
    wizard = bench.admin.call(
        "apikey.limit.wizard",
        "create",
        [{"scope_id": bench.scope_id(first)}],
        context={"default_key_ids": [key.key_id for key in others]},
    )
    bench.admin.press("apikey.limit.wizard", "action_limit", wizard)
    return [first, *others]


def clients(bench, keys: list, servers: list, many: int) -> list:
    """Clients for a crowd: each has a key, and calls all servers."""
    urls = [server.url for server in servers]
    doors = [clients_of(bench.stage, key.secret, urls) for key in keys]
    return [doors[number % len(keys)] for number in range(many)]


def assert_all_counted(made, log):
    """Clients and the log agree, and nobody was told anything else."""
    assert all(one.is_accepted or one.is_refused for one in made)
    assert sum(one.is_accepted for one in made) == log.accepted.total()
    assert sum(one.is_refused for one in made) == log.denied.total()


# In a minute, in a day


@pytest.mark.parametrize("servers", ["PostgreSQL"], indirect=True)
def test_sixteen_clients_in_a_minute(workers, servers):
    key = limited(workers, rate_limit=LIMIT)
    assert_minutes(workers, servers, key, LIMIT, AT_LEAST, 16)


@pytest.mark.parametrize("servers", ["Redis"], indirect=True)
def test_eight_clients_in_a_minute(workers, servers):
    key = limited(workers, rate_limit=200)
    assert_minutes(workers, servers, key, 200, 197, 8)


def assert_minutes(bench, servers, key, limit, at_least, many):
    """Spend a minute's calls. It may end meanwhile: then those of the next are spent."""
    made = crowd(clients(bench, [key], servers, many), nothing_is_left(100))
    log = windows(bench.database, [key.key_id], "minute")
    assert_all_counted(made, log)
    assert at_least <= max(log.accepted.values()) <= limit
    assert all(surely_within(made, began) <= limit for began in log.accepted)
    over_http = [one.answer for one in made if "RateLimit" in one.answer.headers]
    assert len(over_http) > len(made) / 4, "of /json/2, which is one of two doors"
    for answer in over_http:
        assert answer.headers["RateLimit-Policy"] == f'"key-minute";q={limit};w=60'
        [left] = re.findall(
            r'^"key-minute";r=(\d+);t=\d+$', answer.headers["RateLimit"]
        )
        assert int(left) <= limit if answer.ok else left == "0"


@pytest.mark.parametrize("limits", [{"daily_quota": 60}, {"shared_daily_quota": 60}])
def test_a_day(workers, servers, limits):
    keys = sharing(workers, 3, **limits)
    made = crowd(clients(workers, keys, servers, 6), nothing_is_left(120))
    log = windows(workers.database, [key.key_id for key in keys], "day")
    assert_all_counted(made, log)
    most = 60 * (1 if "shared_daily_quota" in limits else len(keys))
    assert max(log.accepted.values()) == most
    if most > 60:
        for key in keys:
            own = windows(workers.database, [key.key_id], "day")
            assert max(own.accepted.values()) == 60


def test_keys_together_and_each_of_them(workers, servers):
    """The narrower limit holds, and what it refuses takes nothing of the other."""
    keys = sharing(workers, 3, daily_quota=30, shared_daily_quota=70)
    alone = crowd(clients(workers, keys[:1], servers, 4), nothing_is_left(40))
    assert sum(one.is_accepted for one in alone) == 30
    both = crowd(clients(workers, keys[1:], servers, 4), nothing_is_left(100))
    assert sum(one.is_accepted for one in both) == 40
    log = windows(workers.database, [key.key_id for key in keys], "day")
    assert log.accepted.total() == 70
    assert log.denied.total() >= 140
    told = {one.answer.message.partition("now: ")[2][:20] for one in alone + both}
    assert {"it may make 30 calls", "all keys of its scop"} < told


# At a time


@contextmanager
def gate(bench):
    """The number of an advisory lock, which is held meanwhile."""
    number = next(_locks)
    with connect(bench.database) as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [number])
        yield number


def waiting(bench, number) -> int:
    """How many calls wait for a lock."""
    [row] = bench.sql(
        "SELECT count(*) AS calls FROM pg_locks"
        " WHERE locktype = 'advisory' AND objid = %s AND NOT granted",
        number,
    )
    return row.calls


def wait_for(bench, key, door, server, number):
    """Make a call that runs until the lock is free."""
    return bench.call(
        door, key, "probe.note", "wait_for", url=server.url, number=number
    )


def http_workers(server) -> list:
    """The processes that serve calls; the evented server is none of them."""
    children = psutil.Process(server.pid).children()
    return [child for child in children if "gevent" not in child.cmdline()]


def kill_workers(server):
    """Kill those that serve calls with SIGKILL, and wait until others stand in their place."""
    killed = http_workers(server)
    assert len(killed) == 2
    for worker in killed:
        worker.kill()
    psutil.wait_procs(killed, WITHIN)
    until(
        lambda: (
            len(http_workers(server)) == 2
            and not {*killed}.intersection(http_workers(server))
        )
    )


def assert_too_many(answer, door):
    """It was told at once that as many calls are running."""
    assert is_told_to_wait(answer), answer
    assert "may make 2 calls at a time" in answer.message
    if door == "json2":
        assert (answer.status, answer.headers["Retry-After"]) == (429, "1")


def test_two_calls_at_a_time(workers, other):
    """Each runs on another server. The third is refused, and takes no permit; another key's
    is not refused.
    """
    # Two calls here and two later, and no more than a permit that each of two others keeps
    key = limited(workers, SLOW, concurrency_limit=2, daily_quota=6)
    another = limited(workers, SLOW, concurrency_limit=2)
    both = dict(zip(BOTH, (workers.server, other), strict=True))
    with workers.logged() as rows, ThreadPoolExecutor(2) as pool:
        with gate(workers) as closed:
            running = [
                pool.submit(wait_for, workers, key, door, server, closed)
                for door, server in both.items()
            ]
            until(lambda: waiting(workers, closed) == 2)
            for door in BOTH:
                for server in both.values():
                    # nobody holds this one: were they let pass, they would not wait
                    free = next(_locks)
                    began = time.monotonic()
                    refused = wait_for(workers, key, door, server, free)
                    assert time.monotonic() - began < 5
                    assert_too_many(refused, door)
                    assert wait_for(workers, another, door, server, free).ok
            assert waiting(workers, closed) == 2
        assert all(call.result().ok for call in running)
    for door, server in both.items():
        assert wait_for(workers, key, door, server, closed).ok
    outcomes = Counter((row.apikey_ref, row.outcome) for row in rows)
    assert outcomes[key.key_id, "allowed"] == 2
    assert outcomes[key.key_id, "denied"] == 4
    assert outcomes[another.key_id, "allowed"] == 4
    assert not outcomes[another.key_id, "denied"]


# When a worker is killed


def test_slots_of_a_killed_worker_are_free(workers, other):
    """At once, whatever PostgreSQL still does for it."""
    key = limited(workers, SLOW, concurrency_limit=2)
    free = next(_locks)
    with ThreadPoolExecutor(4) as pool, gate(workers) as first, gate(workers) as second:
        killed = [
            pool.submit(wait_for, workers, key, "json2", other, first) for _ in range(2)
        ]
        until(lambda: waiting(workers, first) == 2)
        assert_too_many(wait_for(workers, key, "json2", workers.server, free), "json2")
        kill_workers(other)
        for call in killed:
            with pytest.raises(OSError):
                call.result()
        until(lambda: wait_for(workers, key, "json2", workers.server, free).ok)
        running = [
            pool.submit(wait_for, workers, key, "json2", server, second)
            for server in (workers.server, other)
        ]
        until(lambda: waiting(workers, second) == 2)
        assert_too_many(wait_for(workers, key, "json2", other, free), "json2")
    assert all(call.result().ok for call in running)


def test_permits_of_a_killed_worker_are_lost_and_never_granted_again(workers, other):
    limit = 100
    key = limited(workers, daily_quota=limit)

    def lost():
        """How many permits workers have leased and not spent."""
        taken = workers.sql(
            "SELECT sum(taken)::int AS permits FROM apikey_permit WHERE subject = %s",
            f"key:{key.key_id}",
        )[0].permits
        log = windows(workers.database, [key.key_id], "day")
        return (taken or 0) - log.accepted.total()

    for client in cycle(clients(workers, [key], [other], 1)[0]):
        assert client.call(MODEL, "search_count", kwargs={"domain": []}).ok
        if lost() >= 3:
            break
    gone = lost()
    kill_workers(other)
    servers = [workers.server, other]
    made = crowd(clients(workers, [key], servers, 6), nothing_is_left(60))
    assert all(one.is_accepted or one.is_refused for one in made)
    log = windows(workers.database, [key.key_id], "day")
    assert log.accepted.total() == limit - gone
    assert lost() == gone


# When nobody can count


def last_row(bench, key):
    """The newest row of the call log that a key has."""
    [row] = bench.sql(
        "SELECT * FROM apikey_call WHERE apikey_ref = %s ORDER BY id DESC LIMIT 1",
        key.key_id,
    )
    return row


def test_a_redis_that_is_stopped(workers, with_redis, redis_server):
    """A call is refused or served, as its scope says, and counted when Redis is back."""
    refusing = limited(workers, daily_quota=1000)
    serving = limited(workers, daily_quota=1000, on_counter_failure="serve")
    url = with_redis[0].url

    def call(key, door="json2"):
        return workers.call(door, key, **PARTNERS, url=url)

    assert call(refusing).ok and call(serving).ok
    redis_server.stop()
    try:
        # What a worker has leased it still spends.
        refused = until(lambda: (answer := call(refusing)).ok is False and answer)
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        assert "its calls are limited, and cannot be counted" in refused.message
        until(lambda: call(refusing, "xmlrpc").error_name == "AccessError")

        def is_uncounted():
            assert call(serving).ok
            row = last_row(workers, serving)
            assert row.outcome == "allowed"
            return (row.reason or "").startswith("Not counted: Redis does not count")

        until(is_uncounted)
        row = last_row(workers, refusing)
        assert row.outcome == "denied"
        assert "cannot be counted" in row.reason
    finally:
        redis_server.start()
    until(lambda: call(refusing).ok)
    few = limited(workers, daily_quota=5, on_counter_failure="serve")
    # Each of the workers may leave Redis alone for a second yet.
    made = crowd(clients(workers, [few], with_redis, 4), nothing_is_left(40))
    uncounted = workers.sql(
        "SELECT FROM apikey_call WHERE apikey_ref = %s AND reason ~ '^Not counted'",
        few.key_id,
    )
    accepted = sum(one.is_accepted for one in made)
    assert accepted - len(uncounted) == 5


# Told when to come again


def wait_as_told(bench, door, key, over):
    """Call until refused, wait, and call again.

    :param over: an event that ends it
    :return: the seconds that were told; the seconds that the minute then had left, at most
        and at least; and the answer to the call after that
    """
    client = bench.client(door, key)
    while True:
        most = seconds_left()
        refused = client.call(MODEL, "search_count", kwargs={"domain": []})
        if not refused.ok:
            break
    least, answered = seconds_left(), time.monotonic()
    assert is_told_to_wait(refused), refused
    told = int(re.search(r"Try again in (\d+) seconds", refused.message)[1])
    if door == "json2":
        assert refused.headers["Retry-After"] == str(told)
    while (left := answered + told - time.monotonic()) > 0:
        if over.wait(left):
            return None
    return (
        told,
        most,
        least,
        client.call(MODEL, "search_count", kwargs={"domain": []}),
    )


def seconds_left() -> float:
    """How long this minute still is."""
    return 60 - time.time() % 60


@pytest.mark.parametrize("door", BOTH)
def test_whoever_waits_as_told_is_accepted(patient, door):
    told, most, least, answer = patient[door].result()
    if least > most:  # it was refused in one minute, and read that in the next
        least = 0
    assert max(1, math.ceil(least)) <= told <= math.ceil(most)
    assert answer.ok
