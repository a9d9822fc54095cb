# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The weeks that a log is cut into: each is a partition, and goes as a whole."""

from datetime import datetime, timedelta
from typing import NamedTuple

WEEK = timedelta(days=7)


class Period(NamedTuple):
    """A week of a log, from a Monday at midnight to the next, in UTC.

    :param begin: naive, in UTC; the first moment in it
    """

    begin: datetime

    @classmethod
    def of(cls, moment: datetime) -> "Period":
        """Return the week that a moment lies in, which is naive and in UTC."""
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(midnight - timedelta(days=midnight.weekday()))

    @property
    def end(self) -> datetime:
        """The first moment that is no longer in it."""
        return self.begin + WEEK

    @property
    def next(self) -> "Period":
        return Period(self.end)

    @property
    def name(self) -> str:
        """Its ISO week, as ``2026w48``."""
        year, week, _day = self.begin.isocalendar()
        return f"{year:04d}w{week:02d}"

    @classmethod
    def named(cls, name: str) -> "Period":
        """Return the week of a name. :raise ValueError: there is no such week"""
        year, _w, week = name.partition("w")
        return cls(datetime.fromisocalendar(int(year), int(week), 1))

    def table(self, log: str) -> str:
        """Return the name of the partition that has this week of a log."""
        return f"{log}_{self.name}"
