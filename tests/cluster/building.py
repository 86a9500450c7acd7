"""Builds a cluster of nine hosts; what runs on that of the outside runs in this process."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from core import tasks
from core.parts import open_parts
from core.settings import Settings
from local.outside import Outside
from local.ports import free_port
from local.redis import Redis
from local.serving import serving
from local.smtp_sink import Sink
from tests.cluster import network
from tests.cluster.cluster import API_HOSTS, WORK_HOSTS, Cluster
from tests.cluster.network import HOSTS, Host, Kind
from tests.cluster.outages import LEASE_SECONDS
from tests.cluster.replicas import Member, Replica, Replicas
from tests.faults.building import QUICK, TOKEN, ready
from tests.faults.outside import Door, Pulse, Witness

DATABASE = "cluster"
DB_HOSTS = ("db1", "db2", "db3")
CACHE_GIGABYTES = 0.25

SETTINGS = {
    "LEASE_SECONDS": str(LEASE_SECONDS),
    # On a busy machine answers that come after a second would keep the breaker open.
    "SENDING_API_TIMEOUT_SECONDS": "2",
    "RATE_LIMIT_PER_MINUTE": "0",
    "RATE_LIMIT_SUBSCRIBER_PER_MINUTE": "0",
    # So many that no event of a round falls out before everybody has come back to hear it.
    "NOTIFICATION_LIMIT": "500",
}


@asynccontextmanager
async def standing(folder: Path, kind: Kind) -> AsyncIterator[Cluster]:
    """A cluster at work, as long as the block runs."""
    pulse = Pulse()
    outside = Outside(TOKEN, Witness("sending_api", pulse))
    door, sink = Door(outside), Sink(ledger=Witness("email", pulse))
    async with AsyncExitStack() as stack:
        beating = asyncio.create_task(pulse.beat())
        stack.push_async_callback(tasks.end, [beating])
        net = await stack.enter_async_context(network.opened(kind, folder))
        hosts = {name: await stack.enter_async_context(net.host(name)) for name in HOSTS}
        beyond = hosts["outside"]
        with beyond.inside():
            url = await stack.enter_async_context(serving(door, beyond.place.address))
            smtp_port = await stack.enter_async_context(sink.listening(beyond.place.address))
        replicas = await _replicas(stack, folder, hosts)
        redis = await _redis(stack, folder, hosts["redis"])
        environment = {
            **os.environ,
            **QUICK,
            **SETTINGS,
            "DB_URI": replicas.uri(DATABASE),
            "REDIS_URL": redis.url,
            "SENDING_API_URL": url,
            "SENDING_API_TOKEN": TOKEN,
            "SMTP_HOST": beyond.place.address,
            "SMTP_PORT": str(smtp_port),
            "EMAIL": "somebody@example.com",
        }
        direct = Settings(
            db_uri=replicas.uri(DATABASE), redis_url=redis.url, sending_api_token=SecretStr(TOKEN)
        )
        cluster = Cluster(
            folder=folder,
            hosts=hosts,
            replicas=replicas,
            redis=redis,
            environment=environment,
            ports={name: free_port() for name in API_HOSTS},
            outside=outside,
            door=door,
            sink=sink,
            parts=await stack.enter_async_context(open_parts(direct)),
        )
        stack.push_async_callback(cluster.stop)
        stack.callback(cluster.heal)
        await _begin(cluster)
        yield cluster


async def _begin(cluster: Cluster) -> None:
    """All at once: there is no order in which they must start."""
    for name in API_HOSTS:
        cluster.start_api(name)
    for name in WORK_HOSTS:
        cluster.start_worker(name)
    await cluster.replicas.form()
    await ready(cluster.parts)
    await cluster.ready()


async def _replicas(stack: AsyncExitStack, folder: Path, hosts: dict[str, Host]) -> Replicas:
    """Three members that listen, and are no set yet."""
    found = []
    for name in DB_HOSTS:
        place = hosts[name].place
        member = Member(folder / name, free_port(), CACHE_GIGABYTES, place=place)
        stack.callback(member.kill)
        hosts[name].holds(member)
        member.launch()
        found.append(Replica(hosts[name], member))
    for one in found:
        await asyncio.to_thread(one.member.wait_ready)
    return Replicas(tuple(found))


async def _redis(stack: AsyncExitStack, folder: Path, host: Host) -> Redis:
    redis = Redis(folder / "redis", free_port(), place=host.place)
    stack.callback(redis.kill)
    host.holds(redis)
    redis.launch()
    await asyncio.to_thread(redis.wait_ready)
    return redis
