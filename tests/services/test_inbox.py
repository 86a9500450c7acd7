import asyncio

import orjson
from bson import ObjectId

from core.errors import InvalidInput, Problem
from core.parts import Parts
from services import inbox, notifications
from services.inbox import Inbox, Marked
from tests.factories import notification


async def filled(parts: Parts, count: int) -> tuple[ObjectId, list[str]]:
    """A user with some notifications, and their ids, oldest first."""
    user_id = ObjectId()
    made = [await notifications.create(parts, "s", notification(user_id)) for _ in range(count)]
    return user_id, [one.item["id"] for one in made if one.item is not None]


async def new_ids(user_id: ObjectId) -> list[str]:
    """The ids of what is unread, oldest first."""
    items = (await inbox.load(user_id, with_items=True)).items or ()
    return [item["id"] for item in reversed(items) if item["new"]]


async def test_the_inbox_of_an_unknown_user_is_empty(parts: Parts) -> None:
    user_id = ObjectId()
    assert await inbox.load(user_id, with_items=True) == Inbox(str(user_id), 0, 0, 0, 0, ())


async def test_an_inbox_is_newest_first(parts: Parts) -> None:
    user_id, ids = await filled(parts, 4)
    state = await inbox.load(user_id, with_items=True)
    assert state.items is not None
    assert [item["id"] for item in state.items] == ids[::-1]
    assert (state.total, state.unread, state.seq, state.floor) == (4, 4, 4, 0)


async def test_the_head_alone_comes_without_items(parts: Parts) -> None:
    user_id, _ = await filled(parts, 3)
    state = await inbox.load(user_id, with_items=False)
    assert (state.items, state.total, state.unread) == (None, 3, 3)


async def test_one_is_marked_read(parts: Parts) -> None:
    user_id, ids = await filled(parts, 3)
    assert await inbox.mark_read(parts, user_id, [ids[1]]) == Marked(1, 2, 4)
    assert await new_ids(user_id) == [ids[0], ids[2]]


async def test_all_up_to_a_place_are_marked_read(parts: Parts) -> None:
    user_id, ids = await filled(parts, 5)
    assert await inbox.mark_read(parts, user_id, up_to=3) == Marked(3, 2, 6)
    assert await new_ids(user_id) == ids[3:]


async def test_a_repeat_changes_nothing_and_makes_no_event(parts: Parts) -> None:
    user_id, ids = await filled(parts, 3)
    await inbox.mark_read(parts, user_id, [ids[0]])
    before = await inbox.load(user_id, with_items=True)
    async with parts.wakeups.listen(str(user_id)) as waiter, asyncio.timeout(30):
        assert await inbox.mark_read(parts, user_id, [ids[0]]) == Marked(0, 2, 4)
        assert await inbox.mark_read(parts, user_id, up_to=1) == Marked(0, 2, 4)
        assert await inbox.load(user_id, with_items=True) == before
        await inbox.mark_read(parts, user_id, [ids[1]])
        heard: list[int] = []
        while not heard or heard[-1] < 5:
            heard += [orjson.loads(payload)["seq"] for payload in await waiter.take() or []]
    # Wake-ups are gathered, so those from before may be heard too; the repeats made none.
    assert heard == sorted(set(heard))
    assert [seq for seq in heard if seq > 4] == [5]


async def test_unknown_ids_change_nothing(parts: Parts) -> None:
    user_id, _ = await filled(parts, 2)
    assert await inbox.mark_read(parts, user_id, ["$$it.id", "x", ""]) == Marked(0, 2, 2)
    assert await inbox.mark_read(parts, user_id, []) == Marked(0, 2, 2)


async def test_an_unknown_user_is_told_by_none(parts: Parts) -> None:
    assert await inbox.mark_read(parts, ObjectId(), up_to=1) is None


async def test_a_place_beyond_the_head_marks_all_there_are(parts: Parts) -> None:
    user_id, _ = await filled(parts, 3)
    assert await inbox.mark_read(parts, user_id, up_to=2**63 - 1) == Marked(3, 0, 4)


async def test_nobody_else_is_marked(parts: Parts) -> None:
    user_id, ids = await filled(parts, 2)
    other_id, other_ids = await filled(parts, 2)
    await inbox.mark_read(parts, user_id, [*ids, *other_ids])
    assert await new_ids(other_id) == other_ids


async def test_concurrent_marks_and_writes_keep_the_count_exact(parts: Parts) -> None:
    user_id, ids = await filled(parts, 30)
    writes = (notifications.create(parts, "s", notification(user_id)) for _ in range(30))
    marks = (inbox.mark_read(parts, user_id, [name]) for name in ids for _ in "ab")
    await asyncio.gather(*writes, *marks)
    state = await inbox.load(user_id, with_items=True)
    assert state.items is not None
    assert (state.total, state.unread, state.seq) == (60, 30, 90)
    assert sum(item["new"] for item in state.items) == 30
    assert len({item["read_seq"] for item in state.items if not item["new"]}) == 30


async def test_one_item_is_found_by_its_id(parts: Parts) -> None:
    user_id, ids = await filled(parts, 3)
    item = await inbox.find_item(user_id, ids[1])
    assert item is not None
    assert (item["id"], item["seq"]) == (ids[1], 2)
    assert await inbox.find_item(user_id, "unknown") is None
    assert await inbox.find_item(ObjectId(), ids[1]) is None


def test_what_fell_out_is_not_found() -> None:
    error = inbox.gone()
    assert isinstance(error, InvalidInput)
    assert [(one.field, one.code) for one in error.errors] == [("id", Problem.NOT_FOUND)]
