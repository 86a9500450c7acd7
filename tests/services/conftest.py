"""What services work with: parts on a prepared database, and the emulators of the outside."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from beanie import init_beanie
from beanie.exceptions import CollectionWasNotInitialized
from pymongo import MongoClient
from pymongo.database import Database

from channels.email import Email
from channels.mime import Sender
from channels.sending_api import SendingApi
from core import events, mongo
from core.parts import Parts, open_parts
from core.settings import Settings, load
from local.mongod import Mongod
from local.serving import serving
from local.smtp_sink import Sink
from models.registry import DOCUMENTS
from services import kinds
from services.messages import Claimed
from services.sources import Sources
from tests.emptying import empty
from tests.services.interludes import INTERLUDES, Interludes
from tests.services.looking import PATIENCE, until
from tests.services.pumping import TOKEN, Turnstile

NAME = "test_services"
EMAIL = "new@example.com"
"""The address that new users get."""

Happened = list[tuple[str, Mapping[str, object]]]


@pytest.fixture(scope="session")
def prepared(mongod: Mongod) -> Iterator[Database[dict[str, Any]]]:
    """One database for all tests of services, without asyncio; making one for each takes 0.2 s."""
    with MongoClient[dict[str, Any]](mongod.uri(NAME), tz_aware=True) as client:
        yield client[NAME]
        client.drop_database(NAME)


@pytest.fixture
def settings(mongod: Mongod, redis_url: str) -> Settings:
    return load(
        _env_file=None,
        db_uri=mongod.uri(NAME),
        redis_url=redis_url,
        email=EMAIL,
        notification_limit=100,
        lease_seconds=60,
        breaker_attempts=1_000,  # tests of the breaker say how many
    )


@pytest.fixture(scope="session")
async def connected(mongod: Mongod) -> AsyncIterator[mongo.Client]:
    """The client of all these tests; to bind the documents to another takes as long as a test."""
    async with mongo.connect(mongod.uri(NAME)) as client:
        yield client


@pytest.fixture
async def parts(
    settings: Settings, prepared: Database[dict[str, Any]], connected: mongo.Client
) -> AsyncIterator[Parts]:
    """The parts of a process, on a database without anything but the built-in kinds."""
    async with open_parts(settings) as opened:
        parts = replace(opened, mongo=connected)
        there = empty(prepared)
        # Indexes stay; making sure of them takes longer than most tests.
        if not (there and is_bound(connected)):
            database = mongo.database(connected)
            await init_beanie(database, document_models=list(DOCUMENTS), skip_indexes=bool(there))
        kinds._cache.clear()
        await kinds.seed()
        yield parts


def is_bound(client: mongo.Client) -> bool:
    """Whether no test since has bound the documents elsewhere."""
    database = mongo.database(client)
    try:
        return all(one.get_pymongo_collection().database == database for one in DOCUMENTS)
    except CollectionWasNotInitialized:
        return False


@pytest.fixture
def razed(prepared: Database[dict[str, Any]]) -> Iterator[None]:
    """A test drops collections, so the next one gets a database with all indexes again."""
    yield
    prepared.client.drop_database(NAME)


@pytest.fixture
async def other(parts: Parts) -> AsyncIterator[Parts]:
    """The parts of a second process on the same database and Redis.

    With the same client of MongoDB, because documents are bound to one.
    """
    async with open_parts(parts.settings) as other:
        yield replace(other, mongo=parts.mongo)


@pytest.fixture
def interludes() -> Iterator[Interludes]:
    """A way to act at the worst moment."""
    INTERLUDES.clear()
    yield INTERLUDES
    assert not INTERLUDES.errors
    assert not INTERLUDES.plans, "the moment never came"


@pytest.fixture
def happened() -> Iterator[Happened]:
    """Every event from now on."""
    happened: Happened = []
    leave = events.subscribe(lambda name, fields: happened.append((name, fields)))
    yield happened
    leave()


@pytest.fixture
def outside() -> Turnstile:
    return Turnstile()


@pytest.fixture
async def address(outside: Turnstile) -> AsyncIterator[str]:
    """Where the sending API listens."""
    async with serving(outside) as address:
        yield address


@pytest.fixture
async def api(address: str) -> AsyncIterator[SendingApi]:
    api = SendingApi(address, TOKEN, 8)
    yield api
    await api.close()


@pytest.fixture
async def narrow(address: str) -> AsyncIterator[SendingApi]:
    """The same with two requests at once, so that some messages are claimed but not begun."""
    api = SendingApi(address, TOKEN, 2)
    yield api
    await api.close()


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
async def email(sink: Sink) -> AsyncIterator[Email]:
    async with sink.listening() as port:
        email = Email("127.0.0.1", port, Sender("Belfry", "belfry@example.com"))
        yield email
        await email.close()


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turns are as long as a busy machine needs; tests of how they end say how long they are."""
    for name in ("erasures.AT_ONCE", "erasures.TURN", "launch.TURN", "sweep.TURN"):
        monkeypatch.setattr(f"services.{name}_SECONDS", 2 * PATIENCE)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pumps look sooner whether more is due and what has changed, for the sake of time.

    On a busy machine that takes long now and then, and they would not trust what they know.
    """
    monkeypatch.setattr("services.pump.IDLE_SECONDS", 0.02)
    monkeypatch.setattr("services.pump.KEEPER_SECONDS", 0.05)
    monkeypatch.setattr("services.sources.KNOWN_SECONDS", PATIENCE)


@pytest.fixture
def noticed(impatient: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Awaitable[None]]:
    """Waits until a pump has read anew of the mailings that it sends."""
    looks, refresh = 0, Sources.refresh

    async def counted(self: Sources, held: Collection[Claimed]) -> None:
        nonlocal looks
        await refresh(self, held)
        looks += 1

    async def noticed() -> None:
        before = looks  # the look under way may have begun too early
        await until(lambda: looks > before + 1)

    monkeypatch.setattr(Sources, "refresh", counted)
    return noticed
