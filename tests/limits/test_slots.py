# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How many calls of a key run at a time, counted by locks of a PostgreSQL."""

import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from itertools import count

import holders
import pytest

from lab.home import REPO
from lab.postgres import connect

KEYS = count(1)
THREADS = 8


@pytest.fixture
def module(lab):
    """Odoo has to be found before it is imported."""
    from parts.limits import slots

    return slots


@pytest.fixture
def slots(module, plain_database):
    """Those of one process, as far as the database can tell."""
    made = module.Slots(plain_database)
    yield made
    made._disconnect()


@pytest.fixture
def key():
    """The id of a key that nobody has called with."""
    return next(KEYS)


@pytest.fixture
def sql(plain_database):
    with connect(plain_database) as cr:
        yield cr


class Worker:
    """Another process, which holds slots."""

    def __init__(self, database):
        self.process = subprocess.Popen(
            [sys.executable, holders.__file__, database],
            env={**os.environ, "PYTHONPATH": str(REPO)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, *command) -> int:
        """Have it do something. :return: how many slots it holds now"""
        self.process.stdin.write(f"{' '.join(map(str, command))}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def worker(plain_database):
    started = Worker(plain_database)
    yield started
    started.end()


def locks(sql, key_id) -> list:
    """The slots of a key that are locked, and the processes of PostgreSQL that hold them."""
    sql.execute(
        "SELECT classid::bigint << 32 | objid::bigint, pid FROM pg_locks"
        " WHERE locktype = 'advisory' AND granted AND objsubid = 1"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    found = [
        (lock & 0xFFFF, pid)
        for lock, pid in sql.fetchall()
        if lock >> 16 & 0xFFFFFFFF == key_id
    ]
    return sorted(found)


def take(stack, slots, key, limit, times) -> list:
    """Hold so many slots, for as long as the stack is open. :return: which there were"""
    return [stack.enter_context(slots.held(key, limit)) for _time in range(times)]


# The limit


def test_as_many_as_there_are_and_no_more(slots, key, sql):
    with ExitStack() as stack:
        assert take(stack, slots, key, 3, 5) == [True] * 3 + [False] * 2
        assert [slot for slot, _pid in locks(sql, key)] == [0, 1, 2]
    assert not locks(sql, key)
    assert not slots._held


def test_one_that_ends_lets_another_begin(slots, key):
    with ExitStack() as stack:
        take(stack, slots, key, 2, 1)
        with slots.held(key, 2) as held:
            assert held
            with slots.held(key, 2) as held:
                assert not held
            with slots.held(key, 2) as held:
                assert not held, "what was not held is not freed"
        with slots.held(key, 2) as held:
            assert held


def test_a_call_that_fails_frees_its_slot(slots, key, sql):
    with pytest.raises(ZeroDivisionError), slots.held(key, 1):
        raise ZeroDivisionError
    assert not locks(sql, key)


def test_keys_are_apart(slots, key, sql):
    """Also those whose ids are at either end of what a column can hold."""
    ids = [key, key + 1, key + 2**16, 2**31 - 1]
    with ExitStack() as stack:
        for key_id in ids:
            assert take(stack, slots, key_id, 1, 2) == [True, False]
        for key_id in ids:
            assert len(locks(sql, key_id)) == 1


def test_locks_of_others_are_not_ours(slots, key, sql):
    """Odoo and its addons lock small numbers."""
    sql.execute("SELECT pg_advisory_lock(key) FROM generate_series(0, 99) AS key")
    sql.execute(
        "SELECT pg_advisory_lock(%s, slot) FROM generate_series(0, 9) AS slot", [key]
    )
    try:
        with slots.held(key, 1) as held:
            assert held
    finally:
        sql.execute("SELECT pg_advisory_unlock_all()")


def test_more_than_can_be_told_apart(module, slots, key, sql, monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    with ExitStack() as stack:
        assert take(stack, slots, key, 10**6, 3) == [True, True, False]


def test_a_limit_that_is_edited(slots, key):
    with ExitStack() as stack:
        assert all(take(stack, slots, key, 4, 4))
        assert take(stack, slots, key, 2, 1) == [False]
        assert take(stack, slots, key, 6, 3) == [True, True, False]


# Threads, processes


def test_threads_hold_the_limit_together(slots, key, sql):
    """What runs never exceeds the limit, and no two hold the same slot."""
    lock, asked = threading.Lock(), threading.Barrier(THREADS)
    running, most, served, wrong = 0, [], [], []

    def work():
        nonlocal running
        for time in range(40):
            with slots.held(key, 3) as held:
                if held:
                    with lock:
                        running += 1
                        most.append(running)
                        sql.execute(
                            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                        )
                        # A lock that is taken twice is one lock; one more may be just
                        # begun or not be freed yet.
                        if sql.fetchone()[0] < running:
                            wrong.append(running)
                    served.append(1)
                if not time:
                    asked.wait(60)  # none lets go before all have asked
                if held:
                    with lock:
                        running -= 1

    threads = [threading.Thread(target=work) for _number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert served
    assert max(most) == 3
    assert not slots._held
    assert not locks(sql, key)


def test_processes_hold_the_limit_together(slots, key, worker, sql):
    assert worker.ask("take", key, 3) == 1
    assert worker.ask("take", key, 3) == 2
    with ExitStack() as stack:
        assert take(stack, slots, key, 3, 2) == [True, False]
        assert worker.ask("take", key, 3) == 2
        held = locks(sql, key)
        assert [slot for slot, _pid in held] == [0, 1, 2]
        assert len({pid for _slot, pid in held}) == 2
    assert worker.ask("take", key, 3) == 3
    assert worker.ask("free") == 0
    with ExitStack() as stack:
        assert take(stack, slots, key, 3, 4) == [True, True, True, False]


def test_a_process_that_is_killed_frees_its_slots(slots, key, worker, sql):
    assert worker.ask("take", key, 1) == 1
    with slots.held(key, 1) as held:
        assert not held
    sql.execute(
        "SELECT classid::bigint << 32 | objid::bigint FROM pg_locks"
        " WHERE locktype = 'advisory'"
    )
    [[lock]] = sql.fetchall()
    worker.end()
    # PostgreSQL may still be finding out; whoever waits for the lock waits for that.
    sql.execute("SET lock_timeout = '20s'")
    sql.execute("SELECT pg_advisory_lock(%s)", [lock])
    sql.execute("SELECT pg_advisory_unlock(%s)", [lock])
    with slots.held(key, 1) as held:
        assert held


def test_each_process_has_its_own(module, monkeypatch):
    mine = module.slots_of("database")
    assert module.slots_of("database") is mine
    assert module.slots_of("another") is not mine
    monkeypatch.setattr(module.os, "getpid", lambda: -1)
    assert module.slots_of("database") is not mine, "a fork would share the connection"


# When something is wrong


def end_connections(sql, database):
    sql.execute(
        "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity"
        " WHERE datname = %s AND pid <> pg_backend_pid()",
        [database],
    )
    assert sql.fetchone()[0]


def test_a_connection_that_was_ended_is_made_anew(slots, key, sql, plain_database):
    with slots.held(key, 1) as held:
        assert held
    end_connections(sql, plain_database)
    with ExitStack() as stack:
        assert take(stack, slots, key, 1, 2) == [True, False]
        assert len(locks(sql, key)) == 1


def test_what_was_held_through_it_is_held_no_more(slots, key, sql, plain_database):
    """And whoever held it frees nothing of what others hold by now."""
    with ExitStack() as later:
        with ExitStack() as earlier:
            assert take(earlier, slots, key, 3, 2) == [True, True]
            end_connections(sql, plain_database)
            assert take(later, slots, key, 3, 4) == [True, True, True, False]
        assert len(locks(sql, key)) == 3
        assert take(later, slots, key, 3, 1) == [False]
    assert not locks(sql, key)


def test_a_connection_that_ended_before_a_slot_is_freed(
    slots, key, sql, plain_database
):
    with slots.held(key, 1) as held:
        assert held
        end_connections(sql, plain_database)
    with slots.held(key, 1) as held:
        assert held
    assert not slots._held


def test_a_database_that_is_not_there(module, key):
    from parts.limits.counter import CounterUnreachable

    slots = module.Slots("scoped-apikey-no-such-database")
    entered = []
    with (
        pytest.raises(CounterUnreachable, match="OperationalError") as error,
        slots.held(key, 1),
    ):
        entered.append(1)
    assert not entered
    assert "no-such" not in str(error.value)


def test_keys_that_find_no_slot_are_not_remembered(slots, key, worker):
    assert worker.ask("take", key, 1) == 1
    with slots.held(key, 1) as held:
        assert not held
    assert not slots._held
