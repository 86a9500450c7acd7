"""Sends: what was asked to be sent at once, to whom, and what carries it (T2, T4)."""

from datetime import datetime

from beanie import Document, PydanticObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel

from models.mailing import LocalWindow
from models.template import TemplateRef


class SendTo(BaseModel):
    """Whom a send goes to: one of these."""

    recipients: int | None = None
    """How many were named."""
    group: str | None = None
    segment: str | None = None
    all: str | None = None
    """clients, users or everyone."""


class Send(Document):
    """One send, never changed. Its messages are those of its mailing, or carry its id."""

    by: str
    """The subject of who asked for it."""
    at: datetime
    to: SendTo
    template: TemplateRef | None = None
    topic: str | None = None
    channels: list[str]
    """Those asked for; none: whatever fits each recipient."""
    lane: str
    start_at: datetime
    end_at: datetime
    window: LocalWindow | None = None
    mailing_id: PydanticObjectId | None = None
    """The mailing that carries it in the bulk lane."""

    class Settings:
        name = "sends"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            IndexModel([("by", ASCENDING), ("_id", ASCENDING)], name="by"),
        ]
