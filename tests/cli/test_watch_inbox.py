"""`belfry watch inbox` misses nothing and doubles nothing while the API dies and comes back (X1)."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from local.mongod import Mongod
from local.ports import free_port
from local.redis import Redis
from tests.cli.conftest import PATIENCE, Belfry, of
from tests.graph.conftest import environment
from tests.processes import Api


@pytest.fixture
async def mortal(mongod: Mongod, redis_server: Redis, tmp_path: Path) -> AsyncIterator[Api]:
    """An API of this test alone, which may be killed."""
    port, name = free_port(), f"cli_{uuid4().hex}"
    api = Api(tmp_path / "api.log", environment(mongod.uri(name), redis_server.url, port), port)
    api.start()
    yield api
    api.stop(30)
    with MongoClient[dict[str, Any]](mongod.uri(name)) as client:
        client.drop_database(name)


async def write(belfry: Belfry, user: str, first: int, end: int) -> None:
    for number in range(first, end):
        said = await belfry.run("notify", user, "new_post", "--data", f"n:={number}")
        assert said.code == 0, said.complaint


class Watch:
    """`belfry watch inbox --json` under way, and the numbers of the notifications it told."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []

    @property
    def numbers(self) -> list[int]:
        return [each["notification"]["data"]["n"] for each in self.events]

    async def heard(self, count: int) -> None:
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while len(self.events) < count:
                self.events.append(json.loads(await self.process.stdout.readline()))

    async def end(self) -> bytes:
        """Everything it complained of."""
        self.process.terminate()
        _, complaint = await self.process.communicate()
        return complaint


async def test_no_event_is_missed_or_doubled_while_the_api_is_killed_and_started_again(
    mortal: Api, user: str, tmp_path: Path
) -> None:
    belfry = of(mortal, tmp_path)
    start = (await belfry.ask("inbox", user))["headCursor"]
    watch = Watch(await belfry.start("watch", "inbox", user, "--after", start, "--json"))
    await write(belfry, user, 0, 5)
    await watch.heard(5)
    mortal.kill()
    mortal.start()
    await write(belfry, user, 5, 10)
    await watch.heard(10)
    assert watch.numbers == list(range(10))
    assert b"the connection is lost" in await watch.end()


async def test_a_watch_that_was_stopped_goes_on_after_its_last_cursor(
    belfry: Belfry, user: str
) -> None:
    start = (await belfry.ask("inbox", user))["headCursor"]
    first = Watch(await belfry.start("watch", "inbox", user, "--after", start, "--json"))
    await write(belfry, user, 0, 2)
    await first.heard(2)
    assert await first.end() == b""
    await write(belfry, user, 2, 4)
    cursor = first.events[-1]["cursor"]
    second = Watch(await belfry.start("watch", "inbox", user, "--after", cursor, "--json"))
    await second.heard(2)
    await write(belfry, user, 4, 5)
    await second.heard(3)
    assert await second.end() == b""
    assert first.numbers + second.numbers == list(range(5))
    assert [each["replayed"] for each in second.events] == [True, True, False]
