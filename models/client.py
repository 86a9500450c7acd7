"""The directory of clients that mailings go to."""

from datetime import datetime

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel


class Client(Document):
    """One client. `phone` is 7XXXXXXXXXX and unique; `time_zone` an IANA name."""

    phone: str
    operator_code: str
    tags: list[str] = Field(default_factory=list)
    time_zone: str = "UTC"
    email: str | None = None
    telegram: str | None = None
    whatsapp: str | None = None
    viber: str | None = None
    muted: list[str] = Field(default_factory=list)
    """What the client wants to hear nothing of: entries of `rules/preferences.py`."""
    locale: str | None = None
    """A tag of BCP 47, as in de-AT: the language that it is written to."""
    groups: list[PydanticObjectId] = Field(default_factory=list)
    created_at: datetime
    updated_at: datetime

    class Settings:
        name = "clients"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            IndexModel([("phone", ASCENDING)], unique=True, name="phone"),
            IndexModel([("operator_code", ASCENDING), ("_id", ASCENDING)], name="operator_code"),
            IndexModel([("tags", ASCENDING), ("_id", ASCENDING)], name="tags"),
            IndexModel([("groups", ASCENDING), ("_id", ASCENDING)], name="groups"),
            IndexModel([("time_zone", ASCENDING), ("_id", ASCENDING)], name="time_zone"),
            IndexModel(
                [("email", ASCENDING)],
                name="email",
                partialFilterExpression={"email": {"$type": "string"}},
            ),
        ]
