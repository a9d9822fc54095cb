# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import copy
import pickle
import subprocess
import sys
import zoneinfo
from datetime import datetime, timedelta, timezone
from pathlib import Path

import policy
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from policy.errors import SHOWN, SettingError
from policy.windows import Window, Windows

MINUTE = timedelta(minutes=1)
WEEK = 7 * 24 * 60  # minutes
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)


def utc(text):
    return datetime.fromisoformat(f"{text}+00:00")


# The oracle asks no time zone library: it adds up minutes. Per zone a year in which
# its clocks are changed: the offsets from UTC in minutes, and since when they hold.
YEARS = {
    "UTC": [("2025-01-01T00:00", 0)],
    "Asia/Kolkata": [("2025-01-01T00:00", 330)],
    "Europe/Amsterdam": [
        ("2025-01-01T00:00", 60),
        ("2025-03-30T01:00", 120),
        ("2025-10-26T01:00", 60),
    ],
    "America/New_York": [
        ("2025-01-01T00:00", -300),
        ("2025-03-09T07:00", -240),
        ("2025-11-02T06:00", -300),
    ],
    # Half an hour.
    "Australia/Lord_Howe": [
        ("2025-01-01T00:00", 660),
        ("2025-04-05T15:00", 630),
        ("2025-10-04T15:30", 660),
    ],
    # Two changes, then a day that never was: Friday 30 December.
    "Pacific/Apia": [
        ("2011-01-01T00:00", -600),
        ("2011-04-02T14:00", -660),
        ("2011-09-24T14:00", -600),
        ("2011-12-30T10:00", 840),
    ],
}
CHANGES = [(tz, utc(at)) for tz, offsets in YEARS.items() for at, _ in offsets[1:]]
MONDAY = utc("2001-01-01T00:00")


def minutes_of_week(tz, begin, count):
    """Yield UTC moments, a minute apart, and what local minute of the week it is."""
    offsets = [(utc(at), offset) for at, offset in YEARS[tz]]
    since_monday = (begin - MONDAY) // MINUTE
    moment = begin
    offset = None
    for elapsed in range(count):
        while offsets and offsets[0][0] <= moment:
            _, offset = offsets.pop(0)
        yield moment, (since_monday + elapsed + offset) % WEEK
        moment += MINUTE


def open_minutes(spans):
    """Return the set of minutes of the week, 0 is Monday 00:00, in (day, from, to)."""
    minutes = set()
    for day, begin, end in spans:
        minute = begin
        while minute != end:
            minutes.add((day * 24 * 60 + minute) % WEEK)
            minute += 1
            if minute == 24 * 60 and end != 24 * 60:
                day, minute = day + 1, 0
    return minutes


def build(tz, spans):
    return Windows(tz, tuple(Window(d, a / 60, b / 60) for d, a, b in spans))


def disagreements(tz, spans, begin, count):
    windows = build(tz, spans)
    expected = open_minutes(spans)
    return [
        str(moment)
        for moment, minute in minutes_of_week(tz, begin, count)
        if windows.open_at(moment) is not (minute in expected)
    ]


@pytest.mark.parametrize("tz", YEARS)
def test_every_minute_of_a_year(tz):
    # Within the hour that is skipped or repeated on a Sunday; over the week's end, so
    # the night of those changes, and beginning on the day that Samoa skipped.
    spans = [(SUN, 110, 155), (SUN, 1320, 90), (FRI, 486, 30)]
    # Where clocks are never changed, every week is like the first.
    days = 365 if len(YEARS[tz]) > 1 else 28
    begin = utc(YEARS[tz][0][0])
    assert disagreements(tz, spans, begin, days * 24 * 60) == []


MINUTES = st.one_of(
    st.integers(0, 24 * 60), st.sampled_from([0, 1, 60, 90, 119, 120, 180, 1439, 1440])
)
SPANS = st.tuples(st.integers(MON, SUN), MINUTES.filter(lambda m: m < 1440), MINUTES)
SPANS = st.lists(SPANS.filter(lambda s: s[1] != s[2]), min_size=1, max_size=4)


@settings(max_examples=40)
@given(st.sampled_from(CHANGES), SPANS)
def test_any_windows_around_a_clock_change(change, spans):
    tz, moment = change
    day = timedelta(days=1)
    assert disagreements(tz, spans, moment - day, 2 * 24 * 60) == []


