import asyncio
from typing import Any

import pytest
from pymongo.asynchronous.client_session import AsyncClientSession

from core import mongo
from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.idempotency import Answer
from services import idempotency
from services.idempotency import Once
from tests.services.interludes import Interludes


@pytest.fixture
def bells(parts: Parts) -> Any:
    return mongo.database(parts.mongo).bells


class Work:
    """Rings a bell in the transaction; `rung` counts the tries, not what was kept."""

    def __init__(self, bells: Any, fails: bool = False) -> None:
        self.bells, self.fails, self.rung = bells, fails, 0

    async def __call__(self, session: AsyncClientSession | None) -> dict[str, Any]:
        self.rung += 1
        made = await self.bells.insert_one({"number": self.rung}, session=session)
        if self.fails:
            raise ZeroDivisionError
        return {"id": made.inserted_id}


def once(**said: Any) -> Once:
    return Once(**{"caller": "u1", "verb": "ring", "key": "k", "request": {"a": 1}, **said})


async def test_a_repeat_gets_the_first_answer_and_does_nothing(parts: Parts, bells: Any) -> None:
    work = Work(bells)
    answers = [await idempotency.run(parts.mongo, once(), work) for _ in range(3)]
    assert answers == [answers[0]] * 3
    assert work.rung == 1
    assert await bells.count_documents({}) == 1


async def test_concurrent_repeats_get_one_answer(parts: Parts, bells: Any) -> None:
    work = Work(bells)
    repeats = (idempotency.run(parts.mongo, once(), work) for _ in range(32))
    answers = await asyncio.gather(*repeats)
    assert answers == [answers[0]] * 32
    assert await bells.count_documents({}) == 1
    assert await Answer.count() == 1


async def test_the_order_of_keys_makes_no_other_request(parts: Parts, bells: Any) -> None:
    work = Work(bells)
    for request in ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}):
        await idempotency.run(parts.mongo, once(request=request), work)
    assert work.rung == 1


async def test_another_request_under_a_used_key_is_a_conflict(parts: Parts, bells: Any) -> None:
    work = Work(bells)
    await idempotency.run(parts.mongo, once(), work)
    with pytest.raises(InvalidInput) as caught:
        await idempotency.run(parts.mongo, once(request={"a": 2}), work)
    (error,) = caught.value.errors
    assert (error.field, error.code) == ("idempotencyKey", Problem.CONFLICT)
    assert work.rung == 1


@pytest.mark.parametrize("said", [{"caller": "u2"}, {"verb": "toll"}, {"key": "l"}])
async def test_a_key_belongs_to_its_caller_and_verb(
    parts: Parts, bells: Any, said: dict[str, str]
) -> None:
    work = Work(bells)
    await idempotency.run(parts.mongo, once(), work)
    await idempotency.run(parts.mongo, once(**said, request={"a": 2}), work)
    assert await bells.count_documents({}) == 2


async def test_work_that_fails_leaves_neither_work_nor_answer(parts: Parts, bells: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        await idempotency.run(parts.mongo, once(), Work(bells, fails=True))
    assert await bells.count_documents({}) == 0
    assert await Answer.count() == 0
    assert "id" in await idempotency.run(parts.mongo, once(), Work(bells))


async def test_an_answer_is_stored_only_with_its_work(
    parts: Parts, bells: Any, interludes: Interludes
) -> None:
    """Cut off right after the answer was written, before the commit."""
    task = asyncio.create_task(idempotency.run(parts.mongo, once(), Work(bells)))
    interludes.before("insert", "idempotency", task.cancel)
    await asyncio.wait({task})
    assert task.cancelled()
    assert await Answer.count() == await bells.count_documents({}) == 0


@pytest.mark.parametrize("key", ["", "k" * (idempotency.LONGEST_KEY + 1)])
async def test_a_key_too_short_or_too_long_is_refused(parts: Parts, bells: Any, key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await idempotency.run(parts.mongo, once(key=key), Work(bells))
    assert caught.value.errors[0].field == "idempotencyKey"
    assert await bells.count_documents({}) == 0


@pytest.mark.parametrize("key", ["k" * idempotency.LONGEST_KEY, "\0", "$where"])
async def test_a_key_may_be_any_text(parts: Parts, bells: Any, key: str) -> None:
    work = Work(bells)
    for _ in "ab":
        await idempotency.run(parts.mongo, once(key=key), work)
    assert work.rung == 1
    (row,) = await Answer.find_all().to_list()
    assert key not in row.id


async def test_answers_are_forgotten_after_a_day(parts: Parts) -> None:
    indexes = await Answer.get_pymongo_collection().index_information()
    assert indexes["expiry"]["key"] == [("created_at", 1)]
    assert indexes["expiry"]["expireAfterSeconds"] == 24 * 60 * 60
