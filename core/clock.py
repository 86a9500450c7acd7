"""The one source of time: aware UTC datetimes, in milliseconds as MongoDB keeps them."""

import math
import time
from datetime import UTC, datetime, timedelta

VAGUE_SECONDS = 0.5
"""Beyond this an answer says too little of the time to set a clock by it again."""


def now() -> datetime:
    """The time in UTC, cut to milliseconds so that a stored value equals the one in hand."""
    return cut(datetime.now(UTC))


def cut(moment: datetime) -> datetime:
    """The moment in UTC and whole milliseconds; raises ValueError on a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no place in time; give it a zone")
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class DatabaseClock:
    """The database's time, by its distance from ours as last observed.

    Workers on several hosts compare starts, ends and leases; they must all use one clock.
    """

    def __init__(self) -> None:
        self._ahead: timedelta | None = None
        self._lost_at = -math.inf

    def observe(self, database_now: datetime, took_seconds: float = 0.0) -> None:
        """Take note of a time that the database answered just now, so long after it was asked.

        As the answer was on its way for a part of that, we are late by as much, and never early:
        nothing may be dated later than what comes of it. What took long is better than nothing only.
        """
        if self._ahead is None or took_seconds <= VAGUE_SECONDS:
            self._ahead = database_now - datetime.now(UTC)

    def lose(self) -> None:
        """Take note that the database did not answer."""
        self._lost_at = time.monotonic()

    @property
    def steady_seconds(self) -> float:
        """For how long the database has answered, whenever it was asked; infinite if always."""
        return time.monotonic() - self._lost_at

    def now(self) -> datetime:
        """The database's time in UTC, as well as it is known."""
        return cut(datetime.now(UTC) + (self._ahead or timedelta()))
