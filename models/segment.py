"""Segments: filters over clients and users that are kept under a name."""

from datetime import datetime

from beanie import Document
from pymongo import ASCENDING, IndexModel

from models.mailing import AudienceFilter


class Segment(Document):
    """A segment, by a name that never changes; who is in it is found out when it is used."""

    name: str
    title: str
    description: str = ""
    filter: AudienceFilter
    held_at: datetime | None = None
    """Written by whoever begins to use it, so that a deletion at the same moment finds that."""
    created_by: str
    created_at: datetime
    updated_at: datetime

    class Settings:
        name = "segments"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            IndexModel([("name", ASCENDING)], name="name", unique=True),
        ]
