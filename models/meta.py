"""What a database says of itself: the version of its schema, and who is changing that."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from beanie import Document


class Meta(Document):
    """One row. Only migrations write it, before any other document is bound to the database."""

    SCHEMA: ClassVar[str] = "schema"
    """Its id."""

    id: str  # type: ignore[assignment] # Beanie allows any type of id
    version: int = 0
    """Migrations up to this number are done."""
    lease_token: UUID | None = None
    lease_until: datetime | None = None
    migrated_at: datetime | None = None

    class Settings:
        name = "meta"
