"""What befalls workers, and the lines between them and the outside."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from core import mongo
from local.faults import Faults
from local.ports import LOOPBACK
from tests.cluster.cluster import WORK_HOSTS, Cluster, Way
from tests.cluster.load import Load
from tests.cluster.outages import LEASE_SECONDS
from tests.faults import desk
from tests.faults.scene import eventually

SLOW = Faults(latency_seconds=0.6)
"""So that sends are under way when something happens, and yet are answered in time."""
SEVERAL = 3
MAILINGS, MAILING_SECONDS = 20, 3.0
"""So many mailings are sent, of which one worker gets its part, and how long each takes."""

Held = Callable[[], Awaitable[int]]
"""How many messages a worker holds."""


async def worker_cut_off(load: Load) -> None:
    """A worker's host is cut off over its sends, for longer than its leases, and comes back."""
    cluster, name = load.cluster, WORK_HOSTS[0]
    held = await _amid_sends(load, name)
    cluster.cut(name)
    await _given_back(load, held)
    cluster.mend(name)
    await eventually(held)
    cluster.find()


async def worker_dies(load: Load) -> None:
    """A worker is killed over its sends, and another started once its leases have run out."""
    cluster, name = load.cluster, WORK_HOSTS[1]
    held = await _amid_sends(load, name)
    cluster.kill(name)
    await _given_back(load, held)
    cluster.start_worker(name)
    cluster.find()
    await cluster.ready()


async def answers_lost(load: Load) -> None:
    """Workers don't hear the outside, which hears them, for longer than their leases."""
    await _without_outside(load, "answers")


async def requests_lost(load: Load) -> None:
    """The outside doesn't hear the workers."""
    await _without_outside(load, "requests")


async def outside_cut_off(load: Load) -> None:
    """Neither hears the other."""
    await _without_outside(load, "requests", "answers")


async def _without_outside(load: Load, *ways: Way) -> None:
    cluster = load.cluster
    cluster.outside.faults = SLOW
    async with load.calm:
        await desk.create(cluster)
    await eventually(lambda: cluster.door.inside >= SEVERAL)
    cluster.lose(*ways)
    await asyncio.sleep(1.5 * LEASE_SECONDS)
    await load.writes()
    cluster.find()
    await load.delivers()


async def _amid_sends(load: Load, name: str) -> Held:
    """Wait until a worker has sends under way; asks for what it holds."""
    cluster = load.cluster
    cluster.outside.faults = SLOW
    clients, address = cluster.door.by_client, cluster.hosts[name].place.address

    def has_several() -> bool:
        # Without lines of their own all come from the loopback.
        return max(clients[address], clients[LOOPBACK]) >= SEVERAL

    for _ in range(MAILINGS):
        async with load.calm:
            await desk.create(cluster)
        with suppress(TimeoutError):  # the other worker has sent it all
            await eventually(has_several, MAILING_SECONDS)
            return partial(_held, cluster, f":{cluster.workers[name].pid}:")
    raise AssertionError(f"{name} sends nothing")


async def _given_back(load: Load, held: Held) -> None:
    """Wait until a worker's leases have run out and others go on."""

    async def has_none() -> bool:
        return not await held()

    await eventually(has_none)
    await load.delivers()


async def _held(cluster: Cluster, mark: str) -> int:
    """How many messages a worker holds."""
    rows = mongo.database(cluster.parts.mongo)["messages"]
    return await rows.count_documents({"status": "sending", "lease.worker": {"$regex": mark}})
