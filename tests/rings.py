"""A plain model of the ring of `rules/ring.py`, and a client that shows it by the documented rules."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from rules import inbox
from rules.inbox import Change, Event, Item, Tombstone


@dataclass
class Ring:
    """What `rules/ring.py` should do, in plain Python; `history` has the items at each `seq`."""

    items: list[Item] = field(default_factory=list)
    retracted: list[Tombstone] = field(default_factory=list)
    seq: int = 0
    floor: int = 0
    forgotten: int = 0
    history: list[dict[str, Item]] = field(default_factory=lambda: [{}])

    def place(self, new: Item, limit: int) -> None:
        """Put an item in; the newest `limit` stay."""
        self.seq += 1
        newest = inbox.newest_first(self.items)
        for dropped in newest[limit - 1 :]:
            self.floor = max(self.floor, dropped["seq"])
        self.items = [*newest[: limit - 1], {**new, "seq": self.seq}]
        self.history.append(self.shown)

    def mark(self, chosen: Callable[[Item], bool]) -> int:
        """Mark items read; how many that changed."""
        unread = [one for one in self.items if one["new"] and chosen(one)]
        return self._change(unread, {"new": False}, "read_seq")

    def update(self, item_id: str, content: Item) -> int:
        """Give an item other contents."""
        other = [one for one in self._found(item_id) if {**one, **content} != one]
        return self._change(other, content, "updated_seq")

    def archive(self, item_id: str, *, archived: bool) -> int:
        """Put an item into the archive, or take it out."""
        other = [one for one in self._found(item_id) if one.get("archived", False) is not archived]
        return self._change(
            other, {"archived": archived} | ({"new": False} if archived else {}), "archived_seq"
        )

    def retract(self, item_id: str, limit: int) -> int:
        """Take an item out; the newest `limit` ids are kept."""
        if not self._found(item_id):
            return 0
        self.seq += 1
        self.items = [one for one in self.items if one["id"] != item_id]
        self.retracted.append({"id": item_id, "seq": self.seq})
        for lost in self.retracted[:-limit]:
            self.forgotten = lost["seq"]
        self.retracted = self.retracted[-limit:]
        self.history.append(self.shown)
        return 1

    def since(self, after: int) -> list[Event]:
        """The replay."""
        floor = max(self.floor, self.forgotten)
        return inbox.replay(self.items, self.retracted, after, head=self.seq, floor=floor)

    @property
    def shown(self) -> dict[str, Item]:
        """The items as they are now, by id."""
        return {one["id"]: dict(one) for one in self.items}

    @property
    def unread(self) -> int:
        """How many are new."""
        return sum(one["new"] for one in self.items)

    def _found(self, item_id: str) -> list[Item]:
        return [one for one in self.items if one["id"] == item_id]

    def _change(self, items: list[Item], change: dict[str, Any], place: str) -> int:
        if items:
            self.seq += 1
            for one in items:
                one |= {**change, place: self.seq}
            self.history.append(self.shown)
        return len(items)


@dataclass
class Screen:
    """What a client shows that follows docs/bell.md."""

    items: dict[str, Item] = field(default_factory=dict)
    seq: int = 0
    unread: int = 0
    resyncs: int = 0

    def load(self, items: Iterable[Item], seq: int, unread: int) -> None:
        """Start from the inbox itself."""
        self.items = {one["id"]: dict(one) for one in items}
        self.seq, self.unread = seq, unread

    def apply(self, event: Change, unread: int, floor: int) -> None:
        """Follow one event."""
        assert event.seq > self.seq
        match event:
            case inbox.Retracted(item_id=item_id):
                self.items.pop(item_id, None)
            case inbox.Read(items=items):
                self.items |= {one["id"]: dict(one) for one in items}
            case _:
                self.items[event.item["id"]] = dict(event.item)
        self.items = {id_: one for id_, one in self.items.items() if one["seq"] > floor}
        self.seq, self.unread = event.seq, unread

    def hear(self, ring: Ring, most: int | None = None) -> None:
        """Come back after the own place, and leave after `most` events."""
        for event in ring.since(self.seq)[:most]:
            if isinstance(event, inbox.Resync):
                self.resyncs += 1
                self.load(ring.items, ring.seq, ring.unread)
            else:
                self.apply(event, ring.unread, ring.floor)
