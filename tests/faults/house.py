"""A house to break: databases, the outside and workers, with a proxy on every way between them."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from core import mongo
from local.children import Child
from local.faults import Faults
from local.mail_faults import MailFaults
from local.mongod import Mongod
from local.redis import Redis
from tests.faults.proxy import Proxy
from tests.faults.scene import Scene, eventually
from tests.processes import Service

DATABASE = "faults"
TOKEN = "the provider's token"
CALLER = "5f0c3a1b2c3d4e5f6a7b8c99"
LEASE_SECONDS = 2

PATIENT = {
    "DRAIN_SECONDS": "15",
    "LEASE_SECONDS": "30",
    "SENDING_API_TIMEOUT_SECONDS": "15",
    "SMTP_TIMEOUT_SECONDS": "15",
}
"""Settings of workers who take nobody for silent or dead who is only slow, as on a busy machine."""

TRANSACTION_SECONDS = 2
"""After this MongoDB frees what the transaction of a killed worker has locked."""

_LIFETIME = "transactionLifetimeLimitSeconds"


class Lines(NamedTuple):
    """The proxies between the workers and everything else."""

    mongo: Proxy
    redis: Proxy
    api: Proxy
    smtp: Proxy


@dataclass(kw_only=True)
class House(Scene):
    """Everything that runs, and what was done in it that the judge must know."""

    folder: Path
    mongod: Mongod
    redis: Redis
    lines: Lines
    environment: dict[str, str]
    workers: list[Service] = field(default_factory=list)
    manner: Mapping[str, str] = field(default_factory=dict)
    """Settings of those who stay from test to test."""
    hired: list[Service] = field(default_factory=list)
    """Everyone who ever worked here."""

    def worker(self, **settings: str) -> Service:
        """Start another worker, for this test only."""
        log = self.folder / f"worker-{len(self.hired) + 1}.log"
        worker = Service("worker", ["work"], log, {**self.environment, **settings})
        worker.start()
        self.hired.append(worker)
        return worker

    async def staffed(self, count: int = 1, settings: Mapping[str, str] = {}) -> list[Service]:
        """So many workers at work by these settings, those that are there first."""
        if settings != self.manner:
            await self.stop()
            self.manner = settings
        self.workers = [worker for worker in self.workers if worker.alive]
        while len(self.workers) > count:
            await asyncio.to_thread(self.workers.pop().stop)
        while len(self.workers) < count:
            self.workers.append(self.worker(**settings))
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

    async def forget(self) -> None:
        """Empty the databases and ledgers; workers stay."""
        await self.heal()
        await self.wipe()

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


def is_at_work(worker: Child) -> bool:
    """Whether a worker has said so; one that ended instead says why."""
    assert worker.alive, worker.ending()
    return told(worker)["worker.started"] > 0


def told(worker: Child) -> Counter[str]:
    """What a worker's log tells of, and how often."""
    lines = worker.log.read_text().splitlines() if worker.log.exists() else []
    return Counter(json.loads(line)["event"] for line in lines if line.startswith("{"))
