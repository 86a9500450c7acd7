"""Endings that messages have left behind."""

from datetime import datetime
from uuid import UUID

from beanie import Document, PydanticObjectId
from pymongo import ASCENDING, IndexModel


class Ending(Document):
    """How a message ended before it was tried again, or was known to be sent after all.

    Its row tells only the last ending; each counts in the history, on its own day.
    """

    message_id: UUID
    mailing_id: PydanticObjectId | None = None
    channel: str
    template: str | None = None
    """The slug of the template that a personal message was made by."""
    topic: str | None = None
    status: str
    provider: str | None = None
    attempts: int
    """Tries that led to this ending."""
    closed_at: datetime

    class Settings:
        name = "endings"
        indexes = [IndexModel([("closed_at", ASCENDING)], name="closed_at")]  # noqa: RUF012
