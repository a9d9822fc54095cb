# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Permits that a worker has taken ahead, and spends from memory.

Asking the counter for each call would make each wait for all others. So a worker *leases*
some permits of a window, which no other worker can get any more, and then asks nobody. What
it leases is what it needs for about a second, and towards the end of a window's permits
less and less: then all of them are spent wherever calls go on to arrive. Permits of a worker
that ends, or is called no more, are lost until the next window. Never is one granted twice.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from .counter import CounterUnreachable, Taken
from .limit import Limit

SHARE = 8
"""At most one of so many of what is left is leased at a time."""
ENOUGH_FOR = 1  # seconds
PAUSE = 1  # seconds in which a counter that could not be reached is left alone
KEPT = timedelta(minutes=2)
"""How long the lease of a window that is over is kept, for calls that began in it."""

Take = Callable[[str, datetime, int, int, int], Taken]


class Spent(Exception):
    """A limit is reached.

    :param limit: which
    :param started: when the window began
    """

    def __init__(self, limit: Limit, started: datetime):
        super().__init__(limit, started)
        self.limit = limit
        self.started = started


class Remaining(NamedTuple):
    """What is left of a limit, as far as a worker knows.

    :param started: when the window began
    :param calls: what nobody had leased when this worker last asked, and what it has left
    """

    limit: Limit
    started: datetime
    calls: int


@dataclass(slots=True)
class _Lease:
    """The permits that this worker has of one window.

    :ivar limit: how many calls there may be, as it was when some were leased
    :ivar left: how many are not spent
    :ivar size: how many were leased the last time
    :ivar total: how many all workers had leased by then
    :ivar moment: when that was, by the monotonic clock
    :ivar problem: why the counter could not be asked the last time
    :ivar paused: until when it is not asked again, so that not each call waits for it
    """

    limit: int = 0
    left: int = 0
    size: int = 0
    total: int = 0
    moment: float = 0.0
    problem: str = ""
    paused: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def spend(self, take, limit, started) -> bool:
        """Spend one permit, leasing some more where none is left."""
        with self.lock:
            if self.limit != limit.calls:  # somebody has edited the scope
                self.limit, self.left, self.total = limit.calls, 0, 0
            if not self.left and self.total < self.limit:
                self._renew(take, limit, started)
            if not self.left:
                return False
            self.left -= 1
            return True

    def give_back(self, limit):
        with self.lock:
            if self.limit == limit.calls:  # else it may be one too many by now
                self.left += 1

    def _renew(self, take, limit, started):
        now = time.monotonic()
        if now < self.paused:
            raise CounterUnreachable(self.problem)
        lasted = now - self.moment
        if not self.size or lasted > 2 * ENOUGH_FOR:
            self.size = max(1, self.size // 2)
        elif lasted < ENOUGH_FOR:
            self.size *= 2
        share = max(1, (self.limit - self.total) // SHARE)
        self.size = min(self.size, share)
        try:
            answer = take(limit.subject, started, limit.seconds, limit.calls, self.size)
        except CounterUnreachable as error:
            self.problem, self.paused = str(error), time.monotonic() + PAUSE
            raise
        self.left, self.total, self.moment = answer.granted, answer.total, now


class Permit:
    """One call's permits, of each limit one."""

    def __init__(self):
        self._spent = []  # of the lease, and what remains

    @property
    def remaining(self) -> list[Remaining]:
        """What is left of each limit, in the order of the limits."""
        return [remaining for _lease, remaining in self._spent]

    def add(self, lease: _Lease, limit: Limit, started: datetime):
        """Note that a permit was spent."""
        calls = max(0, lease.limit - lease.total) + lease.left
        self._spent.append((lease, Remaining(limit, started, calls)))

    def give_back(self) -> list[Remaining]:
        """Let others have what this call has not used. :return: what is left then"""
        spent, self._spent = self._spent, []
        for lease, remaining in spent:
            lease.give_back(remaining.limit)
        return [left._replace(calls=left.calls + 1) for _lease, left in spent]


class Leases:
    """All leases of a process."""

    def __init__(self):
        self._leases = {}
        self._swept = datetime.min
        self._lock = threading.Lock()

    def spend(self, space: str, limits, moment: datetime, take: Take) -> Permit:
        """Spend one permit of each limit, or of none.

        :param space: what the subjects of the limits are unique in: a database
        :param limits: of ``Limit``
        :param moment: that of the call, naive, in UTC
        :param take: asks the counter, with subject, window, seconds, limit and how many
        :raise Spent: one of them is reached
        :raise CounterUnreachable: as ``take`` does
        """
        permit = Permit()
        try:
            for limit in limits:
                started = limit.window(moment)
                lease = self._lease(space, limit, started)
                if not lease.spend(take, limit, started):
                    raise Spent(limit, started)
                permit.add(lease, limit, started)
        except BaseException:
            permit.give_back()
            raise
        return permit

    def _lease(self, space, limit, started) -> _Lease:
        about = space, limit.subject, limit.seconds
        lease = self._leases.get((*about, started))
        if lease is not None:
            return lease
        with self._lock:
            self._sweep(started)
            # It begins with what sufficed in the window before.
            before = self._leases.get((*about, started - limit.length), _Lease())
            new = _Lease(size=before.size, moment=before.moment)
            return self._leases.setdefault((*about, started), new)

    def _sweep(self, moment):
        """Forget, now and then, windows that are long over, of whatever subject."""
        if moment - self._swept < KEPT:
            return
        self._swept = moment
        for about in list(self._leases):
            *_subject, seconds, started = about
            if started + timedelta(seconds=seconds) + KEPT < moment:
                del self._leases[about]
