# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What of the ledger is plain Python: weeks, snapshots, ranges of ids, seals."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger.chain import DIGEST_SIZE, Seal, digest_of, read_ids, write_ids
from ledger.periods import WEEK, Period
from ledger.snapshots import NOTHING, Snapshot

MOMENTS = st.datetimes(datetime(1971, 1, 8), datetime(2900, 1, 1))


# Weeks


@given(MOMENTS)
def test_a_moment_lies_in_its_week(moment):
    period = Period.of(moment)
    assert period.begin <= moment < period.end
    assert period.begin.isoweekday() == 1
    assert period.begin.time() == datetime.min.time()


@given(MOMENTS)
def test_a_week_is_known_by_its_name(moment):
    """Also where a year has 53, or the week belongs to another year than its days."""
    period = Period.of(moment)
    assert Period.named(period.name) == period
    year, week, _day = moment.isocalendar()
    assert period.name == f"{year:04d}w{week:02d}"


@given(MOMENTS)
def test_weeks_follow_each_other(moment):
    period = Period.of(moment)
    following = Period.of(moment + WEEK)
    assert following.begin == period.end
    assert following > period
    assert following.name > period.name


@pytest.mark.parametrize("name", ["", "2026", "2026w54", "w12", "2026w00", "default"])
def test_what_is_no_week(name):
    with pytest.raises(ValueError):
        Period.named(name)


# Snapshots

IDS = st.sets(st.integers(1, 60))


@given(st.integers(1, 60), IDS)
def test_a_snapshot_has_seen_what_had_ended(xmax, under_way):
    """Against what PostgreSQL's documentation says, transaction by transaction."""
    under_way = sorted(one for one in under_way if one < xmax)
    xmin = min(under_way, default=xmax)
    text = f"{xmin}:{xmax}:{','.join(map(str, under_way))}"
    snapshot = Snapshot.parse(text)
    for transaction in range(1, 70):
        ended = transaction < xmin or (
            transaction < xmax and transaction not in under_way
        )
        assert snapshot.has_seen(transaction) == ended
        assert not NOTHING.has_seen(transaction)


@pytest.mark.parametrize("text", ["", "1", "1:2", "a:b:", "1:2:3:4", "1:2:x"])
def test_what_is_no_snapshot(text):
    with pytest.raises(ValueError):
        Snapshot.parse(text)


# Seals


@given(IDS)
def test_ids_are_read_as_they_were_written(ids):
    text = write_ids(sorted(ids))
    assert list(read_ids(text)) == sorted(ids)
    assert text.count(",") < max(1, len(ids))


@given(st.integers(1, 10**12), st.integers(0, 10_000))
def test_ids_without_a_gap_are_short(first, more):
    assert len(write_ids(range(first, first + more + 1))) <= 27


SEAL = Seal(
    number=7,
    home="1/2",
    sealed_at=datetime(2026, 11, 28, 12, 0, 0, 5),
    log="apikey_call",
    period="2026w48",
    ids="4-5",
    rows=digest_of(b"4\tx") + digest_of(b"5\ty"),
    columns="id,method",
    late="",
    snapshot="9:9:",
    origin=None,
    previous="0" * 64,
)


@pytest.mark.parametrize("name", list(SEAL.__dataclass_fields__))
def test_all_of_a_seal_is_in_its_digest(name):
    value = getattr(SEAL, name)
    if isinstance(value, int):
        other = value + 1
    elif isinstance(value, datetime):
        other = value + timedelta(microseconds=1)
    elif isinstance(value, bytes):
        other = value[:-1] + bytes([value[-1] ^ 1])
    else:
        other = (value or "") + "1"
    assert replace(SEAL, **{name: other}).digest != SEAL.digest
    assert replace(SEAL).digest == SEAL.digest


@given(st.text(), st.text(), st.text(), st.text())
def test_no_two_seals_run_into_each_other(columns, late, ids, previous):
    """What ends one value does not begin the next."""
    one = replace(SEAL, columns=columns, late=late, ids=ids, previous=previous)
    other = replace(SEAL, columns=columns + late, late="", ids=ids, previous=previous)
    assert (one.digest == other.digest) == (one == other)


def test_a_seal_tells_its_rows():
    assert SEAL.row_count == 2
    assert dict(SEAL.digests()) == {4: digest_of(b"4\tx"), 5: digest_of(b"5\ty")}
    assert all(len(digest) == DIGEST_SIZE for _id, digest in SEAL.digests())
