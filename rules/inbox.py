"""The inbox of one user: a ring of items in the user's document, and the events that changed it.

Every change raises the user's `seq` by one and happens in one pipeline update, so that items,
`seq` and `unread` can't disagree. Items are stored in no order; `seq` gives it.
"""

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from core.errors import Invalid

Item: TypeAlias = dict[str, Any]
"""`id`, `seq`, `at`, `key`, `target_id`, `data` (JSON text), `title`, `body`, `new`, `read_seq`."""

Stages: TypeAlias = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Created:
    """An item came in."""

    seq: int
    item: Item


@dataclass(frozen=True, slots=True)
class Read:
    """Items were read, all at once."""

    seq: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Resync:
    """What came after the cursor is no longer kept; start again from the inbox itself."""

    seq: int


Event: TypeAlias = Created | Read | Resync


def place_item(item: Mapping[str, Any], limit: int, email: str) -> Stages:
    """The update that gives `item` the next `seq` and puts it into the ring of `limit` places.

    While the ring is not full the item is appended; then it replaces the oldest in place, which
    keeps MongoDB's oplog entry as small as the item.
    """
    ring = {"$ifNull": ["$inbox", []]}
    size = {"$size": ring}
    return [
        _grown({"email": _address(email)}),
        {
            "$set": {
                # The item is a literal: what looks like an expression in it stays text.
                "inbox": {
                    "$let": {
                        "vars": {
                            "item": {"$mergeObjects": [{"$literal": dict(item)}, {"seq": "$seq"}]},
                            "oldest": {"$min": "$inbox.seq"},
                        },
                        "in": {
                            "$switch": {
                                "branches": [
                                    _branch({"$lt": [size, limit]}, _append(ring)),
                                    _branch({"$eq": [size, limit]}, _replace_oldest(ring)),
                                ],
                                "default": _shrink(ring, limit),
                            }
                        },
                    }
                },
                "floor": {
                    "$cond": [
                        {"$lt": [size, limit]},
                        {"$ifNull": ["$floor", 0]},
                        _newest_dropped(ring, limit),
                    ]
                },
            }
        },
        _counted(),
    ]


def mark_read(item_ids: Iterable[str] | None = None, up_to: int | None = None) -> Stages:
    """The update that marks items read, by id or up to a `seq`.

    `touched` tells how many it changed; `seq` grows only if that is not zero, so that a repeat
    makes no event.
    """
    # Literal, because an id comes from outside and may look like an expression.
    by_id: dict[str, Any] = {"$in": ["$$it.id", {"$literal": list(item_ids or ())}]}
    chosen = by_id if up_to is None else {"$lte": ["$$it.seq", up_to]}
    unread = {"$and": ["$$it.new", chosen]}
    ring = {"$ifNull": ["$inbox", []]}
    read = {"$mergeObjects": ["$$it", {"new": False, "read_seq": "$seq"}]}
    return [
        {"$set": {"touched": {"$size": {"$filter": {"input": ring, "as": "it", "cond": unread}}}}},
        {"$set": {"seq": {"$add": [{"$ifNull": ["$seq", 0]}, {"$min": ["$touched", 1]}]}}},
        {"$set": {"inbox": _each(ring, {"$cond": [unread, read, "$$it"]})}},
        _counted(),
    ]


def touch(email: str) -> Stages:
    """The update that only makes sure of a user and its address: no item, no event."""
    return [
        {
            "$set": {
                "seq": {"$ifNull": ["$seq", 0]},
                "unread": {"$ifNull": ["$unread", 0]},
                "email": _address(email),
            }
        }
    ]


def replay(inbox: Iterable[Item], after: int, head: int, floor: int) -> list[Event]:
    """What happened after `after`, in order, from the items as they are now.

    A cursor from before the oldest item kept, or from after the head (the database was restored
    from a backup), can't be continued and yields a single Resync.
    """
    if after < floor or after > head:
        return [Resync(head)]
    events: list[Event] = []
    read: defaultdict[int, list[Item]] = defaultdict(list)
    for item in inbox:
        if item["seq"] > after:
            events.append(Created(item["seq"], item))
        if item.get("read_seq", 0) > after:
            read[item["read_seq"]].append(item)
    events += [Read(seq, newest_first(items)) for seq, items in read.items()]
    return sorted(events, key=lambda event: event.seq)


def newest_first(items: Iterable[Item]) -> tuple[Item, ...]:
    """The items by falling `seq`."""
    return tuple(sorted(items, key=lambda item: item["seq"], reverse=True))


def cursor(user_id: str, seq: int) -> str:
    """An opaque cursor: a place in this user's events, and no other's."""
    return base64.urlsafe_b64encode(f"inbox:{user_id}:{seq}".encode()).decode().rstrip("=")


def place(user_id: str, raw: str) -> int:
    """The `seq` a cursor of this user stands for; raises Invalid for anything else."""
    try:
        text = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)).decode()
        kind, owner, seq = text.split(":")
        number = int(seq)
    except (ValueError, binascii.Error):
        kind, owner, number = "", "", 0
    # int() and base64 read more spellings than `cursor` writes.
    if kind != "inbox" or not 0 <= number < 2**63 or raw != cursor(owner, number):
        raise Invalid("is not a cursor of an inbox; use one that Belfry gave you, unchanged")
    if owner != user_id:
        raise Invalid("is a cursor of another user's inbox; use one of this user's")
    return number


def _grown(also: dict[str, Any]) -> dict[str, Any]:
    return {"$set": {"seq": {"$add": [{"$ifNull": ["$seq", 0]}, 1]}, **also}}


def _address(email: str) -> dict[str, Any]:
    return {"$ifNull": ["$email", {"$literal": email}]}


def _counted() -> dict[str, Any]:
    unread = {"$filter": {"input": "$inbox", "as": "it", "cond": "$$it.new"}}
    return {"$set": {"unread": {"$size": unread}}}


def _branch(case: object, then: object) -> dict[str, Any]:
    return {"case": case, "then": then}


def _each(ring: object, item: object) -> dict[str, Any]:
    return {"$map": {"input": ring, "as": "it", "in": item}}


def _append(ring: object) -> dict[str, Any]:
    return {"$concatArrays": [ring, ["$$item"]]}


def _replace_oldest(ring: object) -> dict[str, Any]:
    return _each(ring, {"$cond": [{"$eq": ["$$it.seq", "$$oldest"]}, "$$item", "$$it"]})


def _by_age(ring: object) -> dict[str, Any]:
    return {"$sortArray": {"input": ring, "sortBy": {"seq": -1}}}


def _shrink(ring: object, limit: int) -> dict[str, Any]:
    # Only after the setting was lowered.
    kept = {"$slice": [_by_age(ring), limit - 1]} if limit > 1 else []
    return {"$concatArrays": [kept, ["$$item"]]}


def _newest_dropped(ring: object, limit: int) -> dict[str, Any]:
    newest = {"$arrayElemAt": [_by_age(ring), limit - 1]}
    return {"$let": {"vars": {"it": newest}, "in": "$$it.seq"}}
