"""Answers already given, by idempotency key."""

from datetime import datetime
from typing import Any

from beanie import Document
from pymongo import ASCENDING, IndexModel


class Answer(Document):
    """The first answer to a key; `fingerprint` tells whether a repeat asks for the same."""

    id: str  # type: ignore[assignment] # Beanie allows any type of id
    fingerprint: str
    answer: dict[str, Any]
    created_at: datetime

    class Settings:
        name = "idempotency"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            IndexModel([("created_at", ASCENDING)], name="expiry", expireAfterSeconds=24 * 3600),
        ]
