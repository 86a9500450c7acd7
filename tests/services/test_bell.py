"""Who follows an inbox misses nothing and hears nothing twice, whatever happens to the wake-ups."""

import asyncio
import random
from contextlib import aclosing

from bson import ObjectId

from core.parts import Parts
from core.topic import WAITER_BOUND
from rules.inbox import Read, Resync
from services import bell, inbox
from services.announcements import Announcement
from tests.services.following import Listener, limited, listening, ring


async def test_who_comes_without_a_cursor_hears_only_what_is_new(parts: Parts) -> None:
    user_id = ObjectId()
    await ring(parts, user_id, 3)
    async with listening(parts, user_id) as listener:
        await listener.reach(await ring(parts, user_id, 2))
        assert listener.seqs == [4, 5]
        assert [one.replayed for one in listener.heard] == [False, False]
        assert [one.unread for one in listener.heard] == [4, 5]


async def test_who_comes_with_a_cursor_hears_what_it_missed_and_then_goes_on(parts: Parts) -> None:
    user_id = ObjectId()
    await ring(parts, user_id, 5)
    async with listening(parts, user_id, after=2) as listener:
        await listener.reach(await ring(parts, user_id, 2))
        assert listener.seqs == [3, 4, 5, 6, 7]
        assert [one.replayed for one in listener.heard] == [True, True, True, False, False]


async def test_the_first_event_of_a_brand_new_user_is_heard(parts: Parts) -> None:
    user_id = ObjectId()
    async with listening(parts, user_id) as listener:
        await listener.reach(await ring(parts, user_id))
        assert listener.seqs == [1]


async def test_marking_is_an_event_with_the_items_and_the_count(parts: Parts) -> None:
    user_id = ObjectId()
    await ring(parts, user_id, 3)
    async with listening(parts, user_id) as listener:
        await inbox.mark_read(parts, user_id, up_to=2)
        await listener.reach(4)
        (announcement,) = listener.heard
        assert announcement.unread == 1
        assert isinstance(announcement.event, Read)
        assert [item["seq"] for item in announcement.event.items] == [2, 1]
        assert not any(item["new"] for item in announcement.event.items)


async def test_nobody_hears_of_another_users_events(parts: Parts) -> None:
    user_id = ObjectId()
    async with listening(parts, user_id) as listener:
        await ring(parts, ObjectId(), 3)
        await listener.reach(await ring(parts, user_id))
        assert len(listener.heard) == 1


async def test_while_many_write_every_follower_hears_each_event_once_and_in_order(
    parts: Parts, other: Parts
) -> None:
    """256 notifications by 8 tasks in two processes; followers come at any time to both."""
    user_id, count = ObjectId(), 256
    dice = random.Random(1)  # noqa: S311 - when the followers come
    roomy = [limited(process, count) for process in (parts, other)]

    async def write(process: Parts) -> None:
        await ring(process, user_id, count // 8)

    writers = [asyncio.create_task(write(roomy[number % 2])) for number in range(8)]
    listeners: list[tuple[int, Listener]] = []
    for number in range(10):
        await asyncio.sleep(dice.random() * 0.05)
        seq = (await inbox.load(user_id, with_items=False)).seq
        after = dice.randint(0, seq)
        listeners.append((after, Listener(roomy[number % 2], user_id, after)))
    await asyncio.gather(*writers)
    head = (await inbox.load(user_id, with_items=False)).seq
    assert head == count
    for after, listener in listeners:
        await listener.reach(head)
        assert listener.seqs == list(range(after + 1, head + 1))
        assert listener.heard[-1].unread == head
        await listener.end()


async def test_a_cursor_older_than_what_is_kept_is_told_to_resync_at_the_head(parts: Parts) -> None:
    user_id = ObjectId()
    limit = parts.settings.notification_limit
    await asyncio.gather(*(ring(parts, user_id) for _ in range(limit + 5)))
    async with listening(parts, user_id, after=4) as late:
        await late.reach(limit + 5)
        assert late.heard == [Announcement(Resync(limit + 5), limit, 5, replayed=True)]
        await late.reach(await ring(parts, user_id))
        assert late.seqs == [limit + 5, limit + 6]
    async with listening(parts, user_id, after=6) as in_time:
        await in_time.reach(limit + 6)
        assert in_time.seqs == list(range(7, limit + 7))


async def test_a_cursor_from_beyond_the_head_is_told_to_resync(parts: Parts) -> None:
    """As after the database was restored from a backup."""
    user_id = ObjectId()
    await ring(parts, user_id, 2)
    async with listening(parts, user_id, after=9) as listener:
        await listener.reach(2)
        assert listener.heard == [Announcement(Resync(2), 2, 0, replayed=True)]
        await listener.reach(await ring(parts, user_id))
        assert listener.seqs == [2, 3]


async def test_a_slow_follower_still_gets_all(parts: Parts) -> None:
    user_id, count = ObjectId(), WAITER_BOUND + 30
    events = bell.follow(parts, user_id, after=0)
    async with aclosing(events):
        first = asyncio.ensure_future(anext(events))
        await ring(parts, user_id)
        assert (await first).event.seq == 1
        async with parts.wakeups.listen(str(user_id)) as witness:
            head = await ring(parts, user_id, count)
            while await witness.take() is not None:  # its bound was passed, so the follower's too
                pass
        seqs = [(await anext(events)).event.seq for _ in range(count)]
        assert seqs == list(range(2, head + 1))


async def test_a_follower_that_leaves_is_forgotten(parts: Parts) -> None:
    user_id = ObjectId()
    async with listening(parts, user_id), listening(parts, user_id):
        assert parts.wakeups.topics() == [str(user_id)]
    assert user_id not in bell._followers
    assert parts.wakeups.topics() == []


async def test_a_place_whose_item_is_gone_is_passed_over(parts: Parts) -> None:
    """Read at 2 and dropped at 3: nothing in the document tells of 2 any more."""
    user_id = ObjectId()
    narrow = limited(parts, 1)
    await ring(narrow, user_id)
    await inbox.mark_read(narrow, user_id, up_to=1)
    await ring(narrow, user_id)
    async with listening(narrow, user_id, after=1) as listener:
        await listener.reach(await ring(narrow, user_id))
        assert listener.seqs == [3, 4]
