"""Providers: what all workers know of each together, one row per channel."""

from datetime import datetime
from uuid import UUID

from beanie import Document


class Provider(Document):
    """The shared circuit breaker of a channel, by the channel's name; times are the database's."""

    id: str  # type: ignore[assignment] # Beanie allows any type of id
    state: str = "closed"
    trips: int = 0
    """How often it opened in a row without a success between."""
    retry_at: datetime | None = None
    """While open: when one message may try whether the provider is back."""
    probe: UUID | None = None
    """Who tries just now."""
    probe_until: datetime | None = None
    """When that try is given up."""
    why: str = ""
    changed_at: datetime

    class Settings:
        name = "providers"
