"""The record of what operators did."""

from datetime import datetime

from beanie import Document
from pydantic import Field
from pymongo import ASCENDING, IndexModel

from rules.audit import Outcome
from rules.roles import Role


class AuditEntry(Document):
    """One action: written before it begins, completed when it has ended."""

    at: datetime
    by: str
    """The subject of who asked for it."""
    role: Role | None = None
    """Null on the command line, which needs none."""
    key_id: str | None = None
    """The API key that spoke, where it was no token."""
    action: str
    """The mutation's name."""
    targets: list[str] = Field(default_factory=list)
    input: str
    outcome: Outcome = Outcome.UNFINISHED
    codes: list[str] = Field(default_factory=list)
    result: str | None = None
    """What it did, where that is counted, in JSON."""
    times: int = 1
    """More than 1 where the same was refused again and again within a minute."""
    finished_at: datetime | None = None
    expires_at: datetime

    class Settings:
        name = "audit"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            IndexModel([("by", ASCENDING), ("_id", ASCENDING)], name="by"),
            IndexModel([("action", ASCENDING), ("_id", ASCENDING)], name="action"),
            # Each row says its own end, so that AUDIT_DAYS can change without a new index.
            IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0),
        ]
