"""A MongoDB of three hosts, with short elections."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from local.mongod import REPLICA_SET, Mongod
from local.ports import is_open
from tests.cluster.network import Host
from tests.faults.house import TRANSACTION_SECONDS
from tests.faults.scene import eventually

ELECTION = {
    "electionTimeoutMillis": 2_000,
    "heartbeatIntervalMillis": 500,
    "heartbeatTimeoutSecs": 2,
    "catchUpTimeoutMillis": 2_000,
}
ANSWER_MILLISECONDS = 2_000
STEP_DOWN_SECONDS = 5
LOOK_SECONDS = 0.25
SECONDARY = 2
"""MongoDB's number for that state of a member."""

Row = dict[str, Any]


class Member(Mongod):
    """One of a set, which is formed once all of them listen."""

    def wait_ready(self, limit_seconds: float = 30) -> None:
        """Wait until it listens."""
        self.wait_for(lambda: is_open(self.port, self.address), limit_seconds)


@dataclass(frozen=True)
class Replica:
    """A member and where it is."""

    host: Host
    member: Member

    @property
    def name(self) -> str:
        """Its name within the set."""
        return f"{self.member.address}:{self.member.port}"

    async def ask(self, *command: Any, **options: Any) -> Row:
        """What it answers to a command itself; raises PyMongoError."""
        async with AsyncMongoClient[Row](
            self.member.address,
            self.member.port,
            directConnection=True,
            serverSelectionTimeoutMS=ANSWER_MILLISECONDS,
            connectTimeoutMS=ANSWER_MILLISECONDS,
            socketTimeoutMS=4 * ANSWER_MILLISECONDS,
        ) as client:
            return await client.admin.command(*command, **options)


@dataclass(frozen=True)
class Replicas:
    """All of them."""

    all: tuple[Replica, ...]

    def uri(self, database: str) -> str:
        """The address of a database."""
        names = ",".join(one.name for one in self.all)
        return f"mongodb://{names}/{database}?replicaSet={REPLICA_SET}"

    async def form(self) -> None:
        """Make a set of them, and wait for its primary."""
        members = [{"_id": number, "host": one.name} for number, one in enumerate(self.all)]
        config = {"_id": REPLICA_SET, "members": members, "settings": ELECTION}
        await self.all[0].ask("replSetInitiate", config)
        for one in self.all:
            await self.hasten(one)
        await self.primary()

    async def hasten(self, one: Replica) -> None:
        """Let it free soon what a killed process has locked; to be said after each start."""
        await one.ask("setParameter", 1, transactionLifetimeLimitSeconds=TRANSACTION_SECONDS)

    async def primary(self, *, but: Replica | None = None) -> Replica:
        """Who leads, as soon as somebody else than `but` does."""
        found: list[Replica] = []

        async def leads() -> bool:
            found[:] = [one for one in self.all if one is not but and await is_primary(one)]
            return bool(found)

        await seldom(leads)
        return found[0]

    async def whole(self) -> None:
        """Wait until one leads and all others follow."""

        async def follow() -> bool:
            leader = await self.primary()
            status = await leader.ask("replSetGetStatus")
            states = sorted(member["state"] for member in status["members"])
            return states == [1] + [SECONDARY] * (len(self.all) - 1)

        await seldom(follow)


async def seldom(condition: Callable[[], Awaitable[bool]]) -> None:
    """Return when the condition holds; each look at it takes connections of its own."""

    async def looked() -> bool:
        held = await condition()
        if not held:
            await asyncio.sleep(LOOK_SECONDS)
        return held

    await eventually(looked)


async def is_primary(one: Replica) -> bool:
    """Whether it leads, as it says itself; one that says nothing doesn't."""
    try:
        return bool((await one.ask("hello")).get("isWritablePrimary"))
    except PyMongoError:
        return False
