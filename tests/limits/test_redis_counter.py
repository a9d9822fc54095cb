# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The counter in Redis, against a Redis."""

import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count

import pytest
import redis
import spenders
from hypothesis import given, settings
from hypothesis import strategies as st
from limits.counter import CounterUnreachable, Taken
from limits.redis_counter import PAUSE, SLACK, TIMEOUT, RedisCounter

from lab.home import REPO

STARTED = datetime(2026, 3, 29, 1, 59)
MINUTE, DAY = 60, 86400
AT_ONCE = 0.3  # seconds, on a busy machine
THREADS = 8
WORKERS = 4
ALL = len(spenders.WINDOWS) * spenders.LIMIT
SPACES = (f"space {number}" for number in count())


@pytest.fixture
def counter(redis_server):
    return RedisCounter(redis_server.url)


@pytest.fixture
def client(redis_server):
    with redis.Redis.from_url(redis_server.url, decode_responses=True) as client:
        yield client


@pytest.fixture
def space():
    """The name of a database that nobody has counted for."""
    return next(SPACES)


@contextmanager
def seconds_taken():
    """A list that has, after the block, the seconds it took."""
    seconds = []
    began = time.monotonic()
    yield seconds
    seconds.append(time.monotonic() - began)


def refused(counter, space):
    """Whether the counter cannot be reached, and the seconds until that was known."""
    with seconds_taken() as seconds:
        try:
            counter.take(space, "key:1", STARTED, MINUTE, 10, 1)
        except CounterUnreachable:
            unreachable = True
        else:
            unreachable = False
    return unreachable, seconds[0]


