"""Transactions that nobody goes on with, and what they hold."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure

from core import abandoned, mongo, tasks


@pytest.fixture
async def client(database_uri: str) -> AsyncIterator[mongo.Client]:
    client = mongo.connect(database_uri)
    await mongo.database(client).bells.insert_one({"_id": 1, "rings": 0})
    yield client
    await client.close()


@asynccontextmanager
async def holding(client: mongo.Client) -> AsyncIterator[AsyncClientSession]:
    """A transaction that holds the row and rests."""
    async with client.start_session() as session:
        await session.start_transaction()
        await ring(client, session)
        yield session


async def ring(client: mongo.Client, session: AsyncClientSession | None = None) -> None:
    await mongo.database(client).bells.update_one(
        {"_id": 1}, {"$inc": {"rings": 1}}, session=session
    )


async def rings(client: mongo.Client) -> int:
    row = await mongo.database(client).bells.find_one({"_id": 1})
    assert row is not None
    count: int = row["rings"]
    return count


async def test_what_rests_for_long_lets_its_rows_go(
    client: mongo.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(abandoned, "IDLE_SECONDS", 0.1)
    monkeypatch.setattr(abandoned, "LOOK_SECONDS", 0.05)
    async with holding(client) as session:
        patrol = asyncio.create_task(abandoned.patrol(client))
        await ring(client)
        await tasks.end([patrol])
        with pytest.raises(OperationFailure) as caught:
            await session.commit_transaction()
    assert caught.value.has_error_label("TransientTransactionError")
    assert await rings(client) == 1


async def test_what_has_just_been_active_is_left_alone(client: mongo.Client) -> None:
    async with holding(client) as session:
        await abandoned.end(client)
        await session.commit_transaction()
    assert await rings(client) == 1


async def test_a_session_without_a_transaction_is_left_alone(
    client: mongo.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(abandoned, "IDLE_SECONDS", 0)
    async with client.start_session() as session:
        await ring(client, session)
        await abandoned.end(client)
        await ring(client, session)
    assert await rings(client) == 2


async def test_work_whose_transaction_was_ended_is_done_again(
    client: mongo.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(abandoned, "IDLE_SECONDS", 0)
    tries = 0

    async def work(session: AsyncClientSession) -> None:
        nonlocal tries
        tries += 1
        await ring(client, session)
        if tries == 1:
            await abandoned.end(client)

    await mongo.in_transaction(client, work)
    assert (tries, await rings(client)) == (2, 1)
