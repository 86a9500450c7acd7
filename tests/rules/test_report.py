"""Which day a report is about, and when it is due, in any zone and across changes of clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.message import Status
from rules.report import ENDINGS, MARGIN, MOST_MADE_UP, due_at, missing, newest, span

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
DAYS = st.dates(date(1970, 1, 5), date(2100, 12, 31))
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0, fold=0))
MOMENTS = st.datetimes(
    datetime.fromisoformat("1970-01-09"),
    datetime.fromisoformat("2100-12-31"),
    timezones=st.just(UTC),
)


@given(DAYS, ZONES)
def test_days_follow_each_other_without_gap_or_overlap(day: date, zone: ZoneInfo) -> None:
    since, until = span(day, zone)
    assert since <= until <= since + 2 * DAY
    assert span(day + DAY, zone)[0] == until


@given(MOMENTS, ZONES)
def test_a_moment_belongs_to_the_day_on_its_own_calendar(now: datetime, zone: ZoneInfo) -> None:
    day = now.astimezone(zone).date()
    since, until = span(day, zone)
    # A zone that leaps over midnight from before it (Toronto, 1919) is not among these years.
    assert since <= now < until


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-28", 24)]
)
def test_a_day_has_an_hour_less_or_more_when_clocks_change(day: str, hours: int) -> None:
    since, until = span(date.fromisoformat(day), BERLIN)
    assert until - since == hours * HOUR


def test_a_day_that_a_zone_leaves_out_is_empty() -> None:
    since, until = span(date(2011, 12, 30), ZoneInfo("Pacific/Apia"))
    assert since == until


@given(DAYS, TIMES, ZONES)
def test_a_report_is_due_only_after_its_day(day: date, at: time, zone: ZoneInfo) -> None:
    assert due_at(day, at, zone) >= span(day, zone)[1] + MARGIN


@given(MOMENTS, TIMES, ZONES)
def test_the_newest_report_is_the_last_one_that_is_due(
    now: datetime, at: time, zone: ZoneInfo
) -> None:
    day = newest(now, at, zone)
    assert due_at(day, at, zone) <= now < due_at(day + DAY, at, zone)


@given(DAYS, st.none() | st.integers(-400, 3))
def test_days_that_were_missed_are_made_up_but_only_the_last_few(
    day: date, behind: int | None
) -> None:
    found = missing(day, None if behind is None else day + behind * DAY)
    assert found == sorted(set(found))
    if behind is None:
        assert found == [day]
    else:
        assert len(found) == min(max(0, -behind), MOST_MADE_UP)
        assert not found or found[-1] == day


def test_every_ending_is_shown() -> None:
    assert set(ENDINGS) == set(Status) - {Status.PENDING, Status.SENDING}
