"""The health of a worker, as orchestrators and `belfry health` ask for it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from core.errors import ConfigurationError
from core.parts import Parts, open_parts
from core.settings import load
from jobs import health
from local.mongod import Mongod
from local.ports import free_port
from local.redis import Redis

Asked = tuple[int, dict[str, object]]


@pytest.fixture
async def parts(mongod: Mongod, redis_server: Redis) -> AsyncIterator[Parts]:
    settings = load(
        _env_file=None,
        db_uri=mongod.uri("health"),
        redis_url=redis_server.url,
        health_port=free_port(),
    )
    async with open_parts(settings) as parts:
        yield parts


async def ask(parts: Parts, which: str) -> Asked:
    url = f"http://127.0.0.1:{parts.settings.health_port}/health/{which}"
    async with ClientSession() as http, http.get(url) as response:
        return response.status, await response.json()


async def test_a_worker_lives_at_once_and_is_ready_when_it_has_started(parts: Parts) -> None:
    started = asyncio.Event()
    async with health.served(parts, started):
        assert await ask(parts, "live") == (200, {"status": "live"})
        status, said = await ask(parts, "ready")
        assert status == 503
        assert said["checks"] == {"started": False, "mongo": True, "redis": True}
        started.set()
        assert (await ask(parts, "ready"))[0] == 200


async def test_without_a_store_it_is_not_ready_but_lives(mongod: Mongod) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    settings = load(
        _env_file=None, db_uri=mongod.uri("health"), redis_url=nowhere, health_port=free_port()
    )
    started = asyncio.Event()
    started.set()
    async with open_parts(settings) as parts, health.served(parts, started):
        status, said = await ask(parts, "ready")
        assert status == 503
        assert said["checks"] == {"started": True, "mongo": True, "redis": False}
        assert (await ask(parts, "live"))[0] == 200


async def test_a_port_in_use_is_told_by_the_name_of_its_setting(parts: Parts) -> None:
    async with health.served(parts, asyncio.Event()):
        with pytest.raises(ConfigurationError, match="HEALTH_PORT: can't listen"):
            async with health.served(parts, asyncio.Event()):
                pass
