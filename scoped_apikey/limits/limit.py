# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A limit on calls, and the window of time that a call is counted in.

Windows are minutes and days of the calendar, in UTC, and a call belongs to those of the time
that its row in the call log has. So the log itself shows that a limit was held.
"""

import math
from datetime import datetime, timedelta
from typing import NamedTuple

MINUTE, DAY = 60, 24 * 60 * 60
EPOCH = datetime(1970, 1, 1)


class Limit(NamedTuple):
    """So many calls in a window.

    :param subject: what is counted: ``key:12``, or ``scope:3`` for all its keys together
    :param seconds: how long the window is: ``MINUTE`` or ``DAY``
    :param calls: how many there may be, at least 1
    """

    subject: str
    seconds: int
    calls: int

    @property
    def is_shared(self) -> bool:
        """Whether it counts the calls of all keys of a scope together."""
        return self.subject.startswith("scope:")

    @property
    def length(self) -> timedelta:
        return timedelta(seconds=self.seconds)

    def window(self, moment: datetime) -> datetime:
        """Return when the window begins that a moment lies in, naive, in UTC."""
        return moment - (moment - EPOCH) % self.length

    def seconds_left(self, started: datetime, now: datetime) -> int:
        """Return in how many seconds a window is over, at least 1."""
        return max(1, math.ceil((started + self.length - now).total_seconds()))
