"""Contacts: whom a sender writes to by name, and by which messengers (C1, C2)."""

from datetime import datetime

from beanie import Document
from pymongo import ASCENDING, IndexModel


class Contact(Document):
    """One contact of one sender, with a handle of at least one messenger."""

    owner: str
    """The subject of the sender; nobody else sees it."""
    name: str
    key: str
    """The name by which it is found, in any case: unique among the owner's."""
    telegram: str | None = None
    whatsapp: str | None = None
    viber: str | None = None
    created_at: datetime
    updated_at: datetime

    class Settings:
        name = "contacts"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            IndexModel([("owner", ASCENDING), ("key", ASCENDING)], unique=True, name="key"),
            IndexModel([("owner", ASCENDING), ("_id", ASCENDING)], name="owner"),
        ]
