"""Workers as others see them: by how long ago they last said that they live."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

BEAT_SECONDS = 3.0
LOST_AFTER = timedelta(seconds=5 * BEAT_SECONDS)
"""Longer than MongoDB needs for another primary, and shorter than any lease that is worth having."""
FORGOTTEN_SECONDS = 3_600
"""How long a worker that said no goodbye stays on the list, so that somebody sees that it died."""


class State(StrEnum):
    """How a worker does."""

    RUNNING = "running"
    STOPPING = "stopping"
    """Told to go: it ends what it has begun."""
    LOST = "lost"
    """Killed, hung, or cut off from the database: nobody knows which."""


def state(beat_at: datetime, now: datetime, *, stopping: bool) -> State:
    """How a worker does whose last beat this was; both times are the database's."""
    if now - beat_at > LOST_AFTER:
        return State.LOST
    return State.STOPPING if stopping else State.RUNNING


class Identity(NamedTuple):
    """A process of a machine; `life` tells it from all that had the same number before."""

    host: str
    pid: int
    life: str

    def __str__(self) -> str:
        """As leases, attempts and job ids name it."""
        return f"{self.host}:{self.pid}:{self.life}"


def without_slot(name: str) -> str:
    """The name in a lease or an attempt without the pump's number, if it has one."""
    return ":".join(name.split(":")[:3])
