"""A user's inbox: read it, and mark it read (N4, N5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from bson import ObjectId

from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.user import User
from rules import inbox
from services import users

_CHANGED = {"$filter": {"input": "$inbox", "as": "it", "cond": {"$eq": ["$$it.read_seq", "$seq"]}}}


@dataclass(frozen=True, slots=True)
class Inbox:
    """An inbox as it was at one moment; `items` newest first, None where they weren't read."""

    user_id: str
    total: int
    unread: int
    seq: int
    floor: int
    items: tuple[inbox.Item, ...] | None


@dataclass(frozen=True, slots=True)
class Marked:
    """What marking did: how many items it changed and how many are unread after it."""

    changed: int
    unread: int
    seq: int


async def load(user_id: ObjectId, *, with_items: bool) -> Inbox:
    """The inbox in one read; that of an unknown user is empty."""
    projection: dict[str, Any] = {"seq": 1, "unread": 1, "floor": 1}
    projection["total"] = {"$size": {"$ifNull": ["$inbox", []]}}
    if with_items:
        projection["inbox"] = 1
    row = await users.collection().find_one({"_id": user_id}, projection=projection) or {}
    return Inbox(
        user_id=str(user_id),
        total=row.get("total", 0),
        unread=row.get("unread", 0),
        seq=row.get("seq", 0),
        floor=row.get("floor", 0),
        items=inbox.newest_first(row.get("inbox", ())) if with_items else None,
    )


async def mark_read(
    parts: Parts,
    user_id: ObjectId,
    item_ids: Iterable[str] | None = None,
    up_to: int | None = None,
) -> Marked | None:
    """Mark items read by id or up to a `seq`; None for an unknown user. A repeat changes nothing."""
    stages = inbox.mark_read(item_ids, up_to)
    projection = {**User.HEAD, "changed": _CHANGED}
    head = await users.change(user_id, stages, upsert=False, projection=projection)
    if head is None:
        return None
    if head["touched"]:
        event = inbox.Read(head["seq"], inbox.newest_first(head["changed"]))
        announce(parts, str(user_id), event, head["unread"])
    return Marked(head["touched"], head["unread"], head["seq"])


async def find_item(user_id: ObjectId, item_id: str) -> inbox.Item | None:
    """One item of an inbox, if it is still kept."""
    projection = {"inbox": {"$elemMatch": {"id": item_id}}}
    row = await users.collection().find_one({"_id": user_id}, projection=projection)
    items = row.get("inbox") if row else None
    return items[0] if items else None


def announce(parts: Parts, user_id: str, event: inbox.Created | inbox.Read, unread: int) -> None:
    """Wake the user's subscriptions everywhere, with the event itself to spare them a read."""
    items = [event.item] if isinstance(event, inbox.Created) else event.items
    name = "created" if isinstance(event, inbox.Created) else "read"
    payload = {"seq": event.seq, "unread": unread, "event": name, "items": items}
    parts.wakeups.publish(user_id, orjson.dumps(payload))


def gone() -> InvalidInput:
    """The error for a notification that is not, or no longer, kept."""
    message = "there is no such notification; it may have fallen out of the inbox"
    return InvalidInput.at("id", message, Problem.NOT_FOUND)
