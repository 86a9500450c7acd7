"""Groups: static lists of clients and users, who carry the ids of their groups."""

from datetime import datetime

from beanie import Document
from pymongo import ASCENDING, IndexModel


class Group(Document):
    """A group, by a name that never changes."""

    name: str
    title: str
    description: str = ""
    held_at: datetime | None = None
    """Written by whoever begins to use it, so that a deletion at the same moment finds that."""
    deleted_at: datetime | None = None
    """From then on nobody can use it; it goes when nobody is in it any more."""
    created_by: str
    created_at: datetime
    updated_at: datetime

    class Settings:
        name = "groups"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            IndexModel(
                [("name", ASCENDING)],
                name="name",
                unique=True,
                # A name is free again as soon as its group is deleted.
                partialFilterExpression={"deleted_at": {"$type": "null"}},
            ),
        ]
