from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Invalid
from rules.window import Window, closes_at, is_open, opens_at, window

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)
BERLIN = ZoneInfo("Europe/Berlin")
NAMES = sorted(available_timezones())
WORKDAY = window("09:00", "21:00")
WINDOWS = st.builds(
    lambda opens, length: Window(clock(opens), clock(opens + length)),
    st.integers(0, 1439),
    st.integers(1, 1439),
)
MOMENTS = st.datetimes(
    datetime.fromisoformat("1970-01-05"),
    datetime.fromisoformat("2100-12-31"),
    timezones=st.just(UTC),
)


def clock(minute: int) -> time:
    return time(minute % 1440 // 60, minute % 60)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@settings(deadline=None)
@given(st.sampled_from(NAMES), MOMENTS, WINDOWS)
def test_a_window_is_next_open_when_it_says(name: str, now: datetime, window: Window) -> None:
    opens = opens_at(window, name, now)
    assert opens >= now
    assert opens - now <= 2 * DAY
    assert is_open(window, name, opens)
    assert is_open(window, name, now) == (opens == now)
    if opens > now:
        assert not is_open(window, name, opens - TICK)
        assert not is_open(window, name, now + (opens - now) / 2)


@settings(deadline=None)
@given(st.sampled_from(NAMES), MOMENTS, WINDOWS)
def test_a_window_closes_when_it_says(name: str, now: datetime, window: Window) -> None:
    opens, closes = opens_at(window, name, now), closes_at(window, name, now)
    assert timedelta() < closes - opens <= 2 * DAY
    assert closes_at(window, name, opens) == closes
    assert is_open(window, name, closes - TICK)
    assert is_open(window, name, opens + (closes - opens) / 2)
    assert not is_open(window, name, closes)


@settings(deadline=None)
@given(st.sampled_from(NAMES), MOMENTS, WINDOWS)
def test_where_no_clock_changes_only_the_wall_clock_counts(
    name: str, now: datetime, window: Window
) -> None:
    zone = ZoneInfo(name)
    around = {(now + DAY * days).astimezone(zone).utcoffset() for days in (-1, 0, 1)}
    shown, (opens, closes) = now.astimezone(zone).time(), (window.opens, window.closes)
    inside = opens <= shown < closes if opens < closes else shown >= opens or shown < closes
    if len(around) == 1:
        assert is_open(window, zone, now) == inside


def test_a_window_in_spring_opens_at_the_leap() -> None:
    """On 29 March 2026 the clocks of Berlin go from 02:00 to 03:00 at 01:00 UTC."""
    leap = at("2026-03-29T01:00")
    asleep = at("2026-03-29T00:00")
    for opens, closes, length in (
        ("02:30", "09:00", 360),
        ("02:15", "02:45", 30),
        ("02:00", "03:00", 60),
        ("02:30", "02:31", 1),
        ("02:59", "03:01", 1),
    ):
        inside = window(opens, closes)
        assert opens_at(inside, BERLIN, asleep) == leap
        assert closes_at(inside, BERLIN, asleep) == leap + MINUTE * length


def test_a_window_in_spring_closes_at_the_leap() -> None:
    evening = window("22:00", "02:30")
    assert closes_at(evening, BERLIN, at("2026-03-29T00:00")) == at("2026-03-29T01:00")


def test_the_hour_that_comes_twice_is_open_twice() -> None:
    """On 25 October 2026 the clocks of Berlin show 02:00 to 03:00 from 00:00 UTC and from 01:00."""
    assert closes_at(window("02:00", "03:00"), BERLIN, at("2026-10-25T00:00")) == at(
        "2026-10-25T02:00"
    )
    half = window("02:00", "02:30")
    assert closes_at(half, BERLIN, at("2026-10-25T00:00")) == at("2026-10-25T00:30")
    assert opens_at(half, BERLIN, at("2026-10-25T00:30")) == at("2026-10-25T01:00")


def test_a_date_that_a_zone_drops_has_no_window() -> None:
    """Samoa went from 29 to 31 December 2011; nobody is woken for the thirtieth."""
    evening_of_the_29th = at("2011-12-30T09:00")
    assert not is_open(WORKDAY, "Pacific/Apia", evening_of_the_29th)
    assert opens_at(WORKDAY, "Pacific/Apia", evening_of_the_29th) == at("2011-12-30T19:00")


def test_offsets_of_odd_seconds_are_kept_to_the_second() -> None:
    """Monrovia was 44 minutes and 30 seconds behind UTC until it leapt on 7 January 1972."""
    assert opens_at(WORKDAY, "Africa/Monrovia", at("1972-01-06T09:44")) == at("1972-01-06T09:44:30")
    assert opens_at(window("00:15", "00:30"), "Africa/Monrovia", at("1972-01-07T00:44")) == at(
        "1972-01-07T00:44:30"
    )


def test_a_time_of_any_zone_is_the_same_moment() -> None:
    noon = at("2026-06-01T22:00").astimezone(ZoneInfo("Asia/Tokyo"))
    assert opens_at(WORKDAY, BERLIN, noon) == at("2026-06-02T07:00")
    assert opens_at(WORKDAY, BERLIN, noon).tzinfo is UTC


def test_times_are_written_with_two_digits_each() -> None:
    assert window("00:00", "23:59") == Window(time(0, 0), time(23, 59))
    assert window("09:00", "24:00") == window("09:00", "00:00") == Window(time(9), time())


@pytest.mark.parametrize(
    "text",
    ["", "9:00", "09:60", "24:01", "09:00:00", " 09:00", "09:00\n", "09.00", "-1:00", "٠٩:00", 9],
)
def test_a_malformed_time_is_refused_with_the_way_to_write_it(text: str) -> None:
    for opens, closes in ((text, "12:00"), ("12:00", text)):
        with pytest.raises(Invalid, match="write the time as HH:MM"):
            window(opens, closes)


def test_only_the_end_may_be_the_end_of_the_day() -> None:
    with pytest.raises(Invalid, match="write the time as HH:MM"):
        window("24:00", "09:00")


@pytest.mark.parametrize(("opens", "closes"), [("09:00", "09:00"), ("00:00", "24:00")])
def test_a_window_that_never_closes_is_refused(opens: str, closes: str) -> None:
    with pytest.raises(Invalid, match="leave the window out to send at any time"):
        window(opens, closes)


@pytest.mark.parametrize(
    ("zone", "now", "advice"),
    [
        ("UTC", datetime.fromisoformat("2026-01-31T12:00"), "with its zone"),
        ("UTC", datetime.max.replace(tzinfo=UTC), "between the years"),
        ("UTC", datetime.min.replace(tzinfo=UTC), "between the years"),
        ("Europe/Atlantis", at("2026-01-31"), "as in Europe/Moscow"),
        ("../etc/passwd", at("2026-01-31"), "as in Europe/Moscow"),
        ("Europe", at("2026-01-31"), "as in Europe/Moscow"),
    ],
)
def test_moments_and_zones_that_are_none_are_refused(zone: str, now: datetime, advice: str) -> None:
    for rule in (is_open, opens_at, closes_at):
        with pytest.raises(Invalid, match=advice):
            rule(WORKDAY, zone, now)
