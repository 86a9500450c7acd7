"""APIs of a test's own, with settings of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo import MongoClient

from local.mongod import Mongod
from local.ports import free_port
from local.redis import Redis
from tests.graph.conftest import Edge, complaints, environment, session
from tests.processes import Api


@asynccontextmanager
async def serving(
    mongod: Mongod, redis: Redis, log: Path, *, database: str | None = None, **settings: str
) -> AsyncIterator[Edge]:
    """An API; it must end by itself when told to, and complain of nothing."""
    name, port = database or f"graph_{ObjectId()}", int(settings.pop("PORT", free_port()))
    env = environment(mongod.uri(name), redis.url, port)
    api = Api(log, {**env, **settings}, port)
    api.start()
    address = f"http://127.0.0.1:{port}"
    with MongoClient[dict[str, Any]](mongod.uri(name)) as client:
        async with session(address) as http:
            edge = Edge(address, api, http, client[name])
            try:
                yield edge
            finally:
                ended = api.stop(30)
                if database is None:
                    client.drop_database(name)
    assert ended
    assert complaints(edge.log()) == []
