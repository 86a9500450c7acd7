"""Everybody who keeps a cluster busy, and what must be true of it in the end."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bson import ObjectId

from core import mongo, tasks
from tests.cluster import strain
from tests.cluster.bells import Bell
from tests.cluster.cluster import Cluster
from tests.cluster.writers import Writers
from tests.faults.operators import Operators
from tests.faults.scene import eventually

USERS = 4
BELLS_EACH = 2
WRITERS = 3
WRITE_PAUSE = 0.2
CLIENTS = 80
ACT_PAUSE = 0.8
ENOUGH = 3
"""Changes that show that something goes on."""


@dataclass
class Load:
    """Writers and bells at the APIs; operators, who stand still while no database leads."""

    cluster: Cluster
    writers: Writers
    bells: list[Bell]
    operators: Operators
    calm: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def of(cls, cluster: Cluster, seed: str, longest: float) -> "Load":
        """Nobody has begun yet; `longest` is the most seconds that a mailing of operators runs."""
        addresses = [api.address for api in cluster.apis.values()]
        users = [str(ObjectId()) for _ in range(USERS)]
        bells = [Bell(user, addresses, tab) for user in users for tab in range(BELLS_EACH)]
        drawn = random.Random(f"{seed}:operators")
        operators = Operators(cluster, drawn, longest=longest)
        return cls(cluster, Writers(addresses, users, seed), bells, operators)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everybody at work as long as the block runs; in the end each finishes what it began."""
        await self.operators.settle_in(CLIENTS)
        rings = [asyncio.create_task(bell.ring()) for bell in self.bells]
        writing = asyncio.create_task(self.writers.write(WRITERS, WRITE_PAUSE))
        working = asyncio.create_task(self.operators.work(self.calm, ACT_PAUSE))
        hurrying = asyncio.create_task(self.operators.hurry(0.5))
        watching = asyncio.create_task(strain.watch(self.cluster, self.calm))
        everyone = [*rings, writing, working, hurrying, watching]
        try:
            await eventually(lambda: all(bell.at for bell in self.bells))
            yield
            for one in everyone:
                if one.done():
                    one.result()
            async with self.calm:
                await tasks.end([working, hurrying])
            self.writers.end()
            await writing
            await self.operators.resume_all()
            await self.bells_hear()
        finally:
            self.writers.end()
            await tasks.end(everyone)

    async def writes(self) -> None:
        """Wait until some more notifications are acknowledged."""
        before = self.writers.stored.total()
        await eventually(lambda: self.writers.stored.total() >= before + ENOUGH)

    async def delivers(self) -> None:
        """Wait until the outside has taken some more messages."""
        ledgers = self.cluster.outside.ledger, self.cluster.sink.ledger
        before = sum(ledger.count for ledger in ledgers)
        await eventually(lambda: sum(ledger.count for ledger in ledgers) >= before + ENOUGH)

    async def bells_hear(self) -> None:
        """Wait until every bell has heard of all that is acknowledged by now."""
        stored = dict(self.writers.stored)
        await eventually(lambda: all(bell.seq >= stored.get(bell.user, 0) for bell in self.bells))

    async def faults(self) -> list[str]:
        """What was lost, doubled or out of order on the way to the bells."""
        found = [f"an answer for nobody: {answer}" for answer in self.writers.strange]
        rows = mongo.database(self.cluster.parts.mongo)["users"]
        for user in self.writers.users:
            row = await rows.find_one({"_id": ObjectId(user)}) or {}
            stored, seq = self.writers.stored[user], row.get("seq", 0)
            if (seq, row.get("unread", 0)) != (stored, stored):
                found.append(
                    f"{user}: {stored} acknowledged, {seq} stored, {row.get('unread')} unread"
                )
            found += [
                fault for bell in self.bells if bell.user == user for fault in bell.faults(seq)
            ]
        return found
