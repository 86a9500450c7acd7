"""The hours of the day in which a mailing may reach a client, by the client's own wall clock.

A window is open whenever the wall clock shows a time inside it, so in autumn also in the hour that
comes twice. In spring an opening or a closing that the clock leaps over happens at the leap. A
window that is leapt over as a whole opens at the leap for its usual length, lest the clients of a
zone miss a day; only where a zone drops a whole date (Apia, 30 December 2011) there is no such day.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import Invalid

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_BEHIND = 2 * _DAY
# Open or closed, a window stays so for two days at most, even where its other part is leapt over.
_AHEAD = 4 * _DAY

_Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Window:
    """Times of the wall clock, the second one exclusive; over midnight if it isn't the later."""

    opens: time
    closes: time

    def __post_init__(self) -> None:
        """Raise Invalid on a window without an end."""
        if self.opens == self.closes:
            raise Invalid(
                "from and to are the same time of day; choose another end, or leave the window out "
                "to send at any time"
            )

    @property
    def length(self) -> timedelta:
        """How long it is open on a day like any other: more than nothing, less than 24 hours."""
        return (_since_midnight(self.closes) - _since_midnight(self.opens)) % _DAY


def window(opens: str, closes: str) -> Window:
    """The window between two times written as HH:MM, 24:00 only as the end; raises Invalid."""
    return Window(opening(opens), closing(closes))


def opening(raw: object) -> time:
    """When a window opens, from HH:MM; raises Invalid."""
    return _time(raw, "from 00:00 to 23:59, as in 09:00")


def closing(raw: object) -> time:
    """When a window closes, from HH:MM; 24:00 is the midnight that ends the day; raises Invalid."""
    return time() if raw == "24:00" else _time(raw, "from 00:00 to 24:00, as in 21:00")


def is_open(window: Window, zone: ZoneInfo | str, now: datetime) -> bool:
    """Whether the window is open in that zone; raises Invalid as `opens_at` does."""
    return _current(window, zone, now)[0] <= now


def opens_at(window: Window, zone: ZoneInfo | str, now: datetime) -> datetime:
    """The first moment from now on at which the window is open, in UTC.

    Raises Invalid on a time without a zone or outside the years 2 to 9998, and on an unknown zone.
    """
    return max(now.astimezone(UTC), _current(window, zone, now)[0])


def closes_at(window: Window, zone: ZoneInfo | str, now: datetime) -> datetime:
    """When the window that is open now, or else opens next, closes: the first moment after it.

    In UTC; raises Invalid as `opens_at` does.
    """
    return _current(window, zone, now)[1]


def _current(window: Window, zone: ZoneInfo | str, now: datetime) -> _Span:
    if now.utcoffset() is None:
        raise Invalid("give the time with its zone")
    if not 2 <= now.year <= 9998:
        raise Invalid("give a time between the years 2 and 9998")
    place = _place(zone) if isinstance(zone, str) else zone
    return next(span for span in _spans(window, place, now.astimezone(UTC)) if span[1] > now)


def _spans(window: Window, zone: ZoneInfo, now: datetime) -> list[_Span]:
    """The spans around now in which the window is open, in UTC, in order and apart."""
    second = now.replace(microsecond=0)
    stretches = list(_stretches(zone, second - _BEHIND, second + _AHEAD))
    spans = [
        (max(opens - offset, start), min(closes - offset, end))
        for start, end, offset in stretches
        for opens, closes in _days(window, start + offset, end + offset)
    ]
    for (_, leap, before), (_, _, after) in pairwise(stretches):
        spans += _leapt_over(window, leap, before, after)
    return _joined(sorted(span for span in spans if span[0] < span[1]))


def _stretches(
    zone: ZoneInfo, since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The stretches of time in which the zone keeps one offset from UTC."""
    start, offset = since, _offset(zone, since)
    known = since
    while known < until:
        next_day = known + _DAY
        if _offset(zone, next_day) == offset:
            known = next_day
            continue
        known = _change(zone, known, next_day)
        yield start, known, offset
        start, offset = known, _offset(zone, known)
    yield start, known, offset


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The second between the two at which the zone leaves the offset that it has before."""
    offset = _offset(zone, before)
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).replace(tzinfo=UTC) - moment


def _days(window: Window, since: datetime, until: datetime) -> Iterator[_Span]:
    """The window of each date that may touch a span; all are wall clocks, marked as UTC."""
    opens = since.replace(hour=0, minute=0, second=0) - _DAY + _since_midnight(window.opens)
    length = window.length
    while opens < until:
        yield opens, opens + length
        opens += _DAY


def _leapt_over(
    window: Window, leap: datetime, before: timedelta, after: timedelta
) -> Iterator[_Span]:
    """The windows that no wall clock shows, moved to the leap that swallowed them."""
    if after - before >= _DAY:
        return
    for opens, closes in _days(window, leap + before, leap + after):
        if leap + before <= opens and closes <= leap + after:
            yield leap, leap + window.length


def _joined(spans: list[_Span]) -> list[_Span]:
    joined = spans[:1]
    for opens, closes in spans[1:]:
        if opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], closes))
        else:
            joined.append((opens, closes))
    return joined


def _since_midnight(clock: time) -> timedelta:
    return timedelta(hours=clock.hour, minutes=clock.minute)


def _time(raw: object, how: str) -> time:
    if not isinstance(raw, str) or not _TIME.fullmatch(raw):
        raise Invalid(f"write the time as HH:MM, {how}")
    return time.fromisoformat(raw)


@lru_cache(maxsize=1024)  # zoneinfo itself keeps few zones, and reads the others anew
def _place(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid("this is no IANA time zone; write its name as in Europe/Moscow") from None
