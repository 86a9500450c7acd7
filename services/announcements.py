"""Announcements: an event as its followers hear it, and its way to them through a wake-up."""

import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from core.parts import Parts
from rules import inbox

LARGEST_PAYLOAD = 65_536
"""Bytes of a wake-up; a larger event is only said to have happened, and read from MongoDB."""
SHARED_PAYLOADS = 64
"""All followers in a process hear the same bytes: they are parsed once."""

_NAMES: dict[type[inbox.Change], str] = {
    inbox.Created: "created",
    inbox.Updated: "updated",
    inbox.Read: "read",
    inbox.Retracted: "retracted",
    inbox.Archived: "archived",
    inbox.Unarchived: "unarchived",
}
_OF_ONE_ITEM: dict[str, type[inbox.Created | inbox.Updated | inbox.Archived | inbox.Unarchived]] = {
    "created": inbox.Created,
    "updated": inbox.Updated,
    "archived": inbox.Archived,
    "unarchived": inbox.Unarchived,
}


@dataclass(frozen=True, slots=True)
class Announcement:
    """An event with what the inbox was after it; `replayed` if it is from the past."""

    event: inbox.Event
    unread: int
    floor: int
    """Items up to this `seq` have fallen out of the ring."""
    replayed: bool
    at: float | None = field(default=None, compare=False)
    """When it was committed, in seconds since 1970; None where that is not told."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a wake-up says: which event there is, and the announcement unless it was too large."""

    seq: int | None
    """None if that can't be told either."""
    announcement: Announcement | None


def publish(parts: Parts, user_id: str, event: inbox.Change, unread: int, floor: int) -> None:
    """Wake the user's subscriptions everywhere, with the event itself to spare them a read."""
    payload = orjson.dumps(
        {
            "seq": event.seq,
            "unread": unread,
            "floor": floor,
            "event": _NAMES[type(event)],
            "at": time.time(),
            **_content(event),
        }
    )
    if len(payload) > LARGEST_PAYLOAD:
        payload = orjson.dumps({"seq": event.seq})
    parts.wakeups.publish(user_id, payload)


@lru_cache(maxsize=SHARED_PAYLOADS)
def heard(payload: bytes) -> Heard:
    """What a wake-up says; of one that this version doesn't understand, only what happened when."""
    seq: int | None = None
    try:
        told = orjson.loads(payload)
        seq = int(told["seq"])
        event = _event(told)
        if event is None:
            return Heard(seq, None)
        unread, floor, at = told["unread"], told["floor"], told.get("at")
        return Heard(seq, Announcement(event, unread, floor, replayed=False, at=at))
    except (LookupError, TypeError, ValueError):
        return Heard(seq, None)


def _content(event: inbox.Change) -> dict[str, Any]:
    match event:
        case inbox.Retracted(item_id=item_id):
            return {"id": item_id}
        case inbox.Read(items=items):
            return {"items": items}
        case _:
            return {"items": [event.item]}


def _event(told: dict[str, Any]) -> inbox.Change | None:
    name, seq = told.get("event"), told["seq"]
    match name:
        case "retracted":
            return inbox.Retracted(seq, told["id"])
        case "read":
            return inbox.Read(seq, tuple(told["items"]))
        case _ if name in _OF_ONE_ITEM:
            return _OF_ONE_ITEM[name](seq, told["items"][0])
        case _:
            return None
