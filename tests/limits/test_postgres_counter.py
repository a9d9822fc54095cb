# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The counter in PostgreSQL, in a database of a PostgreSQL."""

import threading
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg2
import pytest
import spenders
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from lab import databases
from lab.postgres import connect

STARTED = datetime(2026, 3, 29, 1, 59)
MINUTE, DAY = 60, 86400
KEY = "key:1", STARTED, MINUTE
THREADS, WORKERS = 6, 3
ALL = len(spenders.WINDOWS) * spenders.LIMIT


@pytest.fixture(scope="module")
def postgres_counter(lab):
    """The module. Odoo has to be found before it is imported."""
    from parts.limits import postgres_counter

    return postgres_counter


@pytest.fixture
def sql(plain_database):
    """A cursor in autocommit."""
    with connect(plain_database) as cr:
        yield cr


@pytest.fixture
def take(plain_database, postgres_counter, sql):
    """Take permits from a counter that has counted nothing yet."""
    postgres_counter.create(sql)
    sql.execute("TRUNCATE apikey_permit")

    def take(*request):
        return postgres_counter.take(plain_database, *request)

    return take


@pytest.fixture
def unreachable(postgres_counter):
    """What is raised where the counter cannot be reached."""
    from parts.limits.counter import CounterUnreachable

    return CounterUnreachable


@contextmanager
def transaction(database):
    """A cursor in a transaction that is rolled back, isolated as Odoo's are."""
    # Whoever would wait for it forever is let go in the end, and the test fails.
    options = "-c idle_in_transaction_session_timeout=10s"
    connection = psycopg2.connect(dbname=database, options=options)
    try:
        connection.set_isolation_level(ISOLATION_LEVEL_REPEATABLE_READ)
        with connection.cursor() as cr:
            yield cr
    finally:
        connection.close()


def counts(sql):
    sql.execute("SELECT subject, started, seconds FROM apikey_permit ORDER BY 1, 2, 3")
    return sql.fetchall()


# What is granted


def test_what_is_left_is_granted_and_no_more(take):
    answers = [take(*KEY, 10, wanted) for wanted in (4, 4, 4, 4)]
    assert answers == [(4, 4), (4, 8), (2, 10), (0, 10)]


def test_more_than_there_is_can_be_wanted_at_first(take):
    assert take(*KEY, 10, 99) == (10, 10)
    assert take(*KEY, 10, 1) == (0, 10)


