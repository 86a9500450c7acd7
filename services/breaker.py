"""The circuit breaker of a provider, shared by all workers through its row in MongoDB.

While it is open nothing is claimed, so an outage uses up no attempts; one message at a time
tries whether the provider is back.
"""

import random
import time
import uuid
from datetime import datetime, timedelta
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from channels.channel import Outcome, Refused, Retry, Sent, Unknown
from core import events, failpoints
from core.parts import Parts
from models.provider import Provider
from rules import breaker as rules
from rules.breaker import Gate, State, Tally

LOOK_SECONDS = 0.5
GRACE_SECONDS = 5.0
"""What a probe may take beyond its send; then its worker is taken for dead."""

_TRIPPED = failpoints.place("breaker.tripped")
_PROBING = failpoints.place("breaker.probing")
_PROBED = failpoints.place("breaker.probed")


def collection() -> AsyncCollection[dict[str, Any]]:
    """The rows, one per channel that ever had trouble."""
    return Provider.get_pymongo_collection()


async def closed_off(parts: Parts) -> list[str]:
    """The channels that nothing may be claimed for just now, not even a probe."""
    now = parts.database_clock.now()
    rows = collection().find({"state": {"$ne": State.CLOSED}})
    return [row["_id"] async for row in rows if _gate(row, now) is Gate.WAIT]


class Breaker:
    """One pump's view of its provider: what it has seen itself, and what all know."""

    def __init__(self, parts: Parts, channel: str) -> None:
        settings = parts.settings
        self._parts = parts
        self._channel = channel
        self._tally = Tally(settings.breaker_attempts, settings.breaker_share)
        self._row: dict[str, Any] = {}
        self._looked = -LOOK_SECONDS
        self._closed_since = 0.0
        """Attempts of before the last outage say nothing of the provider as it is now."""
        self._probe: uuid.UUID | None = None

    @property
    def is_closed(self) -> bool:
        """Whether messages may leave, as far as this pump knows."""
        return bool(self._row.get("state", State.CLOSED) == State.CLOSED)

    async def gate(self) -> Gate:
        """Whether to claim: freely, not at all, or one message as a probe."""
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            await self.look()
        return _gate(self._row, self._now())

    async def look(self) -> None:
        """Learn what the other workers know."""
        row = await collection().find_one({"_id": self._channel}) or {}
        if row.get("state", State.CLOSED) == State.CLOSED and not self.is_closed:
            self._tally.clear()
            self._closed_since = time.monotonic()
        self._row, self._looked = row, time.monotonic()

    async def note(self, outcome: Outcome, begun: float) -> None:
        """Take an attempt, begun at a monotonic time, into account.

        Raises PyMongoError when the others can't be told.
        """
        failed = trouble(outcome)
        if self._probe is not None:
            await self._judge_probe(outcome, failed)
        elif failed is not None and self.is_closed and begun >= self._closed_since:
            self._tally.add(failed=failed)
            if self._tally.tripped:
                await self._trip(outcome)

    async def try_probe(self, limit_seconds: float) -> bool:
        """Whether this pump may send the one message that tries the provider."""
        now, token = self._now(), uuid.uuid4()
        free = [
            {"state": State.OPEN, "retry_at": {"$lte": now}},
            {"state": State.PROBING, "probe_until": {"$lte": now}},
        ]
        until = now + timedelta(seconds=limit_seconds + GRACE_SECONDS)
        values = {"state": State.PROBING, "probe": token, "probe_until": until, "changed_at": now}
        taken = await collection().update_one({"_id": self._channel, "$or": free}, {"$set": values})
        failpoints.reach(_PROBING)
        if taken.modified_count:
            self._probe = token
        await self.look()
        return bool(taken.modified_count)

    async def give_up_probe(self) -> None:
        """Let another try: there was no message to try with."""
        await self._end_probe({"state": State.OPEN, "retry_at": self._now()})

    async def _judge_probe(self, outcome: Outcome, failed: bool | None) -> None:
        if failed is None:
            await self.give_up_probe()
            return
        if not failed:
            closed = {"state": State.CLOSED, "trips": 0, "retry_at": None, "why": ""}
            if await self._end_probe(closed):
                events.emit("breaker.closed", channel=self._channel)
            return
        trips = self._row.get("trips", 0) + 1
        await self._end_probe(self._opening(outcome, trips))

    async def _end_probe(self, values: dict[str, Any]) -> bool:
        """Whether the probe was still this pump's, so that its word counts."""
        mine = {"_id": self._channel, "probe": self._probe}
        left = {"probe": None, "probe_until": None, "changed_at": self._now()}
        ended = await collection().update_one(mine, {"$set": {**left, **values}})
        failpoints.reach(_PROBED)
        self._probe = None
        await self.look()
        return bool(ended.matched_count)

    async def _trip(self, outcome: Outcome) -> None:
        self._tally.clear()
        values = {**self._opening(outcome, 0), "changed_at": self._now()}
        # Known here at once: what waits in this pump need not fail as well while this is written.
        self._row = {**self._row, **values}
        # Others may have seen the same at the same time; the first one's pause holds.
        closed = {"_id": self._channel, "state": State.CLOSED}
        try:
            opened = await collection().update_one(closed, {"$set": values}, upsert=True)
        except DuplicateKeyError:
            await self.look()
            return
        failpoints.reach(_TRIPPED)
        if opened.modified_count or opened.upserted_id:
            events.emit("breaker.opened", channel=self._channel, why=values["why"])
        await self.look()

    def _opening(self, outcome: Outcome, trips: int) -> dict[str, Any]:
        wish = outcome.after if isinstance(outcome, Retry) else None
        first = self._parts.settings.breaker_seconds
        pause = rules.pause(trips, random.random(), first, wish)  # noqa: S311 - jitter
        why = f"{type(outcome).__name__.lower()}: {outcome.code}"
        return {
            "state": State.OPEN,
            "trips": trips,
            "retry_at": self._now() + pause,
            "why": why,
        }

    def _now(self) -> datetime:
        return self._parts.database_clock.now()


def trouble(outcome: Outcome) -> bool | None:
    """Whether an outcome speaks against the provider; None if it says nothing of it."""
    match outcome:
        case Sent():
            return False
        case Refused():
            return outcome.about_provider if outcome.asked else None
        case Retry() | Unknown():
            return True if outcome.about_provider else None


def _gate(row: dict[str, Any], now: datetime) -> Gate:
    state = row.get("state", State.CLOSED)
    return rules.gate(state, row.get("retry_at"), row.get("probe_until"), now)
