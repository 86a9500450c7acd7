"""Who stops waiting for a commit that is under way for many."""

import asyncio

import pytest
from bson import ObjectId

from core.parts import Parts
from services import notifications
from services.notifications import Notified
from tests.factories import notification
from tests.services.interludes import Interludes
from tests.services.looking import PATIENCE


async def create(parts: Parts, user_id: ObjectId) -> Notified:
    return await notifications.create(parts, "sender", notification(user_id))


@pytest.mark.parametrize("command", ["update", "find", "commitTransaction"])
async def test_who_leaves_at_any_moment_harms_no_other(
    parts: Parts, interludes: Interludes, command: str
) -> None:
    user_ids = [ObjectId() for _ in range(10)]
    asked = [asyncio.create_task(create(parts, user_id)) for user_id in user_ids]
    interludes.before(command, "1" if command == "commitTransaction" else "users", asked[5].cancel)
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(told.pop(5), asyncio.CancelledError)
    assert all(isinstance(one, Notified) and one.unread == 1 for one in told)
    assert (await create(parts, user_ids[5])).unread == 2


@pytest.mark.parametrize("command", ["update", "find", "commitTransaction"])
async def test_when_all_have_left_at_any_moment_nothing_is_held_and_it_was_all_or_none(
    parts: Parts, interludes: Interludes, command: str
) -> None:
    user_ids = [ObjectId() for _ in range(10)]
    asked = [asyncio.create_task(create(parts, user_id)) for user_id in user_ids]

    def leave() -> None:
        for one in asked:
            one.cancel()

    interludes.before(command, "1" if command == "commitTransaction" else "users", leave)
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in told] == [asyncio.CancelledError] * 10
    async with asyncio.timeout(PATIENCE):
        made = [(await create(parts, user_id)).unread for user_id in user_ids]
    assert made in ([1] * 10, [2] * 10)
