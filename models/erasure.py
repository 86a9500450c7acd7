"""Erasures: persons whose traces go, and how far that is."""

from datetime import datetime
from enum import StrEnum

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel


class Person(StrEnum):
    """Who is erased."""

    USER = "user"
    CLIENT = "client"


class Step(StrEnum):
    """What is done, in this order, each in batches that may be done twice."""

    OWN = "own"
    """Messages that carry the person's id."""
    LISTED = "listed"
    """Messages that were sent to the bare address."""
    AUDIT = "audit"
    REST = "rest"
    """What is small enough to be done at once."""
    DONE = "done"


class Erasure(Document):
    """One erasure, which stays for the record: the id is all that is left of the person."""

    whose: Person
    person_id: PydanticObjectId
    names: list[str] = Field(default_factory=list)
    """How the API writes the id."""
    addresses: list[str] = Field(default_factory=list)
    """`channel:address`, to find what bears no id; they go at the end."""
    muted: list[str] = Field(default_factory=list)
    """What had been muted, for the opt-outs that stay; they go at the end."""
    step: Step = Step.OWN
    mailing_id: PydanticObjectId | None = None
    """The mailing whose messages are being looked through."""
    place: str | None = None
    """How far the step is: an id."""
    messages: int = 0
    """Messages that were made anonymous."""
    by: str
    at: datetime
    done_at: datetime | None = None
    lease_until: datetime | None = None

    class Settings:
        name = "erasures"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            IndexModel(
                [("whose", ASCENDING), ("person_id", ASCENDING)], name="person", unique=True
            ),
            IndexModel(
                [("done_at", ASCENDING)],
                name="unfinished",
                partialFilterExpression={"done_at": {"$type": "null"}},
            ),
        ]
