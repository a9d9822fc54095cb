# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Permits that workers lease: never more than the limit over all of them, and none lost."""

import sys
import threading
from collections import Counter
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from limits import leases as module
from limits.counter import CounterUnreachable, Taken
from limits.leases import KEPT, Leases, Spent
from limits.limit import DAY, MINUTE, Limit

NOON = datetime(2026, 3, 29, 12, 0, 30)
WORKERS = 3
SPACE = "database"


class Shared:
    """What a counter is to workers: it grants no more than there is.

    :ivar taken: of each subject, window and length, how many permits
    :ivar wanted: how many were asked for, request by request
    """

    def __init__(self):
        self.taken = Counter()
        self.wanted = []
        self.away = False
        self._lock = threading.Lock()

    def take(self, subject, started, seconds, limit, wanted):
        with self._lock:
            if self.away:
                raise CounterUnreachable("It is away.")
            assert wanted >= 1
            self.wanted.append(wanted)
            window = subject, seconds, started
            granted = max(0, min(wanted, limit - self.taken[window]))
            self.taken[window] += granted
            return Taken(granted, self.taken[window])


@pytest.fixture
def clock(monkeypatch):
    """A clock that runs when it is told to."""
    clock = SimpleNamespace(now=1000.0)
    time = SimpleNamespace(monotonic=lambda: clock.now)
    monkeypatch.setattr(module, "time", time)
    return clock


@pytest.fixture
def shared():
    return Shared()


def left_of(leases) -> Counter:
    """What a worker has leased and not spent, by subject, length and window."""
    return Counter({window[1:]: lease.left for window, lease in leases._leases.items()})


def spent(leases, shared, limits, moment=NOON) -> bool:
    """Spend, or be told that there is none left."""
    try:
        leases.spend(SPACE, limits, moment, shared.take)
    except Spent:
        return False
    return True


# One worker after the other, in any order


LIMITS = (("key:1", MINUTE), ("key:1", DAY), ("key:2", MINUTE), ("scope:1", MINUTE))
MOMENTS = (NOON, NOON + timedelta(minutes=1), NOON - timedelta(minutes=1))


class Workers(RuleBasedStateMachine):
    """Calls of several workers, against what was granted and used altogether."""

    def __init__(self):
        super().__init__()
        self.shared = Shared()
        self.leases = [Leases() for _number in range(WORKERS)]
        self.calls = dict.fromkeys(LIMITS, 9)
        self.permits = []
        self.used = Counter()
        self.lost = Counter()
        self.edited = set()
        self.failed = 0.0
        self._clock = 1000.0
        self._time = module.time
        module.time = SimpleNamespace(monotonic=lambda: self._clock)

    def teardown(self):
        module.time = self._time

    def windows(self, names, moment):
        limits = [Limit(*name, self.calls[name]) for name in names]
        return limits, [
            (limit.subject, limit.seconds, limit.window(moment)) for limit in limits
        ]

    @rule(
        worker=st.integers(0, WORKERS - 1),
        names=st.lists(st.sampled_from(LIMITS), min_size=1, unique=True),
        moment=st.sampled_from(MOMENTS),
        times=st.integers(1, 6),
    )
    def call(self, worker, names, moment, times):
        limits, windows = self.windows(names, moment)
        for _time in range(times):
            try:
                permit = self.leases[worker].spend(
                    SPACE, limits, moment, self.shared.take
                )
            except Spent as error:
                about = error.limit.subject, error.limit.seconds, error.started
                assert self.shared.taken[about] >= error.limit.calls
                assert not left_of(self.leases[worker])[about]
                break
            except CounterUnreachable:
                if self.shared.away:
                    self.failed = self._clock
                assert self._clock < self.failed + module.PAUSE
                break
            self.permits.append((permit, windows, self.leases[worker]))
            self.used.update(windows)
            for limit, window in zip(limits, windows, strict=True):
                assert self.used[window] <= limit.calls
            for remaining, limit in zip(permit.remaining, limits, strict=True):
                assert remaining.limit == limit
                assert 0 <= remaining.calls < limit.calls

    @precondition(lambda self: self.permits)
    @rule(data=st.data())
    def is_refused(self, data):
        number = data.draw(st.integers(0, len(self.permits) - 1))
        permit, windows, leases = self.permits.pop(number)
        permit.give_back()
        permit.give_back()  # once is enough
        self.used.subtract(windows)
        if leases not in self.leases:
            self.lost.update(windows)

    @rule(name=st.sampled_from(LIMITS), calls=st.integers(1, 20))
    def scope_is_edited(self, name, calls):
        self.calls[name] = calls
        self.edited.add(name)

    @rule(worker=st.integers(0, WORKERS - 1))
    def worker_ends(self, worker):
        self.lost.update(left_of(self.leases[worker]))
        self.leases[worker] = Leases()

    @rule(away=st.booleans())
    def counter_goes_or_comes(self, away):
        self.shared.away = away

    @rule(seconds=st.sampled_from([0.1, 1.5, 5]))
    def time_passes(self, seconds):
        self._clock += seconds

    @invariant()
    def all_that_was_granted_is_somewhere(self):
        """It was used, or a worker has it, or went with it; but for edited limits."""
        have = self.used + self.lost
        for leases in self.leases:
            have.update(left_of(leases))
        for window, taken in self.shared.taken.items():
            if window[:2] in self.edited:
                assert have[window] <= taken
            else:
                assert have[window] == taken


