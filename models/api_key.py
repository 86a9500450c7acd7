"""API keys: how other services sign in."""

from datetime import datetime

from beanie import Document
from pydantic import Field

from rules.roles import Role


class ApiKey(Document):
    """A key, of which only a hash is kept; one that was revoked stays for the record."""

    name: str
    role: Role
    hash: bytes = Field(repr=False)
    created_at: datetime
    created_by: str
    """The subject of its maker."""
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    last_used_at: datetime | None = None
    """To the minute."""

    class Settings:
        name = "api_keys"
