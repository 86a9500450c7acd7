from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from rules import schedule

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from([UTC, BERLIN, ZoneInfo("Asia/Kathmandu"), timezone(timedelta(hours=14))])
FIRST = datetime.fromisoformat("1900-01-02")
LAST = datetime.fromisoformat("9999-12-30")
MOMENTS = st.datetimes(min_value=FIRST, max_value=LAST, timezones=ZONES)
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
NAIVE = datetime.fromisoformat("2026-01-31T12:00")
SECOND = timedelta(seconds=1)
# The hour that comes twice: 02:30 in summer time, then 02:10 in winter time, 40 minutes later.
BEFORE_THE_CHANGE = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
AFTER_THE_CHANGE = datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1)


def accepts(start: datetime, end: datetime) -> bool:
    try:
        schedule.interval(start, end)
    except Invalid:
        return False
    return True


@given(MOMENTS, MOMENTS)
def test_of_two_moments_at_most_one_order_is_an_interval(one: datetime, other: datetime) -> None:
    assert not (accepts(one, other) and accepts(other, one))


@given(MOMENTS, st.integers(min_value=-10_000, max_value=10_000))
def test_an_interval_ends_at_least_a_millisecond_after_its_start(
    start: datetime, milliseconds: int
) -> None:
    start = start.astimezone(UTC)
    assert accepts(start, start + timedelta(milliseconds=milliseconds)) is (milliseconds > 0)


def test_an_interval_that_the_database_could_not_tell_from_nothing_is_refused() -> None:
    assert not accepts(NOON, NOON + timedelta(microseconds=999))


def test_an_interval_through_the_hour_that_comes_twice_is_measured_in_utc() -> None:
    assert accepts(BEFORE_THE_CHANGE, AFTER_THE_CHANGE)
    assert not accepts(AFTER_THE_CHANGE, BEFORE_THE_CHANGE)
    now, end = BEFORE_THE_CHANGE, AFTER_THE_CHANGE
    assert schedule.remaining(now, end) == timedelta(minutes=40)
    assert schedule.time_for_send(now, end, NOON.replace(year=2030), 9999) == 2400
    assert schedule.time_for_send(now, NOON.replace(year=2030), end, 9999) == 2400


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NAIVE, NOON),
        (NOON, NAIVE),
        (NAIVE, NAIVE),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), NOON),
        (NOON, datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-12)))),
    ],
)
def test_times_without_a_place_in_utc_are_refused(start: datetime, end: datetime) -> None:
    with pytest.raises(Invalid, match="give "):
        schedule.interval(start, end)
    with pytest.raises(Invalid, match="give "):
        schedule.remaining(start, end)
    with pytest.raises(Invalid, match="give "):
        schedule.time_for_send(start, end, NOON, 1)
    with pytest.raises(Invalid, match="give "):
        schedule.time_for_send(start, NOON, end, 1)


@given(MOMENTS, MOMENTS)
def test_what_remains_is_never_negative_and_reaches_the_end(now: datetime, end: datetime) -> None:
    left = schedule.remaining(now, end)
    assert left >= timedelta()
    assert left == timedelta() or now.astimezone(UTC) + left == end.astimezone(UTC)
    assert (left == timedelta()) is (now.astimezone(UTC) >= end.astimezone(UTC))


@given(MOMENTS, MOMENTS, MOMENTS, st.floats(min_value=0, max_value=600))
def test_a_send_started_now_is_over_before_the_end_the_lease_and_its_limit(
    now: datetime, end: datetime, lease_until: datetime, limit: float
) -> None:
    seconds = schedule.time_for_send(now, end, lease_until, limit)
    start = now.astimezone(UTC)
    assert seconds == min(limit, *((bound - start).total_seconds() for bound in (end, lease_until)))


@pytest.mark.parametrize(
    ("end", "lease", "limit", "seconds"),
    [
        *((60, 30, 20, 20), (60, 10, 20, 10), (5, 10, 20, 5), (0, 10, 20, 0)),
        *((-1, 10, 20, -1), (60, -2, 20, -2), (60, 30, 0, 0)),
    ],
)
def test_the_nearest_bound_decides(end: int, lease: int, limit: float, seconds: float) -> None:
    end_at, lease_until = NOON + end * SECOND, NOON + lease * SECOND
    assert schedule.time_for_send(NOON, end_at, lease_until, limit) == seconds