def test_threads_are_granted_the_limit_together(take):
    """None of them fails, though all want the same row."""
    barrier = threading.Barrier(THREADS)
    granted = []

    def work():
        barrier.wait()
        mine = 0
        while answer := take(*KEY, 200, 3).granted:
            mine += answer
        granted.append(mine)

    threads = [threading.Thread(target=work) for _number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(granted) == THREADS
    assert sum(granted) == 200


def test_workers_are_granted_the_limit_together(take, plain_database):
    granted = spenders.granted_to_workers("", plain_database, WORKERS)
    assert len(granted) == WORKERS
    assert sum(granted) == ALL


@pytest.mark.parametrize(
    "other",
    [
        ("key:11", STARTED, MINUTE),
        ("scope:1", STARTED, MINUTE),
        ("key:1", STARTED, DAY),
        ("key:1", STARTED + timedelta(minutes=1), MINUTE),
    ],
)
def test_counts_are_apart(take, other):
    assert take(*KEY, 5, 5) == (5, 5)
    assert take(*other, 5, 2) == (2, 2)
    assert take(*KEY, 5, 1) == (0, 5)


def test_databases_are_apart(take, postgres_counter):
    assert take(*KEY, 5, 5) == (5, 5)
    other = databases.create()
    try:
        with connect(other) as cr:
            postgres_counter.create(cr)
        assert postgres_counter.take(other, *KEY, 5, 2) == (2, 2)
    finally:
        databases.drop(other)


def test_a_limit_can_be_changed_within_a_window(take):
    assert take(*KEY, 10, 8) == (8, 8)
    assert take(*KEY, 5, 1) == (0, 8)
    assert take(*KEY, 9, 4) == (1, 9)


REQUESTS = st.tuples(
    st.sampled_from(["key:1", "key:2", "scope:1"]),
    st.sampled_from([STARTED, STARTED + timedelta(minutes=1)]),
    st.sampled_from([MINUTE, DAY]),
    st.integers(1, 30) | st.integers(1, 2**31 - 1),
    st.integers(1, 12) | st.integers(1, 2**31 - 1),
)


@given(st.lists(REQUESTS, max_size=12))
@settings(deadline=None, max_examples=40)
def test_it_counts_as_a_dictionary_would(plain_database, postgres_counter, requests):
    with connect(plain_database) as sql:
        postgres_counter.create(sql)
        sql.execute("TRUNCATE apikey_permit")
    taken = Counter()
    for *names, limit, wanted in requests:
        window = tuple(names)
        granted = min(wanted, max(limit - taken[window], 0))
        taken[window] += granted
        answer = postgres_counter.take(plain_database, *window, limit, wanted)
        assert answer == (granted, taken[window])


def test_what_was_granted_is_not_forgotten_with_the_call(take, plain_database):
    """It is committed, whatever becomes of the transaction of the call."""
    with transaction(plain_database) as call:
        call.execute("SELECT 1")
        assert take(*KEY, 5, 3) == (3, 3)
        assert take(*KEY, 5, 3) == (2, 5), "another's snapshot is not looked at"


# How long it is kept


def test_the_first_of_a_window_forgets_those_of_long_ago(take, sql):
    minute = timedelta(minutes=1)
    windows = [STARTED + number * minute for number in range(15)]
    take("key:2", STARTED, MINUTE, 5, 1)
    take("key:1", STARTED, DAY, 5, 1)
    for started in windows:
        take("key:1", started, MINUTE, 5, 1)
    assert counts(sql) == [
        ("key:1", STARTED, DAY),
        *(("key:1", started, MINUTE) for started in windows[4:]),
        ("key:2", STARTED, MINUTE),
    ]


def test_all_that_is_old_can_be_forgotten(take, sql, postgres_counter):
    """Also of keys that are used no more."""
    for key in ("key:1", "key:2"):
        for seconds in (MINUTE, DAY):
            take(key, STARTED, seconds, 5, 1)
    both = [(key, STARTED, DAY) for key in ("key:1", "key:2")]
    postgres_counter.forget_old(sql, STARTED + timedelta(minutes=10))
    assert len(counts(sql)) == 4, "calls, and hosts, can be late"
    postgres_counter.forget_old(sql, STARTED + timedelta(minutes=10, seconds=1))
    assert counts(sql) == both
    postgres_counter.forget_old(sql, STARTED + timedelta(days=10))
    assert counts(sql) == both
    postgres_counter.forget_old(sql, STARTED + timedelta(days=10, seconds=1))
    assert counts(sql) == []


def test_what_another_forgets_is_not_waited_for(
    take, sql, postgres_counter, plain_database
):
    take(*KEY, 5, 1)
    now = STARTED + timedelta(hours=1)
    with transaction(plain_database) as job:
        postgres_counter.forget_old(job, now)
        assert job.rowcount == 1
        assert take("key:1", now, MINUTE, 5, 1) == (1, 1)
    assert len(counts(sql)) == 2
    assert take("key:1", now + timedelta(minutes=1), MINUTE, 5, 1) == (1, 1)
    assert len(counts(sql)) == 2, "it went a minute later"


def test_it_can_be_made_twice_and_dropped_twice(take, sql, postgres_counter):
    postgres_counter.create(sql)
    assert take(*KEY, 5, 1) == (1, 1)
    for _time in range(2):
        postgres_counter.drop(sql)
    with pytest.raises(psycopg2.errors.UndefinedTable):
        counts(sql)


# When something is wrong


def test_a_row_that_is_locked_is_not_waited_for_long(
    take, unreachable, plain_database, postgres_counter, monkeypatch
):
    monkeypatch.setattr(postgres_counter, "LOCK_TIMEOUT", "50ms")
    take(*KEY, 5, 1)
    with transaction(plain_database) as other:
        other.execute("SELECT FROM apikey_permit FOR UPDATE")
        with pytest.raises(unreachable, match="LockNotAvailable"):
            take(*KEY, 5, 1)
        assert take("key:2", STARTED, MINUTE, 5, 1) == (1, 1)
    assert take(*KEY, 5, 1) == (1, 2), "nothing had been granted"


def test_a_database_that_is_not_there(postgres_counter, unreachable):
    with pytest.raises(unreachable, match="OperationalError") as error:
        postgres_counter.take("scoped-apikey-no-such-database", *KEY, 5, 1)
    assert "no-such" not in str(error.value)


def test_a_database_without_the_table(take, sql, postgres_counter, unreachable):
    postgres_counter.drop(sql)
    with pytest.raises(unreachable, match="UndefinedTable"):
        take(*KEY, 5, 1)
    postgres_counter.create(sql)
    assert take(*KEY, 5, 1) == (1, 1)


def test_connections_that_were_ended_are_made_anew(take, sql, plain_database):
    take(*KEY, 5, 1)
    sql.execute(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = %s AND pid <> pg_backend_pid()",
        [plain_database],
    )
    assert sql.fetchone()[0]
    assert take(*KEY, 5, 1) == (1, 2)
