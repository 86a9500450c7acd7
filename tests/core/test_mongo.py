import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import ConnectionFailure, DuplicateKeyError, PyMongoError

from core import clock, mongo
from core.errors import Unavailable


@pytest.fixture
async def client(database_uri: str) -> AsyncIterator[mongo.Client]:
    client = mongo.connect(database_uri)
    await mongo.database(client).create_collection("bells")
    yield client
    await client.close()


async def test_times_come_back_as_they_were_written(client: mongo.Client) -> None:
    bells = mongo.database(client).bells
    written = clock.now()
    await bells.insert_one({"_id": 1, "at": written})
    row = await bells.find_one()
    assert row is not None
    assert row["at"] == written
    assert row["at"].utcoffset() == timedelta()


async def test_the_database_is_the_one_that_the_address_names(database_uri: str) -> None:
    async with mongo.connect(database_uri) as named, mongo.connect("mongodb://127.0.0.1") as plain:
        assert mongo.database(named).name == database_uri.rpartition("/")[2].partition("?")[0]
        assert mongo.database(plain).name == "belfry"


async def test_only_what_most_of_a_set_have_counts_as_written_or_is_read(
    client: mongo.Client,
) -> None:
    for whole in (client, mongo.database(client).bells):
        assert whole.write_concern.document == {"w": "majority"}
        assert whole.read_concern.level == "majority"


async def test_a_clock_is_told_of_a_database_that_is_away(client: mongo.Client) -> None:
    here, away = clock.DatabaseClock(), clock.DatabaseClock()
    await mongo.set_clock(client, here)
    assert abs(here.now() - clock.now()) < timedelta(seconds=5)
    await client.close()
    with pytest.raises(PyMongoError):
        await mongo.set_clock(client, away)
    assert away.steady_seconds < here.steady_seconds


async def test_now_is_the_time_of_the_database(client: mongo.Client) -> None:
    before = clock.now()
    now = await mongo.now(client)
    assert before <= now <= clock.now()
    assert now.utcoffset() == timedelta()


async def test_a_transaction_writes_all_of_its_work(client: mongo.Client) -> None:
    bells = mongo.database(client).bells

    async def work(session: AsyncClientSession) -> str:
        await bells.insert_one({"_id": 1}, session=session)
        await bells.insert_one({"_id": 2}, session=session)
        return "done"

    assert await mongo.in_transaction(client, work) == "done"
    assert await bells.count_documents({}) == 2


async def test_a_transaction_that_fails_leaves_nothing(client: mongo.Client) -> None:
    bells = mongo.database(client).bells

    async def work(session: AsyncClientSession) -> None:
        await bells.insert_one({"_id": 1}, session=session)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await mongo.in_transaction(client, work)
    assert await bells.count_documents({}) == 0


async def test_a_transaction_that_is_cancelled_leaves_nothing(client: mongo.Client) -> None:
    bells = mongo.database(client).bells
    written = asyncio.Event()

    async def work(session: AsyncClientSession) -> None:
        await bells.insert_one({"_id": 1}, session=session)
        written.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(mongo.in_transaction(client, work))
    await written.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await bells.count_documents({}) == 0
    await bells.insert_one({"_id": 1})  # nothing holds the row any more


async def test_concurrent_transactions_lose_no_update(client: mongo.Client) -> None:
    bells = mongo.database(client).bells
    await bells.insert_one({"_id": 1, "rung": 0})

    async def work(session: AsyncClientSession) -> None:
        row = await bells.find_one({"_id": 1}, session=session)
        assert row is not None
        await bells.update_one({"_id": 1}, {"$set": {"rung": row["rung"] + 1}}, session=session)

    await asyncio.gather(*(mongo.in_transaction(client, work) for _ in range(16)))
    row = await bells.find_one()
    assert row == {"_id": 1, "rung": 16}


async def test_who_loses_the_race_for_a_new_key_finds_it_on_the_next_try(
    client: mongo.Client,
) -> None:
    bells = mongo.database(client).bells
    await bells.create_index("name", unique=True)
    together = asyncio.Barrier(8)
    tries = 0

    async def work(session: AsyncClientSession) -> object:
        nonlocal tries
        tries += 1
        row = await bells.find_one({"name": "great"}, session=session)
        if row is not None:
            return row["_id"]
        if tries <= 8:
            await together.wait()
        return (await bells.insert_one({"name": "great"}, session=session)).inserted_id

    made = await asyncio.gather(*(mongo.in_transaction(client, work) for _ in range(8)))
    assert len(set(made)) == 1
    assert tries > 8
    assert await bells.count_documents({}) == 1


async def test_a_key_that_stays_taken_is_an_error_after_some_tries(client: mongo.Client) -> None:
    bells = mongo.database(client).bells
    await bells.insert_one({"_id": 1})
    tries = 0

    async def work(session: AsyncClientSession) -> None:
        nonlocal tries
        tries += 1
        await bells.insert_one({"_id": 1}, session=session)

    with pytest.raises(DuplicateKeyError):
        await mongo.in_transaction(client, work)
    assert tries == mongo.DUPLICATE_TRIES


@pytest.mark.parametrize("limit", ["AWAY_SECONDS", "REQUEST_SECONDS"])
async def test_a_request_is_told_in_time_that_its_transaction_does_not_come_through(
    client: mongo.Client, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(f"core.mongo.{limit}", 0.5)
    bells = mongo.database(client).bells

    async def work(session: AsyncClientSession) -> None:
        await bells.insert_one({"_id": 1}, session=session)
        error = ConnectionFailure("the database is away")
        error._add_error_label("TransientTransactionError")
        raise error

    with pytest.raises(Unavailable):
        await mongo.promptly(client, work)
    assert await bells.count_documents({}) == 0


async def test_without_waiting_all_of_the_work_is_written_or_nothing(client: mongo.Client) -> None:
    bells = mongo.database(client).bells

    async def work(session: AsyncClientSession) -> str:
        await bells.insert_one({"_id": 1}, session=session)
        return "done"

    async def broken(session: AsyncClientSession) -> None:
        await bells.insert_one({"_id": 2}, session=session)
        raise ZeroDivisionError

    assert await mongo.without_waiting(client, work) == "done"
    with pytest.raises(ZeroDivisionError):
        await mongo.without_waiting(client, broken)
    with pytest.raises(DuplicateKeyError):
        await mongo.without_waiting(client, work)
    assert await bells.count_documents({}) == 1


@pytest.mark.usefixtures("long_transactions")
async def test_without_waiting_a_row_that_another_transaction_holds_is_left_at_once(
    client: mongo.Client,
) -> None:
    bells = mongo.database(client).bells
    await bells.insert_one({"_id": 1})

    async def ring(session: AsyncClientSession) -> int:
        return (await bells.update_one({}, {"$inc": {"rung": 1}}, session=session)).modified_count

    async with client.start_session() as holder, await holder.start_transaction():
        assert await ring(holder) == 1
        async with asyncio.timeout(60):
            assert await mongo.without_waiting(client, ring) is None
    assert await mongo.without_waiting(client, ring) == 1
    assert await bells.find_one() == {"_id": 1, "rung": 2}
