"""E-mails that leave only if their notification is still unread (X10)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from bson import ObjectId

from services import users
from services.messages import Claimed

_READ = {"$eq": ["$$it.new", False]}


async def already_read(claimed: Sequence[Claimed]) -> set[UUID]:
    """The ids of those messages whose notification has been read, so that they needn't leave.

    One that went into the archive was read by that, one that was retracted is as good as read. Of
    what newer ones have pushed out of the inbox the message itself says whether it was read.
    """
    waiting = [one.row for one in claimed if one.row.get("unread_item") is not None]
    if not waiting:
        return set()
    read = await _read_items(waiting)
    return {
        row["_id"]
        for row in waiting
        if row.get("read") or (row["user_id"], row["unread_item"]) in read
    }


async def _read_items(rows: Sequence[dict[str, Any]]) -> set[tuple[ObjectId, str]]:
    """Which of the items are read, in one query that brings along nothing else of the inboxes."""
    items = list({row["unread_item"] for row in rows})
    wanted = {"$and": [{"$in": ["$$it.id", {"$literal": items}]}, _READ]}
    ring = {"$ifNull": ["$inbox", []]}
    chosen = {"$filter": {"input": ring, "as": "it", "cond": wanted}}
    retracted = {"$setIntersection": [{"$ifNull": ["$retracted.id", []]}, {"$literal": items}]}
    found = users.collection().find(
        {"_id": {"$in": list({row["user_id"] for row in rows})}},
        projection={
            "read": {"$map": {"input": chosen, "as": "it", "in": "$$it.id"}},
            "retracted": retracted,
        },
    )
    return {
        (user["_id"], item) async for user in found for item in user["read"] + user["retracted"]
    }
