"""A transaction that is tried once: what is certain about its end, whatever happens to it."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import AutoReconnect, ServerSelectionTimeoutError

from core import mongo
from core.mongo import NotCommitted
from local.mongod import Mongod
from local.ports import LOOPBACK
from tests.faults.proxy import Proxy

ROW = {"_id": 1}
OPTIONS: dict[str, Any] = {
    "w": "majority",
    "serverSelectionTimeoutMS": 500,
}


@pytest.fixture
async def line(mongod: Mongod) -> AsyncIterator[Proxy]:
    async with Proxy(mongod.port).listening() as line:
        yield line


@pytest.fixture
async def client(line: Proxy, database_uri: str) -> AsyncIterator[mongo.Client]:
    name = database_uri.rpartition("/")[2].partition("?")[0]
    uri = f"mongodb://{LOOPBACK}:{line.port}/{name}?directConnection=true"
    async with mongo.Client(uri, **OPTIONS) as client:
        await mongo.database(client).create_collection("bells")
        yield client


async def insert(client: mongo.Client, session: AsyncClientSession) -> str:
    await mongo.database(client).bells.insert_one(ROW, session=session)
    return "done"


async def stored(client: mongo.Client) -> bool:
    return await mongo.database(client).bells.find_one(ROW) is not None


async def test_all_is_written_or_an_error_of_ours_leaves_nothing(client: mongo.Client) -> None:
    async def broken(session: AsyncClientSession) -> None:
        await insert(client, session)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await mongo.once(client, broken)
    assert not await stored(client)
    assert await mongo.once(client, partial(insert, client)) == "done"
    assert await stored(client)


@pytest.mark.usefixtures("long_transactions")
async def test_what_another_transaction_holds_is_left_at_once(client: mongo.Client) -> None:
    async with client.start_session() as holder, await holder.start_transaction():
        await insert(client, holder)
        async with asyncio.timeout(60):
            with pytest.raises(NotCommitted):
                await mongo.once(client, partial(insert, client))


async def test_a_key_that_is_taken_comes_to_nothing(client: mongo.Client) -> None:
    await mongo.database(client).bells.insert_one(ROW)
    with pytest.raises(NotCommitted):
        await mongo.once(client, partial(insert, client))


async def test_a_connection_lost_before_the_commit_comes_to_nothing(
    client: mongo.Client, line: Proxy
) -> None:
    async def unlucky(session: AsyncClientSession) -> None:
        await insert(client, session)
        await line.reset()
        await insert(client, session)

    with pytest.raises(NotCommitted):
        await mongo.once(client, unlucky)
    assert not await stored(client)


async def test_a_commit_whose_answer_is_lost_is_asked_for_again(
    client: mongo.Client, line: Proxy
) -> None:
    async def unlucky(session: AsyncClientSession) -> str:
        done = await insert(client, session)
        line.cut(1)
        return done

    before = line.connections
    assert await mongo.once(client, unlucky) == "done"
    assert line.connections > before
    assert await stored(client)


async def test_a_commit_that_stays_unknown_is_told_as_what_it_is(
    client: mongo.Client, line: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongo, "AWAY_SECONDS", 0)

    async def unlucky(session: AsyncClientSession) -> None:
        await insert(client, session)
        await line.refuse()

    with pytest.raises(AutoReconnect):
        await mongo.once(client, unlucky)
    await line.heal()
    await client.admin.command("killAllSessions", [])


async def test_a_transaction_that_was_ended_meanwhile_comes_to_nothing(
    client: mongo.Client, mongod: Mongod
) -> None:
    async def slow(session: AsyncClientSession) -> None:
        await insert(client, session)
        with MongoClient[dict[str, object]](LOOPBACK, mongod.port, directConnection=True) as other:
            other.admin.command("killSessions", [session.session_id])

    with pytest.raises(NotCommitted):
        await mongo.once(client, slow)
    assert not await stored(client)


async def test_without_a_database_nothing_is_begun() -> None:
    async with mongo.Client("mongodb://127.0.0.1:1", serverSelectionTimeoutMS=100) as client:
        with pytest.raises(ServerSelectionTimeoutError):
            await mongo.once(client, partial(insert, client))
