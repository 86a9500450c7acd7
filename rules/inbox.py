"""What happened in an inbox: the events, told again from the items as they are, and cursors.

How an inbox is changed: `rules/ring.py`.
"""

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from core.errors import Invalid

Item: TypeAlias = dict[str, Any]
"""`id`, `seq`, `at`, `key`, `target_id`, `data` (JSON text), `title`, `body`, `new`, `by` (the
subject of its maker), `waits` (true if an e-mail waits for it to be read), and what happened to it
since: `read_seq`, `updated_seq`, `updated_at`, `archived`, `archived_seq`."""

Tombstone: TypeAlias = dict[str, Any]
"""`id` and `seq` of an item that was retracted."""


@dataclass(frozen=True, slots=True)
class Created:
    """An item came in."""

    seq: int
    item: Item


@dataclass(frozen=True, slots=True)
class Updated:
    """An item says something else."""

    seq: int
    item: Item


@dataclass(frozen=True, slots=True)
class Read:
    """Items were read, all at once."""

    seq: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Retracted:
    """An item was taken back; it counts nowhere any more."""

    seq: int
    item_id: str


@dataclass(frozen=True, slots=True)
class Archived:
    """An item went into the archive, and is read by that."""

    seq: int
    item: Item


@dataclass(frozen=True, slots=True)
class Unarchived:
    """An item came back from the archive."""

    seq: int
    item: Item


@dataclass(frozen=True, slots=True)
class Resync:
    """What came after the cursor is no longer kept; start again from the inbox itself."""

    seq: int


Change: TypeAlias = Created | Updated | Read | Retracted | Archived | Unarchived
Event: TypeAlias = Change | Resync


def replay(
    items: Iterable[Item], retracted: Iterable[Tombstone], after: int, *, head: int, floor: int
) -> list[Event]:
    """What happened after `after`, in order, from the items as they are now.

    Of several updates of an item the last one is told, and nothing of an item that is gone but
    that it was retracted: whoever knows the inbox at `after` then knows it as it is. A cursor from
    before `floor`, or from after the head (the database was restored from a backup), can't be
    continued and yields a single Resync.
    """
    if after < floor or after > head:
        return [Resync(head)]
    told: list[Event] = [Retracted(one["seq"], one["id"]) for one in retracted]
    read: defaultdict[int, list[Item]] = defaultdict(list)
    for item in items:
        told.append(Created(item["seq"], item))
        if "updated_seq" in item:
            told.append(Updated(item["updated_seq"], item))
        if "archived_seq" in item:
            moved = Archived if item["archived"] else Unarchived
            told.append(moved(item["archived_seq"], item))
        if item.get("read_seq", 0) > after:
            read[item["read_seq"]].append(item)
    told += [Read(seq, newest_first(those)) for seq, those in read.items()]
    return sorted((one for one in told if one.seq > after), key=lambda one: one.seq)


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
