"""What tests of the core share: processes that wake each other, and an identity provider."""

from collections.abc import AsyncIterator, Iterator

import pytest
from arq.connections import ArqRedis

from core import events, jwks, redis
from core.wakeups import Wakeups
from tests.core.hearing import connected, running
from tests.provider import Provider


@pytest.fixture
async def ours(redis_url: str) -> AsyncIterator[Wakeups]:
    async with running(redis_url) as ours:
        await connected(ours)
        yield ours


@pytest.fixture
async def theirs(redis_url: str) -> AsyncIterator[Wakeups]:
    async with running(redis_url) as theirs:
        await connected(theirs)
        yield theirs


@pytest.fixture
async def pool(redis_url: str) -> AsyncIterator[ArqRedis]:
    pool = redis.connect(redis_url)
    yield pool
    await pool.aclose()


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    """An identity provider that listens."""
    async with Provider().running() as provider:
        yield provider


@pytest.fixture
def unbound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider may be asked again at once."""
    monkeypatch.setattr(jwks, "COOLDOWN_SECONDS", 0.0)


@pytest.fixture
def happened() -> Iterator[list[str]]:
    """The names of all events from now on."""
    happened: list[str] = []
    leave = events.subscribe(lambda name, _: happened.append(name))
    yield happened
    leave()
