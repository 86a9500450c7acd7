"""Real servers for the tests: one MongoDB and one Redis, and an empty place in each per test."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from pymongo import MongoClient
from redis import Redis as RedisClient

from local.mongod import Mongod
from local.ports import free_port
from local.redis import Redis


@pytest.fixture(scope="session")
def mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongod]:
    """A MongoDB of this run; who kills it starts it again."""
    server = Mongod(tmp_path_factory.mktemp("mongod"), free_port(), cache_gigabytes=0.25)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis of this run; who kills it starts it again."""
    server = Redis(tmp_path_factory.mktemp("redis"), free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def database_uri(mongod: Mongod) -> Iterator[str]:
    """The address of a database of this test alone."""
    name = f"test_{uuid4().hex}"
    yield mongod.uri(name)
    with MongoClient[dict[str, object]]("127.0.0.1", mongod.port, directConnection=True) as client:
        client.drop_database(name)


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    """The address of a Redis that holds nothing."""
    with RedisClient.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url
