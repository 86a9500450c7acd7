"""A user's inbox: read it, mark it read, put notifications into its archive (N4, N5, X9)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from core import mongo
from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.user import User
from rules import inbox, ring
from services import announcements, emails, users

Row = dict[str, Any]

_READ_NOW = {"$filter": {"input": "$inbox", "as": "it", "cond": {"$eq": ["$$it.read_seq", "$seq"]}}}
_RING = {"$ifNull": ["$inbox", []]}
_LISTED = {"$filter": {"input": _RING, "as": "it", "cond": {"$ne": ["$$it.archived", True]}}}
_HEAD: dict[str, Any] = {"seq": 1, "unread": 1, "floor": 1, "forgotten": 1}


@dataclass(frozen=True, slots=True)
class Inbox:
    """An inbox as it was at one moment; `items` newest first, None where they weren't read."""

    user_id: str
    total: int
    """Those that are not in the archive."""
    unread: int
    seq: int
    floor: int
    items: tuple[inbox.Item, ...] | None
    retracted: tuple[inbox.Tombstone, ...] = ()
    forgotten: int = 0

    def since(self, after: int) -> list[inbox.Event]:
        """What happened after `after`, as far as the inbox tells."""
        floor = max(self.floor, self.forgotten)
        items = self.items or ()
        return inbox.replay(items, self.retracted, after, head=self.seq, floor=floor)


@dataclass(frozen=True, slots=True)
class Marked:
    """What marking did: how many items it changed and how many are unread after it."""

    changed: int
    unread: int
    seq: int


@dataclass(frozen=True, slots=True)
class Changed:
    """An item after a change of it; a repeat has not `changed` it."""

    item: inbox.Item
    changed: bool
    unread: int
    seq: int


async def load(user_id: ObjectId, *, with_items: bool) -> Inbox:
    """The inbox in one read; that of an unknown user is empty."""
    projection = {**_HEAD, "total": {"$size": _LISTED}}
    if with_items:
        projection |= {"inbox": 1, "retracted": 1}
    row = await users.collection().find_one({"_id": user_id}, projection=projection) or {}
    return Inbox(
        user_id=str(user_id),
        total=row.get("total", 0),
        unread=row.get("unread", 0),
        seq=row.get("seq", 0),
        floor=row.get("floor", 0),
        items=inbox.newest_first(row.get("inbox", ())) if with_items else None,
        retracted=tuple(row.get("retracted", ())),
        forgotten=row.get("forgotten", 0),
    )


async def mark_read(
    parts: Parts,
    user_id: ObjectId,
    item_ids: Iterable[str] | None = None,
    up_to: int | None = None,
) -> Marked | None:
    """Mark items read by id or up to a `seq`; None for an unknown user. A repeat changes nothing."""
    ids = list(item_ids or ())
    chosen = {"id": {"$in": ids}} if up_to is None else {"seq": {"$lte": up_to}}
    stages, projection = ring.mark_read(ids, up_to), {**User.HEAD, "items": _READ_NOW}
    head = await _read(parts, user_id, stages, projection, chosen)
    if head is None:
        return None
    if head["touched"]:
        event = inbox.Read(head["seq"], inbox.newest_first(head["items"]))
        announce(parts, user_id, event, head)
    return Marked(head["touched"], head["unread"], head["seq"])


async def archive(parts: Parts, user_id: ObjectId, item_id: str, *, archived: bool) -> Changed:
    """Put an item into the archive, which reads it, or take it out; raises InvalidInput."""
    stages, projection = ring.archive_item(item_id, archived=archived), with_item(item_id)
    if archived:
        head = await _read(parts, user_id, stages, projection, {"id": item_id})
    else:
        head = await users.change(user_id, stages, upsert=False, projection=projection)
    if head is None or not head["items"]:
        raise gone()
    (item,) = head["items"]
    if head["touched"]:
        event = inbox.Archived if archived else inbox.Unarchived
        announce(parts, user_id, event(head["seq"], item), head)
    return Changed(item, bool(head["touched"]), head["unread"], head["seq"])


async def _read(
    parts: Parts, user_id: ObjectId, stages: ring.Stages, projection: Row, chosen: Row
) -> Row | None:
    """Read the chosen items; only where an e-mail waits for one of them that takes a transaction.

    The e-mail is told too, because the item may fall out of the inbox while it waits.
    """
    waits = {"inbox": {"$elemMatch": {**chosen, "new": True, "waits": True}}}
    change = partial(users.change, user_id, stages, upsert=False, projection=projection)
    head = await change(only={"$nor": [waits]})
    if head is not None:
        return head

    async def write(session: AsyncClientSession) -> Row | None:
        head = await change(session)
        if head is not None and head["touched"]:
            waited = [item["id"] for item in head["items"] if item.get("waits")]
            await emails.read(session, user_id, waited)
        return head

    return await mongo.promptly(parts.mongo, write)


async def find_item(user_id: ObjectId, item_id: str) -> inbox.Item | None:
    """One item of an inbox, if it is still kept."""
    projection = {"inbox": {"$elemMatch": {"id": item_id}}}
    row = await users.collection().find_one({"_id": user_id}, projection=projection)
    items = row.get("inbox") if row else None
    return items[0] if items else None


def with_item(item_id: str) -> dict[str, Any]:
    """The projection of a user's head and, as `items`, of one item, if it is there."""
    this = {"$eq": ["$$it.id", {"$literal": item_id}]}
    return {**User.HEAD, "items": {"$filter": {"input": _RING, "as": "it", "cond": this}}}


def announce(parts: Parts, user_id: ObjectId, event: inbox.Change, head: dict[str, Any]) -> None:
    """Tell the user's followers of an event and of the head that it left."""
    unread, floor = head["unread"], head.get("floor", 0)
    announcements.publish(parts, str(user_id), event, unread, floor)


def gone() -> InvalidInput:
    """The error for a notification that is not, or no longer, kept."""
    message = "there is no such notification; it was retracted or has fallen out of the inbox"
    return InvalidInput.at("id", message, Problem.NOT_FOUND)
