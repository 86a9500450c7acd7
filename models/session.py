"""Sessions of people who are signed in to the console."""

from datetime import datetime

from beanie import Document
from pydantic import Field
from pymongo import ASCENDING, IndexModel

from rules.roles import Role


class Session(Document):
    """Somebody signed in; of the ids in the browser only the SHA-256 is kept."""

    line: bytes = Field(repr=False)
    """The hash of what all of its ids begin with, by which those of long ago are known."""
    hash: bytes = Field(repr=False)
    former: bytes | None = Field(None, repr=False)
    """The hash of the id before, which opens it for a moment more."""
    rotated_at: datetime | None = None
    subject: str
    name: str
    role: Role
    created_at: datetime
    seen_at: datetime
    last_at: datetime
    """When it ends however much it is used."""
    expires_at: datetime
    """When it ends if it is used no more; MongoDB removes it some time later."""
    id_token: str | None = Field(None, repr=False)
    """Sealed: the provider wants to see it again at the end."""

    class Settings:
        name = "sessions"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            IndexModel([("line", ASCENDING)], name="line"),
            IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0),
        ]