def until_reached(counter, space, *request):
    """Take, as soon as that can be done."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return counter.take(space, *request)
        except CounterUnreachable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def at_the_same_time(do):
    """Run a function in many threads. :return: what each returned"""
    barrier = threading.Barrier(THREADS)
    returned = []

    def run():
        barrier.wait()
        returned.append(do())

    threads = [threading.Thread(target=run) for _number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(returned) == THREADS
    return returned


# What is granted


def test_what_is_left_is_granted_and_no_more(counter, space):
    answers = [
        counter.take(space, "key:1", STARTED, MINUTE, 10, wanted)
        for wanted in (4, 4, 4, 4)
    ]
    assert answers == [(4, 4), (4, 8), (2, 10), (0, 10)]
    assert isinstance(answers[0], Taken)


def test_threads_are_granted_the_limit_together(counter, space):
    granted = at_the_same_time(lambda: spenders.spend(counter, space, 3))
    assert sum(granted) == ALL


def test_forked_workers_are_granted_the_limit_together(redis_server, space):
    granted = spenders.granted_to_workers(redis_server.url, space, WORKERS)
    assert len(granted) == WORKERS
    assert sum(granted) == ALL


@pytest.mark.parametrize(
    "one, other",
    [
        (("a", "key:1", STARTED, MINUTE), ("b", "key:1", STARTED, MINUTE)),
        (("a", "key:1", STARTED, MINUTE), ("a", "key:11", STARTED, MINUTE)),
        (("a", "key:1", STARTED, MINUTE), ("a", "scope:1", STARTED, MINUTE)),
        (("a", "key:1", STARTED, MINUTE), ("a", "key:1", STARTED, DAY)),
        (
            ("a", "key:1", STARTED, MINUTE),
            ("a", "key:1", STARTED + timedelta(minutes=1), MINUTE),
        ),
        (("a:key", "1", STARTED, MINUTE), ("a", "key:1", STARTED, MINUTE)),
        (("a%3Akey", "1", STARTED, MINUTE), ("a:key", "1", STARTED, MINUTE)),
        (("Ä b", "1", STARTED, MINUTE), ("A b", "1", STARTED, MINUTE)),
    ],
)
def test_counts_are_apart(counter, client, one, other):
    client.flushdb()
    assert counter.take(*one, 5, 5) == (5, 5)
    assert counter.take(*other, 5, 2) == (2, 2)
    assert counter.take(*one, 5, 1) == (0, 5)


def test_a_limit_can_be_changed_within_a_window(counter, space):
    window = space, "key:1", STARTED, MINUTE
    assert counter.take(*window, 10, 8) == (8, 8)
    assert counter.take(*window, 5, 1) == (0, 8)
    assert counter.take(*window, 9, 4) == (1, 9)


REQUESTS = st.tuples(
    st.sampled_from(["key:1", "key:2", "scope:1"]),
    st.sampled_from([STARTED, STARTED + timedelta(minutes=1)]),
    st.sampled_from([MINUTE, DAY]),
    st.integers(1, 30) | st.integers(1, 10**12),
    st.integers(1, 12) | st.integers(1, 10**12),
)


@given(st.lists(REQUESTS, max_size=20))
@settings(deadline=None, max_examples=150)
def test_it_counts_as_a_dictionary_would(redis_server, requests):
    counter, space = RedisCounter(redis_server.url), next(SPACES)
    counts = Counter()
    for *names, limit, wanted in requests:
        window = tuple(names)
        granted = min(wanted, max(limit - counts[window], 0))
        counts[window] += granted
        assert counter.take(space, *window, limit, wanted) == (granted, counts[window])


# How long it is kept


@pytest.mark.parametrize("seconds", [MINUTE, DAY])
def test_a_count_goes_by_itself_when_its_window_is_long_over(
    counter, client, space, seconds
):
    client.flushdb()
    counter.take(space, "key:1", STARTED, seconds, 10, 1)
    [name] = client.keys()
    assert seconds + SLACK - 60 < client.ttl(name) <= seconds + SLACK
    client.expire(name, 1000 + seconds)
    counter.take(space, "key:1", STARTED, seconds, 10, 1)
    assert client.ttl(name) > SLACK + seconds, "the time is set once, for the first"


# When something is wrong


def test_a_redis_that_was_emptied_counts_anew(counter, client, space):
    window = space, "key:1", STARTED, MINUTE
    assert counter.take(*window, 5, 5) == (5, 5)
    client.flushall()
    client.script_flush()
    assert counter.take(*window, 5, 5) == (5, 5)


def test_a_restart_is_not_noticed(redis_server, counter, space):
    counter.take(space, "key:1", STARTED, MINUTE, 5, 5)
    redis_server.stop()
    redis_server.start()
    assert counter.take(space, "key:1", STARTED, MINUTE, 5, 2) == (2, 2)


def test_a_redis_that_is_down_is_told_at_once_and_found_again(
    redis_server, counter, space
):
    counter.take(space, "key:1", STARTED, MINUTE, 5, 5)
    redis_server.stop()
    try:
        unreachable, seconds = refused(counter, space)
        assert unreachable
        assert seconds < AT_ONCE
    finally:
        redis_server.start()
    unreachable, seconds = refused(counter, space)
    assert unreachable, "it is left alone for a second"
    with seconds_taken() as waited:
        until_reached(counter, space, "key:2", STARTED, MINUTE, 5, 1)
    assert waited[0] < PAUSE + AT_ONCE


def test_a_lost_answer_loses_permits_and_grants_none(redis_server, counter, space):
    window = space, "key:1", STARTED, MINUTE
    counter.take(*window, 10, 1)
    redis_server.suspend()
    try:
        with seconds_taken() as seconds, pytest.raises(CounterUnreachable):
            counter.take(*window, 10, 4)
    finally:
        redis_server.resume()
    assert TIMEOUT <= seconds[0] < TIMEOUT + AT_ONCE
    # the answer to this, and not the one that is late
    assert until_reached(counter, space, "key:2", STARTED, MINUTE, 30, 20) == (20, 20)
    assert counter.take(*window, 10, 10) == (5, 10)


def test_few_wait_for_a_redis_that_does_not_answer(counter, space, redis_server):
    counter.take(space, "key:1", STARTED, MINUTE, 10, 1)
    redis_server.suspend()
    try:
        assert refused(counter, space)[0]
        waited = []
        ended = threading.Event()

        def call():
            while not ended.wait(0.01):
                unreachable, seconds = refused(counter, space)
                assert unreachable
                if seconds > TIMEOUT / 2:
                    waited.append(seconds)
                    ended.set()

        at_the_same_time(call)
    finally:
        redis_server.resume()
    assert 1 <= len(waited) <= 2, "two, where they try in the same instant"


def test_a_redis_that_is_full_grants_nothing(counter, client, space):
    client.config_set("maxmemory", 1)
    try:
        with pytest.raises(CounterUnreachable, match="maxmemory"):
            counter.take(space, "key:1", STARTED, MINUTE, 10, 1)
    finally:
        client.config_set("maxmemory", 0)
    assert until_reached(counter, space, "key:1", STARTED, MINUTE, 10, 1) == (1, 1)


@pytest.mark.parametrize(
    "url",
    ["", "localhost", "http://:secret@localhost", "redis://:sec/ret@localhost:6379/0"],
)
def test_what_is_no_url_is_said_without_its_password(url):
    with pytest.raises(CounterUnreachable) as error:
        RedisCounter(url)
    assert "sec" not in str(error.value)
    assert error.value.__suppress_context__


@pytest.mark.parametrize("option", ["password=secret", "nonsense=secret"])
def test_a_wrong_option_is_said_without_its_value(redis_server, option):
    counter = RedisCounter(f"{redis_server.url}?{option}")
    with pytest.raises(CounterUnreachable) as error:
        counter.take("a", "key:1", STARTED, MINUTE, 10, 1)
    assert "secret" not in str(error.value)


def test_without_redis_py_it_cannot_be_made():
    code = (
        "import sys; sys.modules['redis'] = None\n"
        "from lab.plain import load; load('limits')\n"
        "from limits.redis_counter import CounterUnreachable, RedisCounter\n"
        "try: RedisCounter('redis://localhost')\n"
        "except CounterUnreachable as error: print(error)"
    )
    answer = subprocess.check_output([sys.executable, "-c", code], cwd=REPO, text=True)
    assert answer == "The Python package redis is not installed.\n"
