"""The live tail of attempts: all are told or counted, and nothing stays behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from bson import ObjectId
from pymongo.errors import OperationFailure

from core import clock
from core.errors import Problem, Unavailable
from core.parts import Parts
from local.mongod import Mongod
from models.attempt import Attempt
from services import tail
from services.tail import Batch
from tests.factories import id_of, scheduled
from tests.services.conftest import Happened
from tests.services.looking import mistakes, until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell often and come back soon, for the sake of time."""
    monkeypatch.setattr(tail, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(tail, "RETRY_SECONDS", 0.05)


async def attempts(mailing_id: ObjectId, *numbers: int) -> None:
    rows = [
        {
            "_id": ObjectId(),
            "message_id": uuid4(),
            "mailing_id": mailing_id,
            "number": number,
            "channel": "email",
            "address": "a@example.com",
            "started_at": clock.now(),
            "duration_ms": 1.5,
            "verdict": "accepted",
            "code": "250",
            "answer": "ok",
            "worker": "w",
        }
        for number in numbers
    ]
    await Attempt.get_pymongo_collection().insert_many(rows)


class Follower:
    """Keeps what it hears."""

    def __init__(self, mailing_id: ObjectId) -> None:
        self.batches: list[Batch] = []
        self.task = asyncio.create_task(self._follow(mailing_id))

    async def _follow(self, mailing_id: ObjectId) -> None:
        async with aclosing(tail.follow(mailing_id)) as batches:
            async for batch in batches:
                self.batches.append(batch)

    @property
    def numbers(self) -> list[int]:
        return [one.number for batch in self.batches for one in batch.attempts]


@asynccontextmanager
async def following(mailing_id: ObjectId) -> AsyncIterator[Follower]:
    """A follower that listens already."""
    follower = Follower(mailing_id)
    try:
        await until(lambda: follower.batches or follower.task.done())
        assert follower.batches == [Batch()]
        yield follower
    finally:
        follower.task.cancel()
        await asyncio.wait({follower.task})


def open_streams(prepared: Any) -> int:
    """Cursors that MongoDB keeps for tails."""
    stages = [{"$currentOp": {"idleCursors": True, "allUsers": True}}]
    found = prepared.client.admin.aggregate(stages)
    return sum("$changeStream" in str(one.get("cursor", one)) for one in found)


async def test_attempts_are_told_in_order_and_only_those_of_the_mailing(parts: Parts) -> None:
    mailing_id = id_of(await scheduled(parts))
    async with following(mailing_id) as follower:
        await attempts(ObjectId(), 99)
        await attempts(mailing_id, 1, 2)
        await until(lambda: len(follower.numbers) == 2)
        await attempts(mailing_id, 3)
        await until(lambda: len(follower.numbers) == 3)
        assert follower.numbers == [1, 2, 3]
        assert {batch.skipped for batch in follower.batches} == {0}


async def test_of_a_flood_the_newest_are_shown_and_the_rest_counted(parts: Parts) -> None:
    mailing_id = id_of(await scheduled(parts))
    async with following(mailing_id) as follower:
        await attempts(mailing_id, *range(400))

        def told() -> int:
            return len(follower.numbers) + sum(batch.skipped for batch in follower.batches)

        await until(lambda: told() >= 400)
        assert told() == 400
        assert all(len(batch.attempts) <= tail.SHOWN for batch in follower.batches)
        assert follower.numbers[-1] == 399
        assert follower.numbers == sorted(follower.numbers)


async def test_after_a_fault_it_goes_on_where_it_was(
    parts: Parts, mongod: Mongod, happened: Happened
) -> None:
    mailing_id = id_of(await scheduled(parts))
    async with following(mailing_id) as follower:
        await attempts(mailing_id, 1)
        await until(lambda: follower.numbers == [1])
        mongod.kill()
        await until(lambda: any(name == "tail.broken" for name, _ in happened))
        mongod.start()
        await attempts(mailing_id, 2, 3)
        await until(lambda: len(follower.numbers) == 3)
        assert follower.numbers == [1, 2, 3]


async def test_a_place_that_is_kept_no_longer_is_given_up(parts: Parts) -> None:
    broken = tail._Tail(id_of(await scheduled(parts)))
    async with await broken.open():
        kept = broken.place
    assert kept is not None
    broken.note(OperationFailure("no longer master", 189))
    assert broken.place == kept
    broken.note(OperationFailure("the oplog has gone on", 286))
    assert broken.place != kept
    async with await broken.open() as stream:
        await broken.gather(stream)


@pytest.mark.usefixtures("razed")
async def test_a_collection_that_is_dropped_ends_nothing(parts: Parts) -> None:
    mailing_id = id_of(await scheduled(parts))
    await attempts(mailing_id, 0)
    async with following(mailing_id) as follower:
        await Attempt.get_pymongo_collection().drop()
        while not follower.numbers:
            await attempts(mailing_id, 1)
            await asyncio.sleep(0.05)


async def test_nothing_stays_behind_when_a_follower_leaves(parts: Parts, prepared: Any) -> None:
    mailing_id = id_of(await scheduled(parts))
    async with following(mailing_id), following(mailing_id):
        assert len(tail._tails) == 2
        await until(lambda: open_streams(prepared) == 2)
    assert tail._tails == set()
    await until(lambda: open_streams(prepared) == 0)


async def test_an_unknown_mailing_has_no_tail(parts: Parts) -> None:
    assert await mistakes(anext(tail.follow(ObjectId()))) == {("mailingId", Problem.NOT_FOUND)}


async def test_only_so_many_follow_at_once(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "MOST_TAILS", 1)
    mailing_id = id_of(await scheduled(parts))
    async with following(mailing_id):
        with pytest.raises(Unavailable):
            await anext(tail.follow(mailing_id))
