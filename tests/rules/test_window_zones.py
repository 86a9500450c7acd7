"""Every zone against a plain oracle that looks at the wall clock minute by minute."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from rules.window import Window, closes_at, opens_at, window

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
WORKDAY = window("09:00", "21:00")
NIGHT = window("21:00", "06:00")
# Whole dates dropped, hours leapt over at midnight, half hours, three and seven hours, and Ramadan.
ODD_DAYS = [
    ("Pacific/Apia", "2011-12-30"),
    ("Pacific/Kwajalein", "1993-08-21"),
    ("Pacific/Kiritimati", "1994-12-31"),
    ("Africa/Cairo", "2026-04-23"),
    ("America/Sao_Paulo", "2018-11-04"),
    ("America/Sao_Paulo", "2018-02-18"),
    ("America/Scoresbysund", "2024-03-31"),
    ("Australia/Lord_Howe", "2026-10-03"),
    ("Australia/Lord_Howe", "2026-04-04"),
    ("Africa/Casablanca", "2026-02-15"),
    ("Africa/Casablanca", "2087-04-20"),
    ("Antarctica/Casey", "2020-10-03"),
    ("Antarctica/Troll", "2026-03-29"),
    ("Antarctica/Troll", "2026-10-25"),
    ("Antarctica/Vostok", "1994-11-01"),
    ("Antarctica/Vostok", "1994-01-31"),
    ("Asia/Kathmandu", "1985-12-31"),
    ("Asia/Pyongyang", "2018-05-04"),
    ("America/Caracas", "2016-05-01"),
]


def clock(minute: int) -> time:
    return time(minute % 1440 // 60, minute % 60)


def minute_of_day(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def walls(zone: ZoneInfo, since: datetime, minutes: int) -> list[int]:
    """What the wall clock shows at each minute, in minutes since some midnight."""
    shown = ((since + MINUTE * n).astimezone(zone) for n in range(minutes))
    return [wall.toordinal() * 1440 + wall.hour * 60 + wall.minute for wall in shown]


@lru_cache(maxsize=1024)  # many zones are names for the same thing
def open_minutes(window: Window, shown: tuple[int, ...]) -> list[bool]:
    """Slowly and plainly, minute by minute: when the rules should find the window open."""
    opens = minute_of_day(window.opens)
    length = (minute_of_day(window.closes) - opens) % 1440
    found = [(minute - opens) % 1440 < length for minute in shown]
    for n, (before, after) in enumerate(pairwise(shown), 1):
        if 1 < after - before <= 1440:
            for skipped in range(before + 1, after - length + 1):
                if skipped % 1440 == opens:
                    found[n : n + length] = [True] * len(found[n : n + length])
    return found


def walked(window: Window, zone: ZoneInfo, since: datetime, minutes: int) -> list[bool]:
    """The same, by walking from opening to closing."""
    found = [False] * minutes
    now, end = since, since + MINUTE * minutes
    while (now := opens_at(window, zone, now)) < end:
        first, last = now - since, closes_at(window, zone, now) - since
        assert first % MINUTE == last % MINUTE == timedelta()
        span = slice(first // MINUTE, min(last // MINUTE, minutes))
        found[span] = [True] * (span.stop - span.start)
        now += last - first
    return found


def windows_around(shown: tuple[int, ...]) -> Iterator[Window]:
    """Windows by day and by night, and in, into and out of each leap of the clock."""
    yield from (WORKDAY, NIGHT, window("00:01", "24:00"))
    for before, after in pairwise(shown):
        if after - before != 1:
            first, last = sorted((before + 1, after))
            middle = (first + last) // 2
            ends = ((first, last), (middle, middle + 1), (first - 10, middle), (middle, last + 10))
            for opens, closes in ends:
                if (closes - opens) % 1440:
                    yield Window(clock(opens), clock(closes))


def differences(name: str, day: datetime) -> list[str]:
    zone = ZoneInfo(name)
    shown = tuple(walls(zone, day - DAY, 3 * 1440))
    return [
        f"{name} {day:%F} {window}"
        for window in set(windows_around(shown))
        # The day before is there only for what it leaves open.
        if open_minutes(window, shown)[1440:] != walked(window, zone, day, 2 * 1440)
    ]


def change_days(name: str, year: int) -> list[datetime]:
    """The days of a year on which the zone changes its offset, or any day if it never does."""
    zone = ZoneInfo(name)
    days = [datetime(year, 1, 1, tzinfo=UTC) + DAY * n for n in range(366)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    changes = [
        day for day, (one, other) in zip(days, pairwise(offsets), strict=False) if one != other
    ]
    return changes or days[:1]


def test_every_zone_keeps_to_its_wall_clock_on_the_days_of_its_changes() -> None:
    wrong = [
        found
        for name in sorted(available_timezones())
        for day in change_days(name, 2026)
        for found in differences(name, day)
    ]
    assert wrong == []


@pytest.mark.parametrize(("name", "day"), ODD_DAYS)
def test_odd_changes_of_history_are_no_exception(name: str, day: str) -> None:
    assert differences(name, datetime.fromisoformat(day).replace(tzinfo=UTC)) == []
