"""What the judge is called to: a database, the outside, and all that was done to them."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from pymongo.errors import PyMongoError

from core import clock, mongo
from core.parts import Parts
from local.outside import Outside
from local.smtp_sink import Sink
from tests import factories
from tests.faults.evidence import Evidence, Row, Silence, Version
from tests.faults.judge import Violation, judge
from tests.faults.outside import Door, Witness

PATIENCE = 60.0

WAITS_FOR_ITS_HOUR = "waits for its window"
"""Such messages are not hurried: their hour is what is tested."""


@dataclass(kw_only=True)
class Scene:
    """Where something happens to messages, and what was done there that the judge must know."""

    outside: Outside
    door: Door
    sink: Sink
    parts: Parts
    versions: dict[ObjectId, list[Version]] = field(default_factory=dict)
    silences: list[Silence] = field(default_factory=list)
    past: list[dict[str, Any]] = field(default_factory=list)
    """Clients as they were before they changed or were deleted."""

    async def hurry(self) -> None:
        """Let time pass for what waits to be tried again, by moving its due time to now."""
        now = clock.now()
        database = mongo.database(self.parts.mongo)
        waiting: dict[str, Any] = {"status": "pending", "due_at": {"$gt": now}}
        waiting["unread_item"] = None
        waiting["why"] = {"$ne": WAITS_FOR_ITS_HOUR}
        await database["messages"].update_many(waiting, {"$set": {"due_at": now}})
        paused = {"state": "open", "retry_at": {"$gt": now}}
        await database["providers"].update_many(paused, {"$set": {"retry_at": now}})

    async def ends_well(self, *, hurrying: bool = True) -> Evidence:
        """Wait until everything has ended, and let the judge find nothing wrong."""
        await self.over(hurrying=hurrying)
        evidence = await self.evidence()
        violations = judge(evidence)
        assert violations == [], report(violations)
        return evidence

    async def over(self, *, hurrying: bool = True, seconds: float = PATIENCE) -> None:
        """Wait until every message has ended and every mailing is settled."""

        async def is_over() -> bool:
            if hurrying:
                await self.hurry()
            return not self.door.inside and not await self.left()

        try:
            await eventually(is_over, seconds)
        except TimeoutError:
            raise AssertionError(
                f"these didn't end: {await self.left()}, {self.door.inside} requests"
            ) from None

    async def left(self) -> Counter[str]:
        """What has not ended yet, and why."""
        database = mongo.database(self.parts.mongo)
        open_rows = database["messages"].find({"status": {"$in": ["pending", "sending"]}})
        found = Counter([f"{row['status']}: {row.get('why')}" async for row in open_rows])
        unsettled = database["mailings"].find({"settled": False})
        return found + Counter([f"mailing {row['status']}" async for row in unsettled])

    async def evidence(self) -> Evidence:
        """Everything that the judge wants to see."""
        database = mongo.database(self.parts.mongo)

        async def rows(name: str) -> list[Row]:
            return [row async for row in database[name].find()]

        ledgers = (self.outside.ledger, self.sink.ledger)
        taken = [one for ledger in ledgers if isinstance(ledger, Witness) for one in ledger.taken]
        return Evidence(
            mailings=await rows("mailings"),
            clients=[*await rows("clients"), *self.past],
            messages=await rows("messages"),
            attempts=await rows("attempts"),
            counters=await rows("counters"),
            accepted=taken,
            versions=self.versions,
            silences=self.silences,
        )

    async def judged(self) -> list[Violation]:
        """What the judge says of everything as it is."""
        return judge(await self.evidence())

    async def wipe(self) -> None:
        """Empty the databases and ledgers."""
        await eventually(lambda: not self.door.inside)
        database = mongo.database(self.parts.mongo)
        for name in set(await database.list_collection_names(filter=factories.OURS)) - {"kinds"}:
            await database[name].delete_many({})
        await self.parts.redis.flushall()
        self.outside.ledger.clear()
        self.sink.clear()
        for noted in (self.versions, self.silences, self.past):
            noted.clear()


async def eventually(
    condition: Callable[[], Awaitable[object] | object], seconds: float = PATIENCE
) -> None:
    """Return as soon as the condition holds; a database that is away just now is no answer."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                found = condition()
                if await found if isinstance(found, Awaitable) else found:
                    return
            except PyMongoError:
                pass
            await asyncio.sleep(0.05)


def report(violations: list[Violation]) -> str:
    """The violations by rule, with the first of each."""
    counts = Counter(violation.rule for violation in violations)
    firsts = {violation.rule: violation for violation in reversed(violations)}
    return "; ".join(f"{count} x {firsts[rule]}" for rule, count in counts.items())
