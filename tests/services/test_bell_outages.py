"""Followers while wake-ups are lost, doubled or late."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from bson import ObjectId

from core.parts import Parts, open_parts
from local.ports import free_port
from local.redis import Redis
from rules.inbox import Created
from services import announcements, bell, notifications
from tests.factories import notification
from tests.services.conftest import Happened
from tests.services.following import listening, ring
from tests.services.interludes import Interludes
from tests.services.looking import until


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[Redis]:
    """A Redis of the test's own, to be killed."""
    server = Redis(tmp_path, free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def fragile(parts: Parts, redis: Redis) -> AsyncIterator[Parts]:
    """A process on that Redis."""
    settings = parts.settings.model_copy(update={"redis_url": redis.url})
    async with open_parts(settings) as fragile:
        yield fragile


async def test_lost_wake_ups_are_made_up_for_by_the_patrol(
    fragile: Parts, redis: Redis, happened: Happened
) -> None:
    user_id = ObjectId()
    async with listening(fragile, user_id) as listener:
        await listener.reach(await ring(fragile, user_id))
        redis.kill()
        head = await ring(fragile, user_id, 3)
        await until(lambda: any(name == "wakeups.lost" for name, _ in happened))
        assert listener.seqs == [1]
        await bell.check_followers()
        await listener.reach(head)
        assert listener.seqs == [1, 2, 3, 4]


async def test_the_patrol_disturbs_nobody_who_is_up_to_date(
    parts: Parts, interludes: Interludes
) -> None:
    user_id = ObjectId()
    async with listening(parts, user_id) as listener, listening(parts, ObjectId()):
        await listener.reach(await ring(parts, user_id))
        reads: list[str] = []
        for reader in ("patrol", "follower"):
            interludes.before("find", "users", partial(reads.append, reader))
        await bell.check_followers()
        await listener.reach(await ring(parts, user_id))
        interludes.clear()
        assert reads == ["patrol"]
        assert listener.seqs == [1, 2]


async def test_a_patrol_without_followers_reads_nothing(
    parts: Parts, interludes: Interludes
) -> None:
    reads: list[str] = []
    interludes.before("find", "users", partial(reads.append, "patrol"))
    await bell.check_followers()
    interludes.clear()
    assert reads == []


async def test_after_redis_came_back_a_follower_goes_on_without_gap_or_double(
    fragile: Parts, redis: Redis
) -> None:
    user_id = ObjectId()
    async with listening(fragile, user_id) as listener:
        await listener.reach(await ring(fragile, user_id, 2))
        redis.kill()
        lost = await ring(fragile, user_id, 2)
        redis.start()
        await listener.reach(lost)
        await listener.reach(await ring(fragile, user_id, 2))
        assert listener.seqs == [1, 2, 3, 4, 5, 6]


async def test_without_redis_a_follower_can_come_and_hears_all_once_it_is_back(
    fragile: Parts, redis: Redis
) -> None:
    user_id = ObjectId()
    await ring(fragile, user_id)
    redis.kill()
    async with listening(fragile, user_id, after=0) as listener:
        await listener.reach(1)
        await ring(fragile, user_id)
        redis.start()
        await listener.reach(2)
        assert listener.seqs == [1, 2]


async def test_wake_ups_out_of_order_or_doubled_change_nothing(parts: Parts) -> None:
    user_id = ObjectId()
    async with listening(parts, user_id) as listener:
        made = [await notifications.create(parts, "s", notification(user_id)) for _ in range(4)]
        for one in [*made[::-1], *made]:
            assert one.item is not None
            announcements.publish(
                parts, str(user_id), Created(one.seq, one.item), one.unread, floor=0
            )
        await listener.reach(await ring(parts, user_id))
        assert listener.seqs == [1, 2, 3, 4, 5]
