# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The minute and the day that a call is counted in."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits.limit import DAY, MINUTE, Limit

MOMENTS = st.datetimes(datetime(1960, 1, 1), datetime(2900, 1, 1))
OFTEN = Limit("key:1", MINUTE, 10)
DAILY = Limit("scope:1", DAY, 10)


@given(MOMENTS)
def test_a_minute_is_one_of_the_calendar(moment):
    assert OFTEN.window(moment) == moment.replace(second=0, microsecond=0)


@given(MOMENTS)
def test_a_day_is_one_of_the_calendar(moment):
    assert DAILY.window(moment) == datetime.combine(moment.date(), time.min)


@given(MOMENTS, st.sampled_from([OFTEN, DAILY]))
def test_windows_follow_each_other(moment, limit):
    started = limit.window(moment)
    assert limit.window(started) == started
    assert limit.window(started + limit.length) == started + limit.length
    assert limit.window(started - timedelta(microseconds=1)) == started - limit.length


@given(MOMENTS, st.sampled_from([OFTEN, DAILY]))
def test_after_the_seconds_left_there_is_another_window(moment, limit):
    """And not a second earlier, so that whoever waits waits for no longer than needed."""
    started = limit.window(moment)
    seconds = limit.seconds_left(started, moment)
    assert limit.window(moment + timedelta(seconds=seconds)) > started
    assert limit.window(moment + timedelta(seconds=seconds - 1)) == started


@pytest.mark.parametrize("limit", [OFTEN, DAILY])
def test_whoever_is_late_waits_for_a_second(limit):
    started = datetime(2026, 3, 29)
    for late in (limit.length, limit.length + timedelta(hours=1)):
        assert limit.seconds_left(started, started + late) == 1
