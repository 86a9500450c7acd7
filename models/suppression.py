"""Suppressions: addresses that nothing may be sent to (X8)."""

from datetime import datetime
from uuid import UUID

from beanie import Document
from pymongo import ASCENDING, IndexModel

from rules.suppression import Reason


class Suppression(Document):
    """One address of one channel; its id is `channel:address` in the spelling for looking it up."""

    id: str  # type: ignore[assignment] # Beanie allows any type of id
    channel: str
    address: str
    reason: Reason
    at: datetime
    by: str
    """The subject of who put it here; Belfry itself for a bounce, the recipient who unsubscribed."""
    message_id: UUID | None = None
    """The message that bounced."""
    note: str = ""

    class Settings:
        name = "suppressions"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            IndexModel([("reason", ASCENDING), ("_id", ASCENDING)], name="reason"),
            IndexModel([("channel", ASCENDING), ("_id", ASCENDING)], name="channel"),
        ]
