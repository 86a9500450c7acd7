"""The span of a mailing, and what is left of it for one more send.

Times are compared in UTC: Python compares two times of one zone by their wall clocks, which is
wrong in the hour that comes twice in autumn.
"""

from datetime import UTC, datetime, timedelta

from core import clock
from core.errors import Invalid

LAST_YEAR = 9_998
"""A local-time window may have to look a day further than the end."""


def interval(start: datetime, end: datetime) -> None:
    """Raise Invalid unless the end comes after the start, by a millisecond or more."""
    if clock.cut(_utc(end)) <= clock.cut(_utc(start)):
        raise Invalid("set the end after the start")
    if _utc(end).year > LAST_YEAR:
        raise Invalid(f"set the end before the year {LAST_YEAR + 1}")


def remaining(now: datetime, end: datetime) -> timedelta:
    """The time from now to the end, never negative; raises Invalid on a time without a zone."""
    return max(timedelta(), _utc(end) - _utc(now))


def time_for_send(
    now: datetime, end: datetime, lease_until: datetime, limit_seconds: float
) -> float:
    """Seconds that a send may take, so that it finishes within its lease and before the end.

    0 or less: do not start it. Raises Invalid on a time without a zone.
    """
    last = min(_utc(end), _utc(lease_until))
    return min(limit_seconds, (last - _utc(now)).total_seconds())


def _utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise Invalid("give the time with its zone, as in 2026-01-31T09:00:00+03:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Invalid("give a time between the years 1 and 9999, in UTC") from None
