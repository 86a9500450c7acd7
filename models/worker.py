"""Workers that live, or that died without a word of late."""

from datetime import datetime

from beanie import Document
from pydantic import BaseModel, Field
from pymongo import ASCENDING, IndexModel

from rules.worker import FORGOTTEN_SECONDS


class Shift(BaseModel):
    """What a worker does for one lane."""

    lane: str
    name: str
    """As the leases of this lane's messages have it; each connection to Redis has a new one."""
    doing: list[str] = Field(default_factory=list)
    """Jobs under way, such as `sweep` or, for pump 0 of a channel, `pump:0:email`."""


class Worker(Document):
    """A process that delivers, as it last said; times are the database's.

    Nothing depends on it but what people look at.
    """

    id: str  # type: ignore[assignment] # Beanie allows any type of id
    host: str
    pid: int
    version: str
    shifts: list[Shift]
    stopping: bool = False
    sent_per_second: float = 0.0
    failed_per_second: float = 0.0
    """Tries that were not accepted, whatever becomes of their messages."""
    started_at: datetime
    beat_at: datetime

    class Settings:
        name = "workers"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            IndexModel(
                [("beat_at", ASCENDING)], name="expiry", expireAfterSeconds=FORGOTTEN_SECONDS
            ),
        ]