@given(
    st.sampled_from(list(YEARS)),
    SPANS,
    st.integers(0, 364 * 24 * 60),
    st.integers(0, 59_999_999),
)
def test_any_windows_at_any_microsecond(tz, spans, elapsed, microseconds):
    begin = utc(YEARS[tz][0][0]) + elapsed * MINUTE
    [(moment, minute)] = minutes_of_week(tz, begin, 1)
    moment += timedelta(microseconds=microseconds)
    assert build(tz, spans).open_at(moment) is (minute in open_minutes(spans))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2025-01-06T07:59:59.999999", False),
        ("2025-01-06T08:00:00", True),
        ("2025-01-06T17:59:59.999999", True),
        ("2025-01-06T18:00:00", False),
        ("2025-01-07T12:00:00", False),
    ],
)
def test_the_end_is_not_part_of_it(moment, is_open):
    assert Windows("UTC", (Window(MON, 8, 18),)).open_at(utc(moment)) is is_open


@pytest.mark.parametrize(
    ("window", "opened"),
    [
        # 30 March 2025: 02:00 becomes 03:00, at 01:00 UTC.
        (Window(SUN, 2.0, 3.0), []),
        (Window(SUN, 2.25, 2.75), []),
        (Window(SUN, 1.5, 2.5), ["00:30", "00:59"]),
        (Window(SUN, 2.5, 3.5), ["01:00", "01:29"]),
        (Window(SUN, 1.0, 4.0), ["00:00", "01:59"]),
    ],
)
def test_the_skipped_hour_never_comes(window, opened):
    assert first_and_last(window, utc("2025-03-30T00:00")) == opened


@pytest.mark.parametrize(
    ("window", "opened"),
    [
        # 26 October 2025: 03:00 becomes 02:00, at 01:00 UTC.
        (Window(SUN, 2.0, 3.0), ["00:00", "01:59"]),
        (Window(SUN, 2.0, 2.5), ["00:00", "00:29", "01:00", "01:29"]),
        (Window(SUN, 2.5, 3.5), ["00:30", "00:59", "01:30", "02:29"]),
    ],
)
def test_the_repeated_hour_is_open_both_times(window, opened):
    assert first_and_last(window, utc("2025-10-26T00:00")) == opened


def first_and_last(window, begin):
    """List the first and last minute (UTC) of each stretch in twelve hours."""
    windows = Windows("Europe/Amsterdam", (window,))
    moments = [begin + i * MINUTE for i in range(12 * 60)]
    was_open = [windows.open_at(moment) for moment in moments]
    return [
        f"{moment:%H:%M}"
        for i, moment in enumerate(moments)
        if was_open[i]
        and not (0 < i < len(moments) - 1 and was_open[i - 1] and was_open[i + 1])
    ]


def test_the_morning_after_a_skipped_day():
    thursday, friday = Window(THU, 22, 2), Window(FRI, 22, 2)
    saturday = utc("2011-12-30T11:00")  # 01:00 on the 31st, an hour after the 29th
    assert not Windows("Pacific/Apia", (thursday,)).open_at(saturday)
    assert Windows("Pacific/Apia", (friday,)).open_at(saturday)


def test_no_windows_is_always():
    windows = Windows("Europe/Amsterdam", ())
    assert windows == Windows("Europe/Amsterdam")
    assert windows.open_at(utc("2025-01-01T00:00"))


@pytest.mark.parametrize("windows", [(), (Window(MON, 0, 24),)])
def test_a_moment_without_time_zone_is_refused(windows):
    with pytest.raises(ValueError, match="no time zone"):
        Windows("UTC", windows).open_at(datetime(2025, 1, 6))


def test_a_moment_may_have_any_time_zone():
    windows = Windows("UTC", (Window(MON, 8, 18),))
    east = timezone(timedelta(hours=10))
    assert not windows.open_at(datetime(2025, 1, 6, 17, tzinfo=east))
    assert windows.open_at(datetime(2025, 1, 6, 18, tzinfo=east))


