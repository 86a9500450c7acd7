"""A house to break: databases, the outside and workers, with a proxy on every way between them."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from bson import ObjectId
from pymongo.errors import PyMongoError

from core import clock, mongo
from core.parts import Parts
from local.faults import Faults
from local.mail_faults import MailFaults
from local.mongod import Mongod
from local.outside import Outside
from local.processes import Service
from local.redis import Redis
from local.smtp_sink import Sink
from tests import factories
from tests.faults.evidence import Evidence, Row, Silence, Version
from tests.faults.judge import Violation, judge
from tests.faults.outside import Door, Witness
from tests.faults.proxy import Proxy

PATIENCE = 60.0
DATABASE = "faults"
TOKEN = "the provider's token"
CALLER = "5f0c3a1b2c3d4e5f6a7b8c99"
LEASE_SECONDS = 2

TRANSACTION_SECONDS = 2
"""After this MongoDB frees what the transaction of a killed worker has locked."""

_LIFETIME = "transactionLifetimeLimitSeconds"

WAITS_FOR_ITS_HOUR = "waits for its window"
"""Such messages are not hurried: their hour is what is tested."""


class Lines(NamedTuple):
    """The proxies between the workers and everything else."""

    mongo: Proxy
    redis: Proxy
    api: Proxy
    smtp: Proxy


@dataclass
class House:
    """Everything that runs, and what was done in it that the judge must know."""

    folder: Path
    mongod: Mongod
    redis: Redis
    outside: Outside
    door: Door
    sink: Sink
    lines: Lines
    environment: dict[str, str]
    parts: Parts
    workers: list[Service] = field(default_factory=list)
    hired: list[Service] = field(default_factory=list)
    """Everyone who ever worked here."""
    versions: dict[ObjectId, list[Version]] = field(default_factory=dict)
    silences: list[Silence] = field(default_factory=list)
    past: list[dict[str, Any]] = field(default_factory=list)
    """Clients as they were before they changed or were deleted."""

    def worker(self, **settings: str) -> Service:
        """Start another worker, for this test only."""
        log = self.folder / f"worker-{len(self.hired) + 1}.log"
        worker = Service("worker", ["work"], log, {**self.environment, **settings})
        worker.start()
        self.hired.append(worker)
        return worker

    async def staffed(self, count: int = 1) -> list[Service]:
        """So many workers at work, those that are there first."""
        self.workers = [worker for worker in self.workers if worker.alive]
        while len(self.workers) > count:
            await asyncio.to_thread(self.workers.pop().stop)
        while len(self.workers) < count:
            self.workers.append(self.worker())
        await eventually(lambda: all(map(is_at_work, self.workers)))
        return self.workers

    async def heal(self) -> None:
        """End all faults, and wake whoever sleeps."""
        self.outside.faults, self.sink.faults = Faults(), MailFaults()
        for line in self.lines:
            await line.heal()
        for worker in self.workers:
            if worker.alive:
                os.kill(worker.pid, signal.SIGCONT)
        for server in (self.mongod, self.redis):
            if not server.alive:
                await restart(server)

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

    async def forget(self) -> None:
        """Empty the databases and ledgers; workers stay."""
        await self.heal()
        await eventually(lambda: not self.door.inside)
        database = mongo.database(self.parts.mongo)
        for name in set(await database.list_collection_names(filter=factories.OURS)) - {"kinds"}:
            await database[name].delete_many({})
        await self.parts.redis.flushall()
        self.outside.ledger.clear()
        self.sink.clear()
        for noted in (self.versions, self.silences, self.past):
            noted.clear()

    async def let_go(self) -> None:
        """End those who were hired for one test; all, if they have left something undone."""
        if await self.left():
            self.workers.clear()
        for worker in self.hired:
            if worker.alive and worker not in self.workers:
                worker.kill()

    async def stop(self) -> None:
        """End the workers."""
        await asyncio.gather(*(asyncio.to_thread(worker.stop) for worker in self.workers))
        self.workers.clear()


async def restart(server: Mongod | Redis) -> None:
    """Start a server without holding up the loop, in which proxies and emulators run."""
    server.launch()
    await asyncio.to_thread(server.wait_ready)
    if isinstance(server, Mongod):
        async with mongo.connect(server.uri("admin")) as client:
            await client.admin.command({"setParameter": 1, _LIFETIME: TRANSACTION_SECONDS})


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


def is_at_work(worker: Service) -> bool:
    """Whether a worker has said so; one that ended instead says why."""
    assert worker.alive, worker.ending()
    return told(worker)["worker.started"] > 0


def told(worker: Service) -> Counter[str]:
    """What a worker's log tells of, and how often."""
    lines = worker.log.read_text().splitlines() if worker.log.exists() else []
    return Counter(json.loads(line)["event"] for line in lines if line.startswith("{"))


def report(violations: list[Violation]) -> str:
    """The violations by rule, with the first of each."""
    counts = Counter(violation.rule for violation in violations)
    firsts = {violation.rule: violation for violation in reversed(violations)}
    return "; ".join(f"{count} x {firsts[rule]}" for rule, count in counts.items())
