"""The clients of a run, put straight into the database."""

from typing import Any

from bson import ObjectId
from pymongo.database import Database

from bench.stage import email_of, phone_of
from core import clock

TEXT = "Your order is ready: come and fetch it before Friday, and bring this message along."
BATCH = 10_000
ALL = ("messages", "attempts", "counters", "mailings", "clients")


def fill(database: Database[dict[str, Any]], count: int) -> None:
    """Start with nothing but this many clients."""
    clear(database, *ALL)
    now = clock.now()
    for first in range(1, count + 1, BATCH):
        database["clients"].insert_many(
            {
                "_id": ObjectId(),
                "phone": str(phone_of(number)),
                "operator_code": "900",
                "tags": ["bench"],
                "time_zone": "UTC",
                "email": email_of(number),
                "created_at": now,
                "updated_at": now,
            }
            for number in range(first, min(first + BATCH, count + 1))
        )


def clear(database: Database[dict[str, Any]], *collections: str) -> None:
    """Delete the rows and keep the indexes."""
    for name in collections:
        database[name].delete_many({})
