"""A worker as a process, with servers of its own that tests may start and kill."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from bson import ObjectId
from pydantic import SecretStr

from core import mongo
from core.parts import Parts, open_parts
from core.settings import Settings
from local.mongod import Mongod
from local.outside import Outside
from local.ports import free_port
from local.redis import Redis
from local.serving import serving
from local.smtp_sink import Sink
from models.registry import prepare
from services import kinds, notifications
from tests import factories
from tests.processes import Service

TOKEN = "the provider's token"
PATIENCE = 30.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Mongod]:
    """A MongoDB that has not been started."""
    database = Mongod(tmp_path / "mongod", free_port(), cache_gigabytes=0.25)
    yield database
    database.stop()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """A Redis that has not been started."""
    redis = Redis(tmp_path / "redis", free_port())
    yield redis
    redis.stop()


@pytest.fixture
async def outside() -> AsyncIterator[tuple[Outside, str]]:
    """The sending API and its address."""
    outside = Outside(TOKEN)
    async with serving(outside) as address:
        yield outside, address


@pytest.fixture
async def sink() -> AsyncIterator[tuple[Sink, int]]:
    """The SMTP server and its port."""
    sink = Sink()
    async with sink.listening() as port:
        yield sink, port


@pytest.fixture
def settings(
    database: Mongod, redis: Redis, outside: tuple[Outside, str], sink: tuple[Sink, int]
) -> Settings:
    return Settings(
        db_uri=database.uri("worker"),
        redis_url=redis.url,
        email="somebody@example.com",
        smtp_port=sink[1],
        smtp_tls="none",
        sending_api_url=outside[1],
        sending_api_token=SecretStr(TOKEN),
        sending_api_concurrency=8,
        lease_seconds=2,
        drain_seconds=5,
    )


@pytest.fixture
def worker(settings: Settings, tmp_path: Path) -> Iterator[Service]:
    """A worker that has not been started."""
    given = json.loads(settings.model_dump_json())
    given |= {"sending_api_token": TOKEN, "smtp_password": "", "jwt_secret": ""}
    env = {name.upper(): str(value) for name, value in given.items()}
    worker = Service("worker", ["work"], tmp_path / "worker.log", {**os.environ, **env})
    yield worker
    worker.stop()


@asynccontextmanager
async def at_work(settings: Settings) -> AsyncIterator[Parts]:
    """The services, in this process, on the worker's database."""
    async with open_parts(settings) as parts:
        await prepare(mongo.database(parts.mongo))
        await kinds.seed()
        yield parts


async def eventually(condition: Callable[[], Awaitable[object] | object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            found = condition()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.02)


def said(worker: Service) -> Counter[str]:
    """What the worker's log tells of, and how often; of a lane with its name."""
    lines = worker.log.read_text().splitlines() if worker.log.exists() else []
    told = [json.loads(line) for line in lines]
    return Counter(" ".join([line["event"], line.get("lane", "")]).strip() for line in told)


async def notify(parts: Parts) -> None:
    await notifications.create(parts, "a test", factories.notification(ObjectId(), "new_login"))
