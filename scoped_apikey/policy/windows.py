# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The hours of the week in which a scope accepts calls."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from .errors import SettingError

DAY = 24 * 60  # minutes


@dataclass(frozen=True, slots=True)
class Window:
    """From one hour to another, every week on the same day.

    The end is not part of it: 8.0 to 18.0 is open at 17:59:59, and closed at 18:00.
    An end that is before the beginning lies on the next day: Friday 22.0 to 2.0 is
    open until Saturday 02:00. A whole day is 0.0 to 24.0.

    :ivar dayofweek: 0 is Monday, 6 is Sunday: the day it begins
    :ivar hour_from: in hours of the clock on the wall, 8.5 is 08:30; below 24
    :ivar hour_to: likewise, up to and including 24
    :raise SettingError: ``problem`` is
        ``bad_day`` or ``bad_hour``: out of range, or not a number;
        ``empty_window``: it begins and ends at the same minute, which may mean
        nothing, or a whole day
    """

    dayofweek: int
    hour_from: float
    hour_to: float

    def __post_init__(self):
        if self.dayofweek not in range(7):
            raise SettingError("bad_day", self.dayofweek)
        for hour in (self.hour_from, self.hour_to):
            # The comparison is false for NaN, too.
            if not isinstance(hour, (int, float)) or not 0 <= hour <= 24:
                raise SettingError("bad_hour", hour)
        if _minutes(self.hour_from) == DAY:
            raise SettingError("bad_hour", self.hour_from)
        if _minutes(self.hour_from) == _minutes(self.hour_to):
            raise SettingError("empty_window", self.hour_from)

    def covers(self, dayofweek: int, minute: int) -> bool:
        """Whether it is open at this minute of the day, 0 to 1439, on this day."""
        return any(
            day == dayofweek and begin <= minute < end
            for day, begin, end in self._spans()
        )

    def is_on(self, dayofweek: int) -> bool:
        """Whether it may be open at some minute of this day."""
        return any(day == dayofweek for day, _begin, _end in self._spans())

    def _spans(self) -> list[tuple[int, int, int]]:
        """Return what it is made of, day by day: the day, and the minutes from and to."""
        begin, end = _minutes(self.hour_from), _minutes(self.hour_to)
        if begin < end:
            return [(self.dayofweek, begin, end)]
        return [(self.dayofweek, begin, DAY), ((self.dayofweek + 1) % 7, 0, end)]


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a scope, on the clock on the wall in one time zone.

    Only what that clock shows counts, so when it is changed:

    - an hour that comes twice is open, or closed, both times;
    - an hour that is skipped never comes: a window that lies within it does not open
      that day, and one that begins or ends within it begins or ends at the change;
    - where a whole day is skipped (Samoa, 30 December 2011), so are its windows; the
      morning after it is still the next day of a window that began on it.

    :ivar tz: a name of the IANA time zone database, such as ``Europe/Amsterdam``
    :ivar windows: none means always
    :raise SettingError: ``problem`` is
        ``unknown_tz``: there is no such time zone on this machine;
        ``no_tzdata``: there is none at all. Install the ``tzdata`` package, of the
        operating system or of PyPI
    """

    tz: str
    windows: tuple[Window, ...] = ()
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)
    _by_day: tuple = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        by_day = tuple(
            tuple(window for window in self.windows if window.is_on(day))
            for day in range(7)
        )
        # The only way to set a field of a frozen dataclass.
        object.__setattr__(self, "_zone", _zone(self.tz))
        object.__setattr__(self, "_by_day", by_day)

    def open_at(self, moment: datetime) -> bool:
        """Whether a call at ``moment`` is accepted.

        :param moment: with its time zone, which is best UTC
        :raise ValueError: ``moment`` has no time zone
        """
        if moment.utcoffset() is None:
            raise ValueError(f"{moment!r} has no time zone")
        if not self.windows:
            return True
        local = moment.astimezone(self._zone)
        weekday, minute = local.weekday(), local.hour * 60 + local.minute
        return any(window.covers(weekday, minute) for window in self._by_day[weekday])


def _minutes(hours: float) -> int:
    """Return the nearest whole minute, as the screen shows it.

    Few minutes are an exact fraction of an hour: 8.2 hours, which is 08:12, comes to
    a little less than 492 minutes in floating point. Cutting would lose a minute.
    """
    return round(hours * 60)


def _zone(tz: str) -> ZoneInfo:
    try:
        return ZoneInfo(tz)
    # Which one depends on the Python version, and on where its time zones come
    # from: ValueError for "../x" and NUL bytes, OSError for a folder ("Europe").
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problem = "unknown_tz" if available_timezones() else "no_tzdata"
        raise SettingError(problem, tz) from None