TestWorkers = Workers.TestCase
TestWorkers.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


# Who gets how many


@pytest.mark.parametrize("calls", [1, 2, 7, 8, 60, 1000])
def test_workers_spend_a_limit_to_its_last_permit(shared, calls):
    """As long as calls go on to arrive at all of them."""
    workers = [Leases() for _number in range(4)]
    limit = [Limit("key:1", MINUTE, calls)]
    made = 0
    while open_ones := [one for one in workers if spent(one, shared, limit)]:
        made += len(open_ones)
    assert made == calls


def test_little_is_asked_for_where_little_is_left(shared, clock):
    """So that one worker does not keep what another could use."""
    worker = Leases()
    limit = [Limit("key:1", MINUTE, 800)]
    for _time in range(800):
        assert spent(worker, shared, limit)
    assert not spent(worker, shared, limit)
    left = 800
    for wanted in shared.wanted:
        assert wanted <= max(1, left // 8)
        left -= wanted
    assert shared.wanted[:7] == [1, 2, 4, 8, 16, 32, 64]
    assert max(shared.wanted) > 64
    assert shared.wanted[-8:] == [1] * 8


def test_whoever_is_called_often_asks_seldom_and_the_other_way_round(shared, clock):
    worker = Leases()
    limit = [Limit("key:1", MINUTE, 100_000)]

    def asked_for(seconds):
        clock.now += seconds
        asked = len(shared.wanted)
        while len(shared.wanted) == asked:
            assert spent(worker, shared, limit)
        return shared.wanted[-1]

    assert [asked_for(0.9) for _time in range(5)] == [1, 2, 4, 8, 16]
    assert [asked_for(1.5) for _time in range(2)] == [16, 16], "for a second or two"
    assert [asked_for(2.5) for _time in range(5)] == [8, 4, 2, 1, 1]


def test_a_window_begins_with_what_sufficed_in_the_one_before(shared, clock):
    worker = Leases()
    limit = [Limit("key:1", MINUTE, 100_000)]
    for _time in range(2**7 - 1):
        assert spent(worker, shared, limit)
    assert shared.wanted[-1] == 64
    assert spent(worker, shared, limit, NOON + timedelta(minutes=1))
    assert shared.wanted[-1] == 128
    assert spent(worker, shared, limit, NOON + timedelta(minutes=5))
    assert shared.wanted[-1] == 1, "that was long ago"


def test_spent_is_asked_for_no_more(shared):
    """A worker that knows that all is taken costs the counter nothing."""
    worker, other = Leases(), Leases()
    limit = [Limit("key:1", MINUTE, 3)]
    while spent(other, shared, limit):
        pass
    assert not spent(worker, shared, limit)
    asked = len(shared.wanted)
    for _time in range(5):
        assert not spent(worker, shared, limit)
        assert not spent(other, shared, limit)
    assert len(shared.wanted) == asked


def test_what_is_left_is_told(shared):
    worker = Leases()
    limits = [Limit("key:1", MINUTE, 3), Limit("key:1", DAY, 10)]
    told = []
    for _time in range(3):
        permit = worker.spend(SPACE, limits, NOON, shared.take)
        told.append([remaining.calls for remaining in permit.remaining])
    assert told == [[2, 9], [1, 8], [0, 7]]
    assert [remaining.started for remaining in permit.remaining] == [
        datetime(2026, 3, 29, 12),
        datetime(2026, 3, 29),
    ]


def test_what_was_given_back_is_told_as_left(shared):
    worker = Leases()
    limit = [Limit("key:1", MINUTE, 3)]
    permit = worker.spend(SPACE, limit, NOON, shared.take)
    assert [left.calls for left in permit.remaining] == [2]
    assert [left.calls for left in permit.give_back()] == [3]
    assert permit.give_back() == [], "once is enough"


def test_another_database_has_leases_of_its_own(shared):
    worker, limit = Leases(), [Limit("key:1", MINUTE, 100)]
    others = Shared()
    for _time in range(5):
        assert spent(worker, shared, limit)
    assert left_of(worker).total()
    worker.spend("another", limit, NOON, others.take)
    assert others.taken.total() == 1


# All, or none


def test_a_limit_that_is_spent_costs_the_others_nothing(shared):
    worker = Leases()
    wide, narrow = Limit("key:1", MINUTE, 100), Limit("scope:1", DAY, 2)
    for _time in range(2):
        assert spent(worker, shared, [wide, narrow])
    taken = None
    for _time in range(20):
        with pytest.raises(Spent) as error:
            worker.spend(SPACE, [wide, narrow], NOON, shared.take)
        assert error.value.limit == narrow
        assert error.value.started == datetime(2026, 3, 29)
        taken = taken or shared.taken.copy()
        assert shared.taken == taken
    made = 0
    while spent(worker, shared, [wide]):
        made += 1
    assert made == 98


def test_a_counter_that_cannot_be_reached_is_left_alone_for_a_moment(shared, clock):
    worker = Leases()
    limit, asked = [Limit("key:1", MINUTE, 9)], []

    def take(*request):
        asked.append(clock.now)
        return shared.take(*request)

    shared.away = True
    for _time in range(3):
        with pytest.raises(CounterUnreachable, match="It is away"):
            worker.spend(SPACE, limit, NOON, take)
    assert len(asked) == 1
    shared.away = False
    clock.now += module.PAUSE
    worker.spend(SPACE, limit, NOON, take)
    assert len(asked) == 2


def test_no_permit_is_lost_when_the_counter_cannot_be_reached(shared, monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0)
    worker = Leases()
    one, other = Limit("key:1", MINUTE, 100), Limit("scope:1", MINUTE, 100)

    def take(subject, *request):
        shared.away = subject == "scope:1"
        return shared.take(subject, *request)

    for _time in range(20):
        with pytest.raises(CounterUnreachable):
            worker.spend(SPACE, [one, other], NOON, take)
    assert shared.taken.total() == 1
    shared.away = False
    made = 0
    while spent(worker, shared, [one, other]):
        made += 1
    assert made == 100


# A scope that is edited


def test_a_lower_limit_holds_at_once(shared):
    """Also in a worker that has permits of before."""
    workers = [Leases() for _number in range(2)]
    wide, narrow = [Limit("key:1", MINUTE, 1000)], [Limit("key:1", MINUTE, 10)]
    for _time in range(20):
        for worker in workers:
            assert spent(worker, shared, wide)
    assert all(left_of(worker).total() for worker in workers)
    for worker in workers:
        assert not spent(worker, shared, narrow)


def test_a_higher_limit_counts_what_was_spent_before(shared):
    worker = Leases()
    for calls in (3, 5):
        while spent(worker, shared, [Limit("key:1", MINUTE, calls)]):
            pass
        assert shared.taken.total() == calls


def test_what_is_given_back_after_an_edit_is_no_permit_of_the_new_limit(shared):
    worker = Leases()
    wide, narrow = [Limit("key:1", MINUTE, 3)], [Limit("key:1", MINUTE, 2)]
    permit = worker.spend(SPACE, wide, NOON, shared.take)
    assert spent(worker, shared, wide)
    assert spent(worker, shared, wide)
    assert not spent(worker, shared, narrow)
    permit.give_back()
    assert not spent(worker, shared, narrow), "two calls are served"


# Windows come and go


def test_a_late_call_belongs_to_the_window_it_began_in(shared):
    worker = Leases()
    limit = [Limit("key:1", MINUTE, 2)]
    before = NOON - timedelta(minutes=1)
    assert spent(worker, shared, limit, before)
    assert spent(worker, shared, limit, NOON)
    assert spent(worker, shared, limit, before)
    assert not spent(worker, shared, limit, before)
    assert spent(worker, shared, limit, NOON)
    assert not spent(worker, shared, limit, NOON)


def test_leases_of_windows_that_are_over_are_forgotten(shared):
    worker = Leases()
    for minute in range(600):
        moment = NOON + timedelta(minutes=minute)
        for number in range(5):
            key = f"key:{number + minute}"  # that come and go, too
            limits = [Limit(key, MINUTE, 9), Limit("scope:1", DAY, 10_000)]
            assert spent(worker, shared, limits, moment)
    windows = {started for *_subject, started in worker._leases}
    assert len(windows) <= 8
    assert len(worker._leases) <= 5 * 8
    assert moment.replace(second=0) in windows


def test_a_lease_is_kept_for_whoever_is_late(shared):
    """What a worker had is not lost when others begin the next window."""
    worker = Leases()
    limit = [Limit("key:1", MINUTE, 1000)]
    for _time in range(70):
        assert spent(worker, shared, limit)
    left = left_of(worker).total()
    assert left
    taken = shared.taken.copy()
    for late in range(0, int(KEPT.total_seconds()), 10):
        now = NOON + timedelta(seconds=late)
        assert spent(worker, shared, [Limit("key:2", MINUTE, 1000)], now)
    for _time in range(left):
        assert spent(worker, shared, limit)
    [(window, count)] = taken.items()
    assert shared.taken[window] == count


# Threads


@pytest.fixture
def hurried():
    """Threads that are interrupted as often as can be."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_threads_spend_the_limit_together(shared, hurried):
    workers = [Leases() for _number in range(2)]
    limits = [Limit("key:1", MINUTE, 3000), Limit("scope:1", DAY, 2000)]
    barrier = threading.Barrier(8)
    made = []

    def work(worker):
        barrier.wait()
        permits = []
        for number in range(100_000):
            try:
                permits.append(worker.spend(SPACE, limits, NOON, shared.take))
            except Spent:
                break
            if number % 7 == 0:
                permits.pop().give_back()
        made.append(len(permits))

    threads = [
        threading.Thread(target=work, args=(workers[number % 2],))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    [left] = [
        sum(left_of(worker)[window] for worker in workers)
        for window in shared.taken
        if window[0] == "scope:1"
    ]
    assert sum(made) == 2000 - left
    used = [
        shared.taken[window] - sum(left_of(worker)[window] for worker in workers)
        for window in shared.taken
    ]
    assert used == [sum(made)] * 2
