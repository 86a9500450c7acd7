"""What befalls a cluster under load. Each act waits until life goes on, and in the end all is whole."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import aiohttp
from bson import ObjectId
from pymongo import WriteConcern
from pymongo.errors import AutoReconnect, PyMongoError

from core import mongo
from local.faults import Faults
from tests.cluster.cluster import API_HOSTS, WORK_HOSTS, Cluster
from tests.cluster.load import Load
from tests.cluster.replicas import STEP_DOWN_SECONDS, Replica, is_primary, seldom
from tests.faults import desk
from tests.faults.scene import eventually

SLOW = Faults(latency_seconds=0.6)
"""So that sends are under way when something happens."""
SEVERAL = 4

Act = Callable[[Load], Awaitable[None]]


async def primary_steps_down(load: Load) -> None:
    """A primary is told to let another lead, as before an upgrade."""
    replicas = load.cluster.replicas
    async with load.calm:
        former = await replicas.primary()
        with suppress(AutoReconnect):  # it may hang up on us, too
            await former.ask("replSetStepDown", STEP_DOWN_SECONDS, secondaryCatchUpPeriodSecs=2)
        await replicas.primary(but=former)
        await load.writes()
    await replicas.whole()


async def primary_dies(load: Load) -> None:
    """A primary is killed, and comes back after another has taken over."""
    replicas = load.cluster.replicas
    async with load.calm:
        former = await replicas.primary()
        former.member.kill()
        await replicas.primary(but=former)
        await load.writes()
    await load.delivers()
    former.member.launch()
    await asyncio.to_thread(former.member.wait_ready)
    await replicas.hasten(former)
    await replicas.whole()


async def primary_cut_off(load: Load) -> None:
    """A primary's host is cut off; it leads nobody any more, and takes nothing that would be lost."""
    replicas = load.cluster.replicas
    async with load.calm:
        former = await replicas.primary()
        former.host.cut()
        await replicas.primary(but=former)
        await load.writes()
    await load.delivers()
    former.host.heal()
    await replicas.whole()


async def secondary_cut_off(load: Load) -> None:
    """A secondary is cut off: nobody minds."""
    secondary, _ = await _secondaries(load.cluster)
    secondary.host.cut()
    await load.writes()
    await load.delivers()
    secondary.host.heal()
    await load.cluster.replicas.whole()


async def majority_lost(load: Load) -> None:
    """Both secondaries are cut off: writes are refused, in words that tell clients to ask again."""
    cluster = load.cluster
    async with load.calm:
        lonely = await cluster.replicas.primary()
        others = await _secondaries(cluster)
        for one in others:
            one.host.cut()
        await _shows_nothing_unsure(cluster)

        async def is_alone() -> bool:
            return not await is_primary(lonely)

        await seldom(is_alone)
        await load.writers.are_refused()
        for one in others:
            one.host.heal()
        await cluster.replicas.whole()
        await load.writes()
    await load.delivers()


async def worker_cut_off(load: Load) -> None:
    """A worker's host is cut off over its sends, for longer than its leases, and comes back."""
    cluster, name = load.cluster, WORK_HOSTS[0]
    cluster.outside.faults = SLOW
    await desk.create(cluster)
    mark = f":{cluster.workers[name].pid}:"
    held = partial(_held, cluster, mark)

    async def has_several() -> bool:
        return await held(channel="sending_api") >= SEVERAL

    await eventually(has_several)
    cluster.hosts[name].cut()

    async def has_none() -> bool:
        return not await held()

    await eventually(has_none)
    await load.delivers()
    cluster.hosts[name].heal()
    await eventually(held)
    cluster.outside.faults = Faults()


async def api_cut_off(load: Load) -> None:
    """An API's host is cut off: its bells go to another, where they miss nothing."""
    cluster, (name, _) = load.cluster, API_HOSTS
    address = cluster.apis[name].address
    cluster.hosts[name].cut()
    await eventually(lambda: all(bell.at not in {"", address} for bell in load.bells))
    await load.writes()
    await load.bells_hear()
    cluster.hosts[name].heal()
    await eventually(partial(_answers, address))


async def rolling_restart(load: Load) -> None:
    """An API and a worker at a time, all are told to end and others started."""
    for names in zip(API_HOSTS, WORK_HOSTS, strict=True):
        await asyncio.gather(*map(load.cluster.restart, names))
        await load.cluster.ready()
        await load.writes()
    await load.delivers()


async def redis_cut_off(load: Load) -> None:
    """Redis is cut off: notifications are stored and messages leave all the same."""
    host, before = load.cluster.hosts["redis"], _lives_lost(load.cluster)
    host.cut()
    await eventually(lambda: _lives_lost(load.cluster) > before)
    await load.writes()
    await load.delivers()
    host.heal()
    await load.writes()


ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (
        primary_steps_down,
        primary_dies,
        primary_cut_off,
        secondary_cut_off,
        majority_lost,
        worker_cut_off,
        api_cut_off,
        rolling_restart,
        redis_cut_off,
    )
}


async def _shows_nothing_unsure(cluster: Cluster) -> None:
    """What only a primary without a majority has, nobody is shown: it may have to be undone."""
    # No new collection: MongoDB lets such reads wait until most of the set have that.
    rows, mark = mongo.database(cluster.parts.mongo)["users"], {"_id": ObjectId()}
    with suppress(PyMongoError):  # it may have stepped down already
        await rows.with_options(write_concern=WriteConcern(1)).insert_one(mark)
        assert await rows.find_one(mark) is None, "a row was shown that no other host has"


def _lives_lost(cluster: Cluster) -> int:
    """How often workers that are there now found Redis away."""
    logs = (worker.log for worker in cluster.workers.values())
    return sum(log.read_bytes().count(b'"worker.lane.lost"') for log in logs)


async def _secondaries(cluster: Cluster) -> list[Replica]:
    leader = await cluster.replicas.primary()
    return [one for one in cluster.replicas.all if one is not leader]


async def _held(cluster: Cluster, mark: str, **which: str) -> int:
    """How many messages a worker holds."""
    rows = mongo.database(cluster.parts.mongo)["messages"]
    query = {"status": "sending", "lease.worker": {"$regex": mark}, **which}
    return await rows.count_documents(query)


async def _answers(address: str) -> bool:
    """Whether an API is ready."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http,
            http.get(f"{address}/health/ready") as response,
        ):
            return response.ok
    except (aiohttp.ClientError, TimeoutError):
        return False