@given(st.integers(0, 1439))
@example(492)  # 8.2 hours
@example(20)  # a third of an hour
def test_hours_are_whole_minutes(minute):
    window = Window(MON, minute / 60, 24)
    assert window.covers(MON, minute)
    assert not window.covers(MON, minute - 1)
    if minute:
        window = Window(MON, 0, minute / 60)
        assert window.covers(MON, minute - 1)
        assert not window.covers(MON, minute)
    # Typed with as many digits as a screen may round to.
    rounded = Window(MON, round(minute / 60, 3), 24)
    assert rounded.covers(MON, minute)
    assert not rounded.covers(MON, minute - 1)


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ((7, 8, 18), "bad_day"),
        ((-1, 8, 18), "bad_day"),
        ((0.5, 8, 18), "bad_day"),
        (("0", 8, 18), "bad_day"),
        ((None, 8, 18), "bad_day"),
        ((0, -0.1, 18), "bad_hour"),
        ((0, 8, 24.1), "bad_hour"),
        ((0, 24, 8), "bad_hour"),
        ((0, 23.9999, 8), "bad_hour"),
        ((0, NAN, 18), "bad_hour"),
        ((0, 8, NAN), "bad_hour"),
        ((0, 8, INFINITY), "bad_hour"),
        ((0, -INFINITY, 8), "bad_hour"),
        ((0, "8", 18), "bad_hour"),
        ((0, 8, None), "bad_hour"),
        ((0, 8, 8), "empty_window"),
        ((0, 0, 0), "empty_window"),
        ((0, 8, 8.001), "empty_window"),
    ],
)
def test_refuses_a_window(values, problem):
    with pytest.raises(SettingError) as caught:
        Window(*values)
    assert caught.value.problem == problem
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "tz",
    [
        "",
        ".",
        "Mars/Base",
        "Europe",
        "Europe/",
        "Europe/Amsterdam\0",
        "../Europe/Amsterdam",
        "../../../../../etc/passwd",
        "/usr/share/zoneinfo/UTC",
        "zone.tab",
        "\ud800",
        "x" * 5000,
    ],
)
def test_refuses_a_time_zone(tz, tzdata_from):
    with pytest.raises(SettingError) as caught:
        Windows(tz)
    assert caught.value.problem == "unknown_tz"
    assert caught.value.value.isprintable()
    assert len(repr(caught.value)) < 2 * SHOWN


@pytest.fixture(params=["the system", "PyPI"])
def tzdata_from(request):
    """Run the test with either source of time zones: their errors differ."""
    before = zoneinfo.TZPATH
    if request.param == "PyPI":
        pytest.importorskip("tzdata")
        zoneinfo.reset_tzpath([])
    yield
    zoneinfo.reset_tzpath(before)


def test_says_when_there_are_no_time_zones():
    # A new process, without those of the system (PYTHONTZPATH) and of PyPI (-S).
    program = """if True:
        from policy.windows import Windows
        try:
            Windows("Europe/Amsterdam")
        except ValueError as error:
            print(error.problem)
        """
    addon = Path(policy.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd=addon,
        env={"PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "no_tzdata\n"


def test_is_a_value():
    windows = Windows("Europe/Amsterdam", (Window(MON, 8, 18),))
    zoneinfo.ZoneInfo.clear_cache()
    same = Windows("Europe/Amsterdam", (Window(MON, 8.0, 18.0),))
    assert windows == same
    assert hash(windows) == hash(same)
    assert windows != Windows("Europe/Paris", (Window(MON, 8, 18),))
    assert windows != Windows("Europe/Amsterdam", (Window(TUE, 8, 18),))
    for twin in (copy.deepcopy(windows), pickle.loads(pickle.dumps(windows))):
        assert twin == windows
        assert twin.open_at(utc("2025-01-06T07:00"))
    with pytest.raises(AttributeError):
        windows.tz = "UTC"


@given(st.one_of(st.text(), st.text(st.sampled_from("EuropeUTC/.\0 -+"))))
def test_any_time_zone_is_known_or_refused(tz):
    try:
        Windows(tz)
    except SettingError as error:
        assert error.problem == "unknown_tz"
    else:
        assert zoneinfo.ZoneInfo(tz).key == tz


ANY_NUMBER = st.one_of(
    st.integers(), st.floats(), st.floats(0, 24), st.integers(0, 24), st.text()
)


@given(st.one_of(st.integers(-1, 7), ANY_NUMBER), ANY_NUMBER, ANY_NUMBER)
def test_any_window_is_built_or_refused(day, begin, end):
    try:
        window = Window(day, begin, end)
    except SettingError as error:
        assert error.problem in {"bad_day", "bad_hour", "empty_window"}
    else:
        assert any(window.covers(day, minute) for minute in range(24 * 60))
