"""The worker as a process: it waits for its servers, loses them, and goes on when they are back."""

from functools import partial

import pytest
from bson import ObjectId
from redis import Redis as RedisClient

from core.errors import ConfigurationError
from core.parts import Parts
from core.settings import Settings
from jobs.worker import work
from local.faults import Faults
from local.mongod import Mongod
from local.outside import Outside
from local.redis import Redis
from local.smtp_sink import Sink
from rules.message import Status
from services import mailings, stats
from tests import factories
from tests.jobs.conftest import at_work, eventually, notify, said
from tests.processes import Service

CLIENTS = 100


def lost(worker: Service, lane: str) -> int:
    """How many lives of a lane's worker Redis has taken."""
    return said(worker)[f"worker.lane.lost {lane}"]


def tagged(tag: str, _: int) -> dict[str, list[str]]:
    return {"tags": [tag]}


async def mail(parts: Parts, tag: str) -> ObjectId:
    created = (await mailings.create(parts, "a test", factories.mailing(tags=(tag,)))).id
    assert created is not None
    return created


async def all_sent(parts: Parts, mailing: ObjectId) -> bool:
    return (await stats.of_mailing(parts, mailing)).by_status[Status.SENT] == CLIENTS


def waits_for_jobs(redis: Redis) -> bool:
    """Whether arq is at work: it has said so in Redis."""
    with RedisClient.from_url(redis.url) as client:
        return bool(client.keys("belfry:*health-check"))


async def test_a_worker_started_before_its_servers_delivers_without_redis_and_then_with_it(
    worker: Service, database: Mongod, redis: Redis, settings: Settings, sink: tuple[Sink, int]
) -> None:
    worker.launch()
    await eventually(lambda: said(worker)["wakeups.unreachable"])
    database.start()
    await eventually(lambda: said(worker)["worker.started"])
    await eventually(lambda: lost(worker, "personal"))
    async with at_work(settings) as parts:
        await notify(parts)
        await eventually(lambda: len(sink[0].mails) == 1)
        redis.start()
        await eventually(partial(waits_for_jobs, redis))
        await notify(parts)
        await eventually(lambda: len(sink[0].mails) == 2)
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


async def test_what_a_worker_has_sent_is_written_however_long_both_servers_are_away(
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
        await factories.clients(CLIENTS, 0, partial(tagged, "all"))
        api.faults = Faults(latency_seconds=0.2)
        mailing = await mail(parts, "all")
        await eventually(lambda: api.ledger.count > 40)
        redis.kill()
        database.kill()
        # The other lane has nothing in hand: by its third loss the time to drain is long over.
        await eventually(lambda: lost(worker, "personal") > 2)
        database.start()
        redis.start()
        await eventually(partial(all_sent, parts, mailing))
    assert api.ledger.count == CLIENTS
    assert api.ledger.repeats == 0


@pytest.mark.parametrize("lanes", [["express"], ["bulk", "express"], []])
def test_an_unknown_lane_is_a_configuration_error(lanes: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="lanes are personal, bulk"):
        work(Settings(), lanes)
