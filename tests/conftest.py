"""Real servers for the tests: one MongoDB and one Redis, and an empty place in each per test."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
from pymongo import MongoClient
from redis import Redis as RedisClient

from local.mongod import Mongod
from local.ports import free_port
from local.redis import Redis

HERE = Path(__file__).parent

# How long an example takes says more of the machine than of us.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are processors, because tests also wait; each has servers."""
    return min(12, max(2, cores() * 3 // 2))


LONG_FIRST = ("faults", "fuzz", "web", "journeys")
LAST = ("rules",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first and the quickest last, so that all workers end at the same time."""

    def turn(item: pytest.Item) -> int:
        room = item.path.relative_to(HERE).parts[0]
        return LONG_FIRST.index(room) - len(LONG_FIRST) if room in LONG_FIRST else room in LAST

    items.sort(key=turn)


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


@pytest.fixture(scope="session")
def mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongod]:
    """A MongoDB of this run; who kills it starts it again."""
    server = Mongod(tmp_path_factory.mktemp("mongod"), free_port(), cache_gigabytes=0.25)
    server.start()
    yield server
    server.stop()


@contextmanager
def lifetime_of_transactions(mongod: Mongod, seconds: int) -> Iterator[None]:
    """After so long MongoDB frees what a transaction has locked whose process is gone."""
    with MongoClient[dict[str, Any]]("127.0.0.1", mongod.port, directConnection=True) as client:
        name = "transactionLifetimeLimitSeconds"
        usual = client.admin.command({"setParameter": 1, name: seconds})["was"]
        yield
        client.admin.command({"setParameter": 1, name: usual})


@pytest.fixture
def short_transactions(mongod: Mongod) -> Iterator[None]:
    """A test need not wait long for what a killed process held."""
    with lifetime_of_transactions(mongod, 2):
        yield


@pytest.fixture
def long_transactions(mongod: Mongod) -> Iterator[None]:
    """Who waits for what another transaction holds waits longer than any test."""
    with lifetime_of_transactions(mongod, 600):
        yield


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
