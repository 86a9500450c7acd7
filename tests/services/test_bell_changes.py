"""Every kind of change reaches whoever follows an inbox, and leads to the inbox as it is (X9)."""

import asyncio
import random
from collections.abc import Iterable
from contextlib import aclosing, suppress

import orjson
import pytest
from bson import ObjectId

from core import tasks
from core.errors import InvalidInput
from core.parts import Parts
from rules.inbox import Created, Item, Resync, newest_first
from services import announcements, bell, inbox, notifications, revisions
from services.announcements import Announcement
from tests.factories import notification
from tests.rings import Screen
from tests.services.following import limited, listening, ring
from tests.services.looking import until


def as_told(items: Iterable[Item]) -> list[bytes]:
    """Items with their times as a wake-up carries them, newest first."""
    return [orjson.dumps(one, option=orjson.OPT_SORT_KEYS) for one in newest_first(items)]


async def test_a_live_event_says_the_same_as_its_replay(parts: Parts) -> None:
    user_id = ObjectId()
    async with listening(parts, user_id) as listener:
        made = []
        for number in range(5):
            request = notification(user_id, data={"n": number}, target_id=str(ObjectId()))
            made.append(await notifications.create(parts, "s", request))
        ids = [one.item["id"] for one in made if one.item is not None]
        await inbox.mark_read(parts, user_id, up_to=2)
        await revisions.update(parts, user_id, ids[2], {"data": {"n": "new"}})
        await inbox.archive(parts, user_id, ids[3], archived=True)
        await inbox.archive(parts, user_id, ids[3], archived=False)
        await inbox.archive(parts, user_id, ids[0], archived=True)
        await revisions.retract(parts, user_id, ids[4])
        await listener.reach(11)
    async with listening(parts, user_id, after=0) as late:
        await late.reach(11)
    live = {one.event.seq: one for one in listener.heard}
    assert list(live) == list(range(1, 12))
    # What is told of the past is what was the last of its kind to happen to an item.
    assert late.seqs == [1, 2, 3, 4, 6, 7, 9, 10, 11]
    for one in late.heard[4:]:
        assert type(live[one.event.seq].event) is type(one.event)
    for seq in (7, 9, 10, 11):
        assert told(live[seq]) == told(next(one for one in late.heard if one.event.seq == seq))
    assert (late.heard[-1].unread, late.heard[-1].floor) == (1, 0)


def told(one: Announcement) -> bytes:
    """The event as bytes, whatever way its times came."""
    return orjson.dumps(one.event, option=orjson.OPT_SORT_KEYS)


async def test_an_event_too_large_for_a_wake_up_is_read_from_the_database(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcements, "LARGEST_PAYLOAD", 1_000)
    user_id, large = ObjectId(), {"text": "x" * 2_000}
    async with listening(parts, user_id) as listener:
        for data in (large, {}, large):
            await notifications.create(parts, "s", notification(user_id, data=data))
        await listener.reach(3)
        assert listener.seqs == [1, 2, 3]
        assert [one.replayed for one in listener.heard] == [False] * 3
        created = [one.event for one in listener.heard]
        assert all(isinstance(one, Created) for one in created)
        assert [len(one.item["data"]) for one in created if isinstance(one, Created)] == [
            2_011,
            2,
            2_011,
        ]


async def test_an_event_of_a_newer_version_is_read_from_the_database(parts: Parts) -> None:
    user_id = ObjectId()
    async with listening(parts, user_id) as listener:
        head = await ring(parts, user_id)
        await listener.reach(head)
        parts.wakeups.publish(str(user_id), b'{"seq": 2, "event": "sung", "unread": 1}')
        await listener.reach(await ring(parts, user_id))
        assert listener.seqs == [1, 2]


async def show(parts: Parts, user_id: ObjectId, screen: Screen) -> None:
    """Follow an inbox as a front end does; on Resync load it, and skip what that has already."""
    async with aclosing(bell.follow(parts, user_id, screen.seq)) as events:
        async for one in events:
            if isinstance(one.event, Resync):
                state = await inbox.load(user_id, with_items=True)
                screen.load(state.items or (), state.seq, state.unread)
            elif one.event.seq > screen.seq:
                screen.apply(one.event, one.unread, one.floor)


async def do_anything(parts: Parts, user_id: ObjectId, seed: int, steps: int) -> None:
    """Every kind of change, in any order."""
    dice = random.Random(seed)  # noqa: S311 - what comes next
    for _ in range(steps):
        state = await inbox.load(user_id, with_items=True)
        act, name = dice.randint(0, 9), dice.choice(state.items)["id"] if state.items else "none"
        with suppress(InvalidInput):  # another task has just retracted it
            match act:
                case 0:
                    await inbox.mark_read(parts, user_id, [name])
                case 1:
                    await inbox.mark_read(parts, user_id, up_to=dice.randint(0, state.seq))
                case 2 | 3:
                    data = {"data": {"n": dice.random()}}
                    await revisions.update(parts, user_id, name, data)
                case 4:
                    await revisions.retract(parts, user_id, name)
                case 5 | 6:
                    await inbox.archive(parts, user_id, name, archived=act == 5)
                case _:
                    await ring(parts, user_id)


@pytest.mark.parametrize("limit", [1, 3, 15, 500])
async def test_what_a_follower_hears_leads_to_the_current_inbox(
    parts: Parts, other: Parts, limit: int
) -> None:
    """Four tasks in two processes change everything; two followers of each hear of it."""
    user_id, screens = ObjectId(), [Screen() for _ in range(4)]
    narrow = [limited(process, limit) for process in (parts, other)]
    showing = [
        asyncio.create_task(show(narrow[number % 2], user_id, screen))
        for number, screen in enumerate(screens)
    ]
    await asyncio.gather(*(do_anything(narrow[n % 2], user_id, n, 30) for n in range(4)))
    await ring(narrow[0], user_id)
    state = await inbox.load(user_id, with_items=True)
    await until(lambda: {screen.seq for screen in screens} == {state.seq})
    await tasks.end(showing)
    assert state.items is not None
    for screen in screens:
        assert as_told(screen.items.values()) == as_told(state.items)
        assert screen.unread == state.unread


async def test_a_retraction_that_is_no_longer_known_is_told_by_resync(parts: Parts) -> None:
    user_id, narrow = ObjectId(), limited(parts, 2)
    for _ in range(3):
        made = await notifications.create(narrow, "s", notification(user_id))
        assert made.item is not None
        await revisions.retract(narrow, user_id, made.item["id"])
    for after, events in ((1, [Resync(6)]), (2, [4, 6])):
        async with listening(narrow, user_id, after=after) as listener:
            await listener.reach(6)
            heard = [one.event for one in listener.heard]
            assert heard == events or [one.seq for one in heard] == events


async def test_every_event_says_what_has_fallen_out(parts: Parts) -> None:
    user_id, narrow = ObjectId(), limited(parts, 2)
    await ring(narrow, user_id, 3)
    async with listening(narrow, user_id, after=1) as listener:
        await listener.reach(3)
        await listener.reach(await ring(narrow, user_id))
        said = [(one.event.seq, one.floor, one.replayed) for one in listener.heard]
        assert said == [(2, 1, True), (3, 1, True), (4, 2, False)]
