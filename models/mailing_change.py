"""What was changed of a mailing, when and by whom: one row per version."""

from datetime import datetime
from typing import Any

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel


class MailingChange(Document):
    """One change, never changed itself. `before` and `after` hold just the fields it touched."""

    mailing_id: PydanticObjectId
    version: int
    """The version that it made."""
    verb: str
    """What was done: update, pause, resume, cancel, delete, retry."""
    at: datetime
    by: str
    before: dict[str, Any] = Field(default_factory=dict)
    after: dict[str, Any] = Field(default_factory=dict)

    class Settings:
        name = "mailing_changes"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            IndexModel([("mailing_id", ASCENDING), ("version", ASCENDING)], name="of_mailing"),
        ]
