"""The one source of time: aware UTC datetimes, in milliseconds as MongoDB keeps them."""

from datetime import UTC, datetime, timedelta


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
        self._ahead = timedelta()

    def observe(self, database_now: datetime) -> None:
        """Take note of a `$$NOW` that the database answered just now."""
        self._ahead = database_now - datetime.now(UTC)

    def now(self) -> datetime:
        """The database's time in UTC, as well as it is known."""
        return cut(datetime.now(UTC) + self._ahead)
