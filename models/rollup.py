"""Daily roll-ups, kept for ever: what became of the messages of each day that is over (T6)."""

from datetime import datetime
from uuid import UUID

from beanie import Document, TimeSeriesConfig
from beanie.odm.settings.timeseries import Granularity
from pydantic import BaseModel


class Measured(BaseModel):
    """What messages have in common that are counted together."""

    channel: str
    template: str | None
    """The template's slug."""
    topic: str | None
    status: str
    provider: str | None
    """The host that was asked last; None if none ever was."""


class Rollup(Document):
    """How many messages of one sort ended in a day, and how long they took.

    Never changed and never deleted. It counts only if its day names its run: a worker that died
    left rows that nobody counts.
    """

    day: datetime
    """Its first moment, in UTC."""
    of: Measured
    run: UUID
    slot: int | None
    """How long they took from due to sent, as `rules/delay.py` divides it; None for the unsent."""
    messages: int
    attempts: int
    delay_ms: float
    """The sum."""
    longest_ms: float | None

    class Settings:
        name = "rollups"
        timeseries = TimeSeriesConfig(
            time_field="day", meta_field="of", granularity=Granularity.hours
        )


class RolledDay(Document):
    """A day by its date, which one worker at a time rolls up, and which is then done for ever."""

    id: str  # type: ignore[assignment] # Beanie allows any type of id
    run: UUID | None = None
    """Whose rows count; None until all of them are written."""
    messages: int = 0
    rolled_at: datetime | None = None
    lease_token: UUID | None = None
    lease_until: datetime | None = None

    class Settings:
        name = "rolled_days"
