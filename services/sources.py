"""Sources: where a pump's next messages come from. Mailings take turns."""

import time
from collections import deque
from collections.abc import Collection
from typing import Any

from bson import MinKey, ObjectId
from pymongo.errors import PyMongoError

from core.parts import Parts
from models.mailing import MailingStatus
from services import mailings, messages, opt_outs, recipients
from services.messages import Claimed

LOOK_SECONDS = 0.5
"""How old the list of running mailings may be, and how long an empty one is left alone."""
MOST_REST_SECONDS = 2.0
MOST = 1_000
KNOWN_SECONDS = 1.75
"""How old what we know of a mailing may be when one of its messages leaves.

Longer than the keeper needs to read it again, and shorter than `windows.NOTICED_SECONDS`.
"""


class Sources:
    """Takes due messages of one lane and channel, from one mailing after the other."""

    def __init__(self, parts: Parts, lane: str, channel: str, worker: str) -> None:
        self.mailings: dict[ObjectId, dict[str, Any]] = {}
        """Those that messages were taken of, as last read."""
        self._read_at: dict[ObjectId, float] = {}
        self._parts = parts
        self._lane = lane
        self._channel = channel
        self._worker = worker
        self._turns: deque[ObjectId | None] = deque()
        self._empty_until: dict[ObjectId | None, float] = {}
        self._rests: dict[ObjectId | None, float] = {}
        self._look_at = 0.0
        self._place: ObjectId | MinKey = MinKey()

    async def take(self, limit: int, *, suspects: bool = False) -> list[Claimed]:
        """Due rows, ready to be sent, of the next mailing that has any."""
        await self._look()
        for _ in range(len(self._turns)):
            source = self._turns[0]
            self._turns.rotate(-1)
            if suspects or self._empty_until.get(source, 0.0) <= time.monotonic():
                claimed = await self._claim(source, limit, suspects=suspects)
                if claimed:
                    self._rests.pop(source, None)
                    return claimed
                self._leave_alone(source)
        return []

    def knows(self, mailing_id: ObjectId | None) -> bool:
        """Whether what we know of the mailing still holds.

        Not where MongoDB is away, or this process was stopped for a while: somebody may have
        paused the mailing meanwhile, or given it another end.
        """
        if mailing_id is None:
            return True
        return time.monotonic() - self._read_at.get(mailing_id, 0.0) < KNOWN_SECONDS

    async def refresh(self, held: Collection[Claimed]) -> None:
        """Read the mailings that messages are held of again, and forget the others.

        `held` is a live view: what is claimed while this reads is held as well.
        """
        began = time.monotonic()
        wanted = {one.mailing_id for one in held if one.mailing_id is not None}
        async for row in mailings.collection().find({"_id": {"$in": list(wanted)}}):
            self._learn(row, began)
        kept = {one.mailing_id for one in held}.union(self._turns)
        self.mailings = {id_: row for id_, row in self.mailings.items() if id_ in kept}
        self._read_at = {id_: at for id_, at in self._read_at.items() if id_ in kept}

    def _learn(self, mailing: dict[str, Any], asked_at: float) -> None:
        self.mailings[mailing["_id"]] = mailing
        self._read_at[mailing["_id"]] = asked_at

    def _leave_alone(self, source: ObjectId | None) -> None:
        """Look at an empty mailing less and less often: there may be a thousand of them."""
        rest = min(MOST_REST_SECONDS, 2 * self._rests.get(source, LOOK_SECONDS / 2))
        self._rests[source] = rest
        self._empty_until[source] = time.monotonic() + rest

    async def _look(self) -> None:
        if time.monotonic() < self._look_at:
            return
        found = await self._running()
        before = set(self._turns)
        kept = [source for source in self._turns if source in found]
        self._turns = deque([*kept, *(source for source in found if source not in before)])
        self._empty_until = {at: until for at, until in self._empty_until.items() if at in found}
        self._rests = {at: rest for at, rest in self._rests.items() if at in found}
        self._look_at = time.monotonic() + LOOK_SECONDS

    async def _running(self) -> dict[ObjectId | None, None]:
        """The mailings that may have messages, in order; None stands for personal ones."""
        if self._lane == messages.PERSONAL:
            return {None: None}
        query = {**self._open(), "channels": self._channel, "_id": {"$gt": self._place}}
        rows = mailings.collection().find(query, projection={"_id": 1}).sort("_id", 1)
        found = [row["_id"] async for row in rows.limit(MOST)]
        # Of more than a thousand the next look sees the next ones, and begins again at the end.
        self._place = found[-1] if len(found) == MOST else MinKey()
        return dict.fromkeys(found)

    async def _claim(self, source: ObjectId | None, limit: int, *, suspects: bool) -> list[Claimed]:
        if source is not None:
            began = time.monotonic()
            mailing = await mailings.collection().find_one({"_id": source, **self._open()})
            if mailing is None:
                return []
            self._learn(mailing, began)
        claimed = await messages.claim(
            self._parts, source, self._channel, limit, self._worker, suspects=suspects
        )
        if claimed:
            topic = None if source is None else self.mailings[source].get("topic")
            await self._look_up_or_return(claimed, topic)
        return claimed

    async def _look_up_or_return(self, claimed: list[Claimed], topic: str | None) -> None:
        try:
            await recipients.look_up(claimed, self._channel)
            await opt_outs.look_up(self._parts, claimed, topic)
        except PyMongoError:
            await messages.give_back([one.id for one in claimed], claimed[0].token)
            raise

    def _open(self) -> dict[str, Any]:
        now = self._parts.database_clock.now()
        return {"status": MailingStatus.RUNNING, "settled": False, "end_at": {"$gt": now}}
