"""What befalls a cluster under load. Each act waits until life goes on, and in the end all is whole."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import aiohttp

from tests.cluster import database_acts, worker_acts
from tests.cluster.cluster import API_HOSTS, WORK_HOSTS, Cluster
from tests.cluster.load import Load
from tests.faults.scene import eventually

Act = Callable[[Load], Awaitable[None]]


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
        database_acts.primary_steps_down,
        database_acts.primary_dies,
        database_acts.primary_cut_off,
        database_acts.secondary_cut_off,
        database_acts.majority_lost,
        worker_acts.worker_cut_off,
        worker_acts.worker_dies,
        worker_acts.answers_lost,
        worker_acts.requests_lost,
        worker_acts.outside_cut_off,
        api_cut_off,
        rolling_restart,
        redis_cut_off,
    )
}


def _lives_lost(cluster: Cluster) -> int:
    """How often workers that are there now found Redis away."""
    logs = (worker.log for worker in cluster.workers.values())
    return sum(log.read_bytes().count(b'"worker.lane.lost"') for log in logs)


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
