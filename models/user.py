"""Users, each with an inbox in its own document."""

from typing import Annotated, Any, ClassVar

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel


class User(Document):
    """A person with a bell, whose inbox is written only by the pipelines of `rules/ring.py`."""

    id: PydanticObjectId | None = None
    email: str = ""
    locale: str | None = None
    """A tag of BCP 47, as in de-AT: the language that it is written to."""
    time_zone: str = "UTC"
    """An IANA name: the clock of its windows. Users without the field are in UTC."""
    groups: list[PydanticObjectId] = Field(default_factory=list)
    seq: int = 0
    """The number of the newest event."""
    unread: int = 0
    floor: int = 0
    """The newest `seq` that fell out of the ring: cursors before it can't be continued."""
    touched: int = 0
    """Items that the last change changed."""
    inbox: Annotated[list[dict[str, Any]], Field(default_factory=list)]
    muted: Annotated[list[str], Field(default_factory=list)]
    """What the user wants to hear nothing of: entries of `rules/preferences.py`."""
    retracted: Annotated[list[dict[str, Any]], Field(default_factory=list)]
    """Ids of the items retracted last, each with the `seq` of that event, oldest first."""
    forgotten: int = 0
    """The newest `seq` that fell out of `retracted`: cursors before it can't be continued."""

    class Settings:
        name = "users"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            # Most users are in no group, and have no such field.
            IndexModel(
                [("groups", ASCENDING), ("_id", ASCENDING)],
                name="groups",
                partialFilterExpression={"groups": {"$exists": True}},
            ),
        ]

    HEAD: ClassVar[dict[str, int]] = {"seq": 1, "unread": 1, "floor": 1, "email": 1, "touched": 1}
    """The projection for whoever doesn't need the items."""
    KNOWN: ClassVar[dict[str, int]] = dict.fromkeys(
        ("email", "locale", "time_zone", "groups", "unread"), 1
    )
    """The projection for whoever asks how it is written to."""
