import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from core import clock

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=3)), timezone(timedelta(hours=-9.5))])
FIRST, LAST = datetime(1970, 1, 2), datetime(9998, 1, 1)  # noqa: DTZ001 - hypothesis wants naive bounds
MOMENTS = st.datetimes(FIRST, LAST, timezones=ZONES)
MILLISECOND = timedelta(milliseconds=1)


def test_now_is_the_time_in_utc_and_whole_milliseconds() -> None:
    with time_machine.travel("2026-03-29T02:30:00.123456+03:00", tick=False):
        assert clock.now() == datetime(2026, 3, 28, 23, 30, 0, 123_000, UTC)
        assert clock.now().tzinfo is UTC


@given(MOMENTS)
def test_cutting_drops_less_than_a_millisecond_and_only_once(moment: datetime) -> None:
    cut = clock.cut(moment)
    assert timedelta() <= moment - cut < MILLISECOND
    assert cut.tzinfo is UTC
    assert cut.microsecond % 1000 == 0
    assert clock.cut(cut) == cut


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        clock.cut(datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(), timedelta(minutes=-7)])
def test_the_database_clock_keeps_the_distance_that_it_observed(ahead: timedelta) -> None:
    database_clock = clock.DatabaseClock()
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as travel:
        database_clock.observe(datetime(2026, 1, 1, tzinfo=UTC) + ahead)
        travel.shift(90)
        assert database_clock.now() == datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC) + ahead


def test_a_database_clock_is_set_by_what_took_long_only_if_by_nothing_else() -> None:
    database_clock, hour = clock.DatabaseClock(), timedelta(hours=1)
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False):
        database_clock.observe(clock.now() + hour, took_seconds=5)
        assert database_clock.now() == clock.now() + hour
        database_clock.observe(clock.now(), took_seconds=5)
        assert database_clock.now() == clock.now() + hour
        database_clock.observe(clock.now(), took_seconds=0.1)
        assert database_clock.now() == clock.now()


def test_a_database_clock_knows_whether_the_database_was_away() -> None:
    database_clock = clock.DatabaseClock()
    assert math.isinf(database_clock.steady_seconds)
    database_clock.lose()
    assert not math.isinf(database_clock.steady_seconds)


def test_a_database_clock_that_observed_nothing_shows_our_time() -> None:
    with time_machine.travel("2026-01-01T00:00:00.0019Z", tick=False):
        assert clock.DatabaseClock().now() == clock.now()
