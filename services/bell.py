"""Follow an inbox live, without gap or double, whatever happens to the wake-ups (X1, X2)."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import contextmanager

from bson import ObjectId
from pymongo.errors import ConnectionFailure, PyMongoError

from core import events, mongo
from core.parts import Parts
from core.topic import Waiter
from services import announcements, users
from services.announcements import Announcement
from services.inbox import Inbox, load

RETRY_SECONDS = 1.0
PATROL_SECONDS = 15.0
"""How long a subscription may stay behind when its wake-up was lost."""


async def follow(
    parts: Parts, user_id: ObjectId, after: int | None
) -> AsyncGenerator[Announcement, None]:
    """Every event after `after` (None: from now on), in order, without gap or double.

    Registers for wake-ups before it reads, so nothing falls between the two. A live payload is
    used only if its `seq` is the next one; otherwise the document is read again.
    """
    async with parts.wakeups.listen(str(user_id)) as waiter:
        start = await _load(user_id, with_items=after is not None)
        follower = _Follower(user_id, start.seq if after is None else after, waiter)
        with _joined(follower):
            for announcement in follower.catch_up(start, replay_until=start.seq):
                yield announcement
            del start  # with all its items; this may wait for days
            while True:
                payloads = await waiter.take()
                if follower.doubts(payloads):
                    head = await _load(user_id, with_items=False)
                    payloads = None if head.seq < follower.place else payloads
                for announcement in follower.live(payloads):
                    yield announcement
                    _sent(announcement)
                if follower.behind:
                    now = await _load(user_id, with_items=True)
                    for announcement in follower.catch_up(now, replay_until=0):
                        yield announcement
                    del now


async def patrol(parts: Parts) -> None:
    """Now and then compare the places of all subscriptions of this process with the database."""
    while True:
        await asyncio.sleep(PATROL_SECONDS)
        try:
            await mongo.set_clock(parts.mongo, parts.database_clock)
            await check_followers()
        except PyMongoError as error:
            # The next round asks again; until then only lost wake-ups are late.
            events.emit("bell.patrol.failed", error=str(error))


async def check_followers() -> None:
    """Wake every subscription of this process that is not where its user's document is."""
    if not _followers:
        return
    wanted = list(_followers)
    found = users.collection().find({"_id": {"$in": wanted}}, projection={"seq": 1})
    heads = {row["_id"]: row.get("seq", 0) async for row in found}
    for user_id in wanted:
        for follower in _followers.get(user_id, ()):
            # Before it: a wake-up was lost. After it: the database was restored from a backup.
            if follower.place != heads.get(user_id, 0):
                follower.waiter.look()


def _sent(announcement: Announcement) -> None:
    """Who follows asks for more, so this has been written to its socket."""
    if announcement.at is not None:
        # Clocks of several hosts differ by a little.
        events.note("inbox_event.sent", seconds=max(0.0, time.time() - announcement.at))


async def _load(user_id: ObjectId, *, with_items: bool) -> Inbox:
    """The inbox, as soon as MongoDB is there: its absence ends no subscription."""
    while True:
        try:
            return await load(user_id, with_items=with_items)
        except ConnectionFailure as error:
            events.emit("mongo.unreachable", user_id=str(user_id), error=str(error))
            await asyncio.sleep(RETRY_SECONDS)


class _Follower:
    """One subscription's place in a user's events."""

    def __init__(self, user_id: ObjectId, place: int, waiter: Waiter) -> None:
        self.user_id = user_id
        self.place = place
        self.waiter = waiter
        self.behind = False

    def catch_up(self, state: Inbox, replay_until: int) -> Iterable[Announcement]:
        """What the document has beyond this place."""
        self.behind = False
        for event in state.since(self.place):
            replayed = event.seq <= replay_until
            yield Announcement(event, state.unread, state.floor, replayed=replayed)
            self.place = event.seq
        # Events whose item is gone leave no trace in the document.
        self.place = state.seq

    def doubts(self, payloads: list[bytes] | None) -> bool:
        """Whether what is heard is old: late, or anew, in a database restored from a backup."""
        told = [announcements.heard(payload).seq for payload in payloads or ()]
        return any(seq is not None and seq < self.place for seq in told)

    def live(self, payloads: list[bytes] | None) -> Iterable[Announcement]:
        """The payloads that continue this place; a gap, or lost payloads, leave it behind."""
        if payloads is None:
            self.behind = True
            return
        for heard in map(announcements.heard, payloads):
            if heard.seq is not None and heard.seq <= self.place:
                continue
            if heard.seq != self.place + 1 or heard.announcement is None:
                self.behind = True
                return
            yield heard.announcement
            self.place = heard.seq


_followers: defaultdict[ObjectId, set[_Follower]] = defaultdict(set)


@contextmanager
def _joined(follower: _Follower) -> Iterator[None]:
    _followers[follower.user_id].add(follower)
    try:
        yield
    finally:
        _followers[follower.user_id].discard(follower)
        if not _followers[follower.user_id]:
            del _followers[follower.user_id]
