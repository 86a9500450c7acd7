"""The start of a process: it waits for MongoDB, says so, and refuses what it can't work with."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from pymongo.errors import ServerSelectionTimeoutError

from core import mongo
from core.errors import ConfigurationError
from core.parts import Parts
from services import migrations, start
from tests.services.conftest import Happened


def failing(times: int, then: Callable[[Parts], Awaitable[None]]) -> Callable[[Parts], object]:
    left = times

    async def prepare(parts: Parts) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            raise ServerSelectionTimeoutError("nobody is there")
        await then(parts)

    return prepare


async def test_it_tries_again_with_pauses_and_says_each_time_why(
    parts: Parts, happened: Happened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "LEAST_SECONDS", 0)
    monkeypatch.setattr(start, "CAP_SECONDS", 0.5)
    monkeypatch.setattr(start, "BASE_SECONDS", 0.001)
    monkeypatch.setattr(start, "prepare", failing(3, start.prepare))
    assert await start.prepared(parts, asyncio.Event())
    told = [fields for name, fields in happened if name == "mongo.unreachable"]
    assert [fields["tries"] for fields in told] == [1, 2, 3]
    assert {fields["error"] for fields in told} == {"nobody is there"}
    assert await migrations.version(parts) == migrations.latest()


def test_pauses_grow_and_have_a_bound() -> None:
    least, most = start.LEAST_SECONDS, start.LEAST_SECONDS + start.CAP_SECONDS
    assert all(least <= start._pause(tries) <= most for tries in range(2_000))


async def test_told_to_stop_it_waits_no_longer(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "prepare", failing(1_000_000, start.prepare))
    stop = asyncio.Event()
    waiting = asyncio.create_task(start.prepared(parts, stop))
    await asyncio.sleep(0)
    stop.set()
    async with asyncio.timeout(30):
        assert not await waiting


async def test_a_newer_database_ends_the_start(parts: Parts) -> None:
    newer = {"_id": "schema", "version": migrations.latest() + 1}
    await mongo.database(parts.mongo)["meta"].insert_one(newer)
    with pytest.raises(ConfigurationError, match="newer Belfry"):
        await start.prepared(parts, asyncio.Event())
