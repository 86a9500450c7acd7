"""Followers of an inbox whose database is put back to an earlier state."""

from typing import Any

import pytest
from bson import ObjectId

from core.parts import Parts
from rules.inbox import Created, Resync
from services import bell, users
from tests.services.following import Listener, listening, ring
from tests.services.looking import until

Row = dict[str, Any]


async def backup(user_id: ObjectId) -> Row:
    """The user as a backup of this moment has it."""
    row = await users.collection().find_one({"_id": user_id})
    assert row is not None
    return row


async def resynced(listener: Listener) -> int:
    """Wait until it is told to load the inbox again; from which `seq` on."""
    await until(lambda: isinstance(listener.heard[-1].event, Resync))
    return listener.seqs[-1]


async def test_the_patrol_tells_followers_of_a_restored_inbox_to_load_it_again(
    parts: Parts,
) -> None:
    user_id = ObjectId()
    await ring(parts, user_id, 2)
    earlier = await backup(user_id)
    async with listening(parts, user_id) as listener:
        await listener.reach(await ring(parts, user_id, 3))
        await users.collection().replace_one({"_id": user_id}, earlier)
        await bell.check_followers()
        assert await resynced(listener) == 2
        await ring(parts, user_id, 2)
        await until(lambda: listener.seqs[-1] == 4)
        assert listener.seqs == [3, 4, 5, 2, 3, 4]


@pytest.mark.parametrize("count", [1, 2])
async def test_the_first_event_after_a_restore_tells_followers_too(
    parts: Parts, count: int
) -> None:
    user_id = ObjectId()
    await ring(parts, user_id, 2)
    earlier = await backup(user_id)
    async with listening(parts, user_id) as listener:
        await listener.reach(await ring(parts, user_id, 5))
        await users.collection().replace_one({"_id": user_id}, earlier)
        await ring(parts, user_id, count)
        assert await resynced(listener) in {3, 4}
        head = await ring(parts, user_id)
        await until(lambda: listener.seqs[-1] == head)
        assert isinstance(listener.heard[-1].event, Created)


async def test_followers_of_an_inbox_that_is_gone_load_it_again(parts: Parts) -> None:
    user_id = ObjectId()
    async with listening(parts, user_id) as listener, listening(parts, ObjectId()) as other:
        await listener.reach(await ring(parts, user_id, 3))
        await users.collection().delete_one({"_id": user_id})
        await bell.check_followers()
        assert await resynced(listener) == 0
        await ring(parts, user_id)
        await until(lambda: listener.seqs[-1] == 1)
        assert other.heard == []
