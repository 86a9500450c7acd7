"""Times in which a worker could not have known, or told, what became of its messages."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from core import clock

LEASE_SECONDS = 4
"""Far more than a busy machine keeps a worker from renewing its leases for."""
STARVED, SLOW = STRAINS = ("machine busy", "database slow")
"""What takes a worker time that it needs to hold its leases, but no answer."""
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


class Outage(NamedTuple):
    """What the driver did to a worker's process, and from when until when."""

    pid: int
    how: str
    since: datetime
    until: datetime = FOR_EVER

    def within(self, since: datetime, until: datetime) -> timedelta:
        """How long it was of that time."""
        return max(timedelta(), min(self.until, until) - max(self.since, since))


class Outages(list[Outage]):
    """All of them."""

    def begin(self, pids: Iterable[int], how: str) -> None:
        """Note that it has happened; to be said before it does."""
        now = clock.now()
        self += [Outage(pid, how, now) for pid in pids]

    def end(self, how: str) -> None:
        """Note that it is over; to be said after it is."""
        now = clock.now()
        self[:] = [
            one._replace(until=now) if one.how == how and one.until == FOR_EVER else one
            for one in self
        ]
