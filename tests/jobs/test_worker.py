"""The worker as a process: it waits for its servers, loses them, and goes on when they are back."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from bson import ObjectId
from pydantic import SecretStr

from core import mongo
from core.errors import ConfigurationError
from core.parts import Parts, open_parts
from core.settings import Settings
from jobs.worker import work
from local.faults import Faults
from local.mongod import Mongod
from local.outside import Outside
from local.ports import free_port
from local.processes import Service
from local.redis import Redis
from local.serving import serving
from local.smtp_sink import Sink
from models.registry import prepare
from rules.message import Status
from services import kinds, mailings, notifications, stats
from tests import factories

TOKEN = "the provider's token"
PATIENCE = 30.0
CLIENTS = 100


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


def lost(worker: Service, lane: str) -> int:
    """How many lives of a lane's worker Redis has taken."""
    return said(worker)[f"worker.lane.lost {lane}"]


async def notify(parts: Parts) -> None:
    await notifications.create(parts, "a test", factories.notification(ObjectId(), "new_login"))


def tagged(tag: str, _: int) -> dict[str, list[str]]:
    return {"tags": [tag]}


async def mail(parts: Parts, tag: str) -> ObjectId:
    created = (await mailings.create(parts, "a test", factories.mailing(tags=(tag,)))).id
    assert created is not None
    return created


async def all_sent(parts: Parts, mailing: ObjectId) -> bool:
    return (await stats.of_mailing(parts, mailing)).by_status[Status.SENT] == CLIENTS


async def test_a_worker_started_before_its_servers_comes_up_when_they_come(
    worker: Service, database: Mongod, redis: Redis, settings: Settings, sink: tuple[Sink, int]
) -> None:
    worker.launch()
    await eventually(lambda: said(worker)["wakeups.unreachable"])
    database.start()
    await eventually(lambda: said(worker)["worker.started"])
    await eventually(lambda: lost(worker, "personal"))
    async with at_work(settings) as parts:
        await notify(parts)
        assert not sink[0].mails
        redis.start()
        await eventually(lambda: len(sink[0].mails) == 1)
        losses = lost(worker, "personal")
    redis.kill()
    await eventually(lambda: lost(worker, "personal") > losses)
    assert worker.stop(), "it has to end in time without Redis, too"
    assert worker.code == 0


async def test_a_worker_that_loses_redis_goes_on_when_it_is_back_and_repeats_nothing(
    worker: Service,
    database: Mongod,
    redis: Redis,
    settings: Settings,
    outside: tuple[Outside, str],
) -> None:
    api = outside[0]
    database.start()
    redis.start()
    worker.launch()
    async with at_work(settings) as parts:
        for start, tag in ((0, "first"), (CLIENTS, "second")):
            await factories.clients(CLIENTS, start, partial(tagged, tag))
        api.faults = Faults(latency_seconds=0.2)
        first = await mail(parts, "first")
        await eventually(lambda: api.ledger.count > 40)
        redis.kill()
        # At the second loss all jobs of the first life have ended, with Redis away.
        await eventually(lambda: lost(worker, "bulk") > 1)
        redis.start()
        await eventually(lambda: all_sent(parts, first))
        # The locks of the jobs that ended without Redis are still there, and must not matter.
        second = await mail(parts, "second")
        await eventually(lambda: all_sent(parts, second))
    assert api.ledger.count == 2 * CLIENTS
    assert api.ledger.repeats == 0


@pytest.mark.parametrize("lanes", [["express"], ["bulk", "express"], []])
def test_an_unknown_lane_is_a_configuration_error(lanes: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="lanes are personal, bulk"):
        work(Settings(), lanes)
