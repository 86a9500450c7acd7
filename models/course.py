"""Courses: how the counts of a mailing went over time."""

from datetime import datetime

from beanie import Document, PydanticObjectId
from pydantic import BaseModel


class Point(BaseModel):
    """The counts at one moment."""

    at: datetime
    sent: int
    failed: int
    """Refused for good, the address or the message."""
    open: int


class Course(Document):
    """The course of one mailing, by its id; see `services/courses.py`."""

    id: PydanticObjectId
    """The mailing's."""
    every_seconds: float
    """How far points are apart from now on."""
    next_at: datetime
    points: list[Point]

    class Settings:
        name = "courses"
