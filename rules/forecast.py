"""When a mailing would be finished, if its messages leave at a steady rate in their windows.

Messages flow like water: whichever open window closes soonest gets the whole rate. Windows come
back every 24 hours, so a change of clocks within the mailing is not foreseen.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil, inf

from core.errors import Invalid

Opening = tuple[datetime, datetime | None, int]
"""When a window opens first, when it closes then (None: never), and how many messages wait for it."""

# Times are whole microseconds since the start of the mailing, so that they add up exactly.
_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1) // _TICK
_SECOND = timedelta(seconds=1) // _TICK
_NEVER = 10**18
# A message is sent or not: less of one than this is left by rounding.
_NOTHING = 1e-6


@dataclass(frozen=True, slots=True)
class Forecast:
    """When all would be sent, or None with how many would be left at the end."""

    finish_at: datetime | None
    unsent: int


@dataclass(slots=True)
class _Group:
    opens: int
    length: int
    left: float

    def closes_in(self, at: int) -> int:
        """How long it stays open from a time of the day on; 0 while it is closed."""
        if self.length >= _DAY:
            return _NEVER
        return max(0, self.length - (at - self.opens) % _DAY)


def finish(
    openings: Sequence[Opening], start: datetime, end: datetime, per_second: float
) -> Forecast:
    """What becomes of these messages between start and end, at so many messages a second.

    Of a window that is open at the start, say when it opened, lest it seems shorter on the days to
    come. Exact to the microsecond on any one day; the work depends on the number of different
    windows, not on the number of messages or days. Raises Invalid on senseless values.
    """
    if not 0 < per_second < inf:
        raise Invalid("give a rate above 0")
    groups, over = _groups(openings, start), _since(start, end)
    at = _ticks(groups, over, per_second / _SECOND) if groups else 0
    left = ceil(sum(group.left for group in groups) - _NOTHING)
    if left > 0:
        return Forecast(None, left)
    return Forecast(start.astimezone(UTC) + ceil(at) * _TICK, 0)


def _groups(openings: Sequence[Opening], start: datetime) -> list[_Group]:
    """The messages by window, for many zones keep the same hours."""
    counts: Counter[tuple[int, int]] = Counter()
    for opens_at, closes_at, count in openings:
        opens = _since(start, opens_at)
        length = _DAY if closes_at is None else _since(start, closes_at) - opens
        if count < 0 or length <= 0:
            raise Invalid("give counts from 0, and windows that close after they open")
        counts[opens, length] += count
    return [_Group(*window, count) for window, count in counts.items() if count]


def _ticks(groups: list[_Group], over: int, rate: float) -> float:
    """Take from the groups what is sent until it is over; returns when the last message left."""
    day, stretches = 0, list(_stretches(groups))
    while day < over:
        before = [group.left for group in groups]
        for since, until, order in stretches:
            at = _send(order, day + since, min(day + until, over), rate)
            if not any(group.left for group in groups):
                return at
        day += _DAY
        day += _DAY * _skip(groups, before, day, over)
    return over


def _send(order: list[_Group], since: int, until: int, rate: float) -> float:
    """Take from the groups, in their order, what there is time for; returns when that ends."""
    at: float = since
    for group in order:
        if group.opens <= since and at < until:
            needed = group.left / rate
            group.left = 0.0 if at + needed <= until else group.left - (until - at) * rate
            at = min(at + needed, until)
    return at


def _skip(groups: list[_Group], before: list[float], day: int, over: int) -> int:
    """Take as many days at once as go by like the one before `day` did; returns how many.

    They do until it is over, a window opens for the first time, or a group comes to its end.
    """
    marks = [over, *(group.opens for group in groups if group.opens > day - _DAY)]
    sent = [was - group.left for group, was in zip(groups, before, strict=True)]
    days = min((mark - day) // _DAY for mark in marks)
    for group, share in zip(groups, sent, strict=True):
        days = min(days, int(group.left // share) - 1) if share > 0 else days
    days = max(days, 0)
    for group, share in zip(groups, sent, strict=True):
        group.left -= days * share
    return days


def _stretches(groups: list[_Group]) -> Iterator[tuple[int, int, list[_Group]]]:
    """The parts of a day between openings and closings, with who comes first in each."""
    marks = {0, _DAY}
    for group in groups:
        marks |= {group.opens % _DAY, (group.opens + group.length) % _DAY}
    ordered = sorted(marks)
    for since, until in pairwise(ordered):
        closings = [(group.closes_in(since), place) for place, group in enumerate(groups)]
        yield since, until, [groups[place] for closing, place in sorted(closings) if closing]


def _since(start: datetime, moment: datetime) -> int:
    if start.utcoffset() is None or moment.utcoffset() is None:
        raise Invalid("give the time with its zone")
    return (moment.astimezone(UTC) - start.astimezone(UTC)) // _TICK
