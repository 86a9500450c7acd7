"""What a sender sent and could not be delivered (C4)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from models.message import FAILED, Message
from services.paging import Page


@dataclass(frozen=True, slots=True)
class Place:
    """A message's place in the list: when it was given up, and which of those of that moment."""

    closed_at: datetime
    id: UUID


async def page(
    by: str, *, first: int, after: Place | None = None, since: datetime | None = None
) -> Page[Message]:
    """A sender's own personal messages that were given up, the last ones first."""
    query: dict[str, Any] = {"by": by, "status": {"$in": list(FAILED)}}
    if since is not None:
        query["closed_at"] = {"$gte": since}
    if after is not None:
        sooner = {"closed_at": {"$lt": after.closed_at}}
        beside = {"closed_at": after.closed_at, "_id": {"$lt": after.id}}
        query["$or"] = [sooner, beside]
    found = Message.find(query).sort("-closed_at", "-_id").limit(first + 1)
    rows = await found.to_list()
    return Page(rows[:first], len(rows) > first)


def place(message: Message) -> Place:
    """Where a message that was given up stands in the list."""
    return Place(message.closed_at or message.created_at, message.id)


def place_of(milliseconds: int, message_id: UUID) -> Place:
    """The place that a cursor stands for; raises ValueError or OverflowError on no such moment."""
    return Place(datetime.fromtimestamp(milliseconds / 1_000, UTC), message_id)
