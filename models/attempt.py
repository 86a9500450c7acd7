"""Attempts: one row per try to deliver a message, never changed."""

from datetime import datetime
from uuid import UUID

from beanie import Document, PydanticObjectId
from pymongo import ASCENDING, IndexModel


class Attempt(Document):
    """One try: when, how long, what came back (the answer cut to 2,000 characters)."""

    message_id: UUID
    mailing_id: PydanticObjectId | None = None
    mailing_version: int | None = None
    """What the mailing said then."""
    number: int
    """Counts the tries of its message from 1, as far as its worker knew."""
    channel: str
    provider: str | None = None
    """The host that was asked."""
    address: str
    started_at: datetime
    duration_ms: float
    verdict: str
    code: str
    answer: str
    worker: str

    class Settings:
        name = "attempts"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            IndexModel([("message_id", ASCENDING), ("started_at", ASCENDING)], name="message"),
        ]
