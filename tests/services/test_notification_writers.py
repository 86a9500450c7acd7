"""Many notifications at once, and the same one again."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from bson import ObjectId

from core.errors import InvalidInput, Problem, Unavailable
from core.parts import Parts
from models.user import User
from services import inbox, notifications
from services.content import DEEPEST_DATA
from services.notifications import LARGEST_BATCH, Notified
from tests.factories import notification
from tests.services.looking import rows

BELL, MAIL, BOTH = "new_post", "registration", "new_login"

WRITERS = 32


async def create(parts: Parts, user_id: object, key: str = BELL, **said: Any) -> Notified:
    return await notifications.create(parts, "sender", notification(user_id, key, **said))


@pytest.mark.parametrize("known", [True, False], ids=["existing user", "brand-new user"])
@pytest.mark.parametrize("key", [BELL, MAIL, BOTH])
async def test_concurrent_writers_lose_nothing(parts: Parts, key: str, known: bool) -> None:
    user_id = ObjectId()
    if known:
        await create(parts, user_id, BELL)
    before = 1 if known else 0
    made = await asyncio.gather(*(create(parts, user_id, key) for _ in range(WRITERS)))
    state = await inbox.load(user_id, with_items=True)
    stored = 0 if key == MAIL else WRITERS
    assert (state.total, state.unread, state.seq) == (before + stored,) * 3
    assert state.items is not None
    assert len({item["id"] for item in state.items}) == before + stored
    if stored:
        assert sorted(one.seq for one in made) == list(range(before + 1, before + stored + 1))
    ids = {one.message_id for one in made} - {None}
    assert {row["_id"] for row in await rows()} == ids
    assert len(ids) == (0 if key == BELL else WRITERS)


@pytest.mark.usefixtures("razed")
async def test_the_first_writers_ever_lose_nothing_either(parts: Parts, prepared: Any) -> None:
    prepared.drop_collection("users")
    made = await asyncio.gather(*(create(parts, ObjectId(), BOTH) for _ in range(WRITERS)))
    assert {one.seq for one in made} == {1}
    assert await User.count() == len(await rows()) == WRITERS


async def test_concurrent_writers_keep_to_the_cap_and_to_the_newest(parts: Parts) -> None:
    user_id = ObjectId()
    limit = parts.settings.notification_limit
    await asyncio.gather(*(create(parts, user_id, BELL) for _ in range(limit - 10)))
    made = await asyncio.gather(*(create(parts, user_id, BELL) for _ in range(WRITERS)))
    state = await inbox.load(user_id, with_items=True)
    head = limit - 10 + WRITERS
    assert (state.total, state.unread, state.seq) == (limit, limit, head)
    assert state.items is not None
    assert [item["seq"] for item in state.items] == list(range(head, head - limit, -1))
    assert state.floor == head - limit
    assert max(one.unread for one in made) == limit


async def test_many_are_created_at_once_with_one_answer_each_in_order(parts: Parts) -> None:
    user_ids = [ObjectId() for _ in range(20)]
    batch = [notification(user_id) for user_id in user_ids]
    batch[3] = notification("x")
    batch[7] = notification(user_ids[7], "unknown")
    answers = await notifications.create_many(parts, "sender", batch)
    assert [place for place, one in enumerate(answers) if isinstance(one, InvalidInput)] == [3, 7]
    told = [one.user_id for one in answers if isinstance(one, Notified)]
    assert told == [str(one) for place, one in enumerate(user_ids) if place not in (3, 7)]
    assert await User.count() == 18


async def test_many_for_one_user_all_come_in(parts: Parts) -> None:
    user_id = ObjectId()
    answers = await notifications.create_many(parts, "sender", [notification(user_id)] * 150)
    seqs = Counter(one.seq for one in answers if isinstance(one, Notified))
    assert seqs == Counter(range(1, 151))


async def test_a_fault_of_the_database_in_one_is_told_and_stops_no_other(
    parts: Parts, prepared: Any
) -> None:
    user_ids = [ObjectId() for _ in range(10)]
    prepared.command("collMod", "users", validator={"_id": {"$ne": user_ids[4]}})
    batch = [notification(user_id) for user_id in user_ids]
    try:
        answers = await notifications.create_many(parts, "sender", batch)
    finally:
        prepared.command("collMod", "users", validator={})
    assert [place for place, one in enumerate(answers) if isinstance(one, Unavailable)] == [4]
    assert str(answers[4]) == notifications.NOT_ANSWERED
    assert sum(isinstance(one, Notified) for one in answers) == 9
    (again,) = await notifications.create_many(parts, "sender", [batch[4]])
    assert isinstance(again, Notified)
    assert await User.count() == 10


async def test_too_many_at_once_are_refused_as_a_whole(parts: Parts) -> None:
    batch = [notification(ObjectId())] * (LARGEST_BATCH + 1)
    with pytest.raises(InvalidInput) as caught:
        await notifications.create_many(parts, "sender", batch)
    (error,) = caught.value.errors
    assert (error.field, error.code) == ("notifications", Problem.TOO_MANY)
    assert await User.count() == 0
    assert await notifications.create_many(parts, "sender", []) == []


async def test_a_repeat_under_its_key_gets_the_same_answer_once(parts: Parts) -> None:
    user_id = ObjectId()
    repeats = [create(parts, user_id, BOTH, data={"a": 1}, idempotency_key="k") for _ in range(32)]
    first, *others = await asyncio.gather(*repeats)
    assert all(one == first for one in others)
    assert (await inbox.load(user_id, with_items=False)).total == 1
    assert len(await rows()) == 1


async def test_a_key_protects_the_deepest_data_too(parts: Parts) -> None:
    nested: object = 1
    for _ in range(DEEPEST_DATA - 1):
        nested = [nested]
    user_id = ObjectId()
    made = [await create(parts, user_id, data={"a": nested}, idempotency_key="k") for _ in "ab"]
    assert made[0] == made[1]


@pytest.mark.parametrize("other", [[0], [1, 0], [0, 1, 2], [0, 2]])
async def test_the_key_of_a_batch_fits_no_other_batch(parts: Parts, other: list[int]) -> None:
    items = [notification(ObjectId(), data={"number": number}) for number in range(3)]
    batch = [items[0], items[1]]
    first = await notifications.create_many(parts, "sender", batch, "k")
    with pytest.raises(InvalidInput) as caught:
        await notifications.create_many(parts, "sender", [items[at] for at in other], "k")
    (error,) = caught.value.errors
    assert (error.field, error.code) == ("idempotencyKey", Problem.CONFLICT)
    assert await notifications.create_many(parts, "sender", batch, "k") == first
    assert await User.count() == 2


async def test_a_used_key_with_other_data_is_a_conflict(parts: Parts) -> None:
    user_id = ObjectId()
    await create(parts, user_id, data={"a": 1}, idempotency_key="k")
    with pytest.raises(InvalidInput) as caught:
        await create(parts, user_id, data={"a": 2}, idempotency_key="k")
    (error,) = caught.value.errors
    assert (error.field, error.code) == ("idempotencyKey", Problem.CONFLICT)
    assert (await inbox.load(user_id, with_items=False)).total == 1
