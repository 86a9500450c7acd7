"""Builds a house: real servers, a proxy before each, and settings that make hours short."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from core import mongo, tasks
from core.parts import Parts, open_parts
from core.settings import Settings
from local.mongod import Mongod
from local.outside import Outside
from local.ports import LOOPBACK, free_port
from local.redis import Redis
from local.serving import serving
from local.smtp_sink import Sink
from models.registry import prepare
from services import kinds
from tests.faults.house import LEASE_SECONDS, House, Lines, restart
from tests.faults.outside import Door, Pulse, Witness
from tests.faults.proxy import Proxy

DATABASE = "faults"
TOKEN = "the provider's token"
SECRET = "a secret of the house of faults, long enough"

QUICK: Mapping[str, str] = {
    "LEASE_SECONDS": str(LEASE_SECONDS),
    "DRAIN_SECONDS": "5",
    "SENDING_API_TIMEOUT_SECONDS": "1",
    "SENDING_API_CONCURRENCY": "16",
    "SMTP_TIMEOUT_SECONDS": "1",
    "SMTP_TLS": "none",
    "BREAKER_SECONDS": "0.3",
    "LOG_FORMAT": "json",
    "JWT_SECRET": SECRET,
}
"""Settings under which a life of hours takes seconds."""


@asynccontextmanager
async def standing(folder: Path, **settings: str) -> AsyncIterator[House]:
    """A house without workers, as long as the block runs."""
    mongod = Mongod(folder / "mongod", free_port(), cache_gigabytes=0.25)
    redis = Redis(folder / "redis", free_port())
    pulse = Pulse()
    outside = Outside(TOKEN, Witness("sending_api", pulse))
    door, sink = Door(outside), Sink(ledger=Witness("email", pulse))
    async with AsyncExitStack() as stack:
        beating = asyncio.create_task(pulse.beat())
        stack.push_async_callback(tasks.end, [beating])
        for server in (mongod, redis):
            stack.callback(server.stop)
            await restart(server)
        url = await stack.enter_async_context(serving(door))
        smtp_port = await stack.enter_async_context(sink.listening())
        targets = (mongod.port, redis.port, int(url.rpartition(":")[2]), smtp_port)
        lines = Lines(*[await stack.enter_async_context(Proxy(at).listening()) for at in targets])
        environment = {**os.environ, **_addresses(lines), **QUICK, **settings}
        direct = Settings(
            db_uri=mongod.uri(DATABASE), redis_url=redis.url, sending_api_token=SecretStr(TOKEN)
        )
        parts = await stack.enter_async_context(open_parts(direct))
        await ready(parts)
        house = House(
            folder=folder,
            mongod=mongod,
            redis=redis,
            outside=outside,
            door=door,
            sink=sink,
            lines=lines,
            environment=environment,
            parts=parts,
        )
        stack.push_async_callback(house.stop)
        stack.push_async_callback(house.heal)
        yield house


async def ready(parts: Parts) -> None:
    """Bind the documents to the house's database, and make its kinds and collections."""
    await prepare(mongo.database(parts.mongo))
    await kinds.seed()


def _addresses(lines: Lines) -> dict[str, str]:
    # Without directConnection the driver would go to the replica set's own address, past us.
    uri = f"mongodb://{LOOPBACK}:{lines.mongo.port}/{DATABASE}?directConnection=true"
    return {
        "DB_URI": uri,
        "REDIS_URL": f"redis://{LOOPBACK}:{lines.redis.port}/0",
        "SENDING_API_URL": f"http://{LOOPBACK}:{lines.api.port}",
        "SENDING_API_TOKEN": TOKEN,
        "SMTP_PORT": str(lines.smtp.port),
        "EMAIL": "somebody@example.com",
    }
