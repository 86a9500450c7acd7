"""Changes of many inboxes that travel together: what each is told, whatever others do."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from bson import ObjectId
from pymongo import monitoring
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure, PyMongoError, WriteError

from core import abandoned, tasks
from core.parts import Parts
from core.topic import Waiter
from models.user import User
from services import announcements, notifications, users
from services import inbox as inboxes
from services.announcements import Announcement
from services.notifications import Notified
from tests.factories import notification
from tests.services.following import limited
from tests.services.looking import PATIENCE, until

LIMIT = 5
"""Places of an inbox, so that items fall out."""


async def create(parts: Parts, user_id: ObjectId) -> Notified:
    return await notifications.create(parts, "sender", notification(user_id))


@asynccontextmanager
async def held(parts: Parts, *user_ids: ObjectId) -> AsyncIterator[AsyncClientSession]:
    """Another's transaction holds these users."""
    async with parts.mongo.start_session() as session:
        await session.start_transaction()
        for user_id in user_ids:
            await users.collection().update_one(
                {"_id": user_id}, {"$inc": {"held": 1}}, upsert=True, session=session
            )
        yield session


class Commits(monitoring.CommandListener):
    """Counts the transactions and the single writes of inboxes."""

    together = alone = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.together += event.command_name == "commitTransaction"
        self.alone += event.command_name == "findAndModify"

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


@pytest.fixture
def commits(parts: Parts) -> Iterator[Commits]:
    listeners: Any = parts.mongo._event_listeners
    commits = Commits()
    listeners._EventListeners__command_listeners.append(commits)
    yield commits
    listeners._EventListeners__command_listeners.remove(commits)


async def test_many_at_once_share_a_commit_and_each_gets_its_own_answer(
    parts: Parts, commits: Commits
) -> None:
    user_ids = [ObjectId() for _ in range(30)]
    for seq in (1, 2, 3):
        made = await asyncio.gather(*(create(parts, user_id) for user_id in user_ids))
        assert [one.user_id for one in made] == list(map(str, user_ids))
        assert {(one.seq, one.unread) for one in made} == {(seq, seq)}
    assert (commits.together, commits.alone) == (3, 0)


async def test_one_alone_is_one_command_as_ever(parts: Parts, commits: Commits) -> None:
    user_id = ObjectId()
    assert [(await create(parts, user_id)).seq for _ in range(3)] == [1, 2, 3]
    assert (commits.together, commits.alone) == (0, 3)


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody was told of a change: of a mark `up_to` which place, of a new item None."""

    seq: int
    unread: int
    up_to: int | None = None


async def test_answers_and_events_of_two_processes_are_those_of_their_own_writes(
    parts: Parts, other: Parts
) -> None:
    user_ids = [ObjectId() for _ in range(8)]
    both = [limited(one, LIMIT) for one in (parts, other)]

    async def write(process: Parts, user_id: ObjectId, place: int) -> Told | None:
        if place % 4 < 3:
            made = await create(process, user_id)
            return Told(made.seq, made.unread)
        read = await inboxes.mark_read(process, user_id, up_to=place)
        return Told(read.seq, read.unread, place) if read is not None and read.changed else None

    async def write_all(user_id: ObjectId) -> list[Told]:
        told = await asyncio.gather(*(write(both[n % 2], user_id, n) for n in range(40)))
        return sorted(filter(None, told), key=lambda one: one.seq)

    async with hearing(other, user_ids) as heard:
        answers = await asyncio.gather(*map(write_all, user_ids))
        total = sum(map(len, answers))
        await until(lambda: sum(map(len, heard.values())) >= total)
    for user_id, told in zip(user_ids, answers, strict=True):
        assert [one.seq for one in told] == list(range(1, len(told) + 1))
        states = list(replay(told))
        assert [one.unread for one in told] == [unread for unread, _ in states]
        events = sorted(heard[user_id], key=lambda one: one.event.seq)
        assert [one.event.seq for one in events] == [one.seq for one in told]
        assert [(one.unread, one.floor) for one in events] == states


def replay(told: list[Told]) -> Iterator[tuple[int, int]]:
    """`unread` and `floor` after each change, by a plain model of an inbox."""
    ring, floor = dict[int, bool](), 0
    for one in told:
        if one.up_to is None:
            ring[one.seq] = True
            if len(ring) > LIMIT:
                floor = min(ring)
                del ring[floor]
        else:
            ring = {seq: new and seq > one.up_to for seq, new in ring.items()}
        yield sum(ring.values()), floor


@asynccontextmanager
async def hearing(
    parts: Parts, user_ids: list[ObjectId]
) -> AsyncIterator[dict[ObjectId, list[Announcement]]]:
    """What wake-ups say of each user."""
    heard: dict[ObjectId, list[Announcement]] = {user_id: [] for user_id in user_ids}

    async def listen(user_id: ObjectId, waiter: Waiter) -> None:
        while True:
            for payload in await waiter.take() or ():
                announcement = announcements.heard(payload).announcement
                assert announcement is not None
                heard[user_id].append(announcement)

    async with AsyncExitStack() as stack:
        listening = []
        for user_id in user_ids:
            waiter = await stack.enter_async_context(parts.wakeups.listen(str(user_id)))
            listening.append(asyncio.create_task(listen(user_id, waiter)))
        yield heard
        await tasks.end(listening)


async def test_two_processes_that_make_the_same_new_users_lose_nothing(
    parts: Parts, other: Parts
) -> None:
    user_ids = [ObjectId() for _ in range(20)]
    made = await asyncio.gather(
        *(create(one, user_id) for user_id in user_ids for one in (parts, other) * 2)
    )
    assert sorted(one.seq for one in made) == sorted([1, 2, 3, 4] * 20)
    assert await User.find({"seq": 4, "unread": 4}).count() == 20


async def test_a_user_whom_another_holds_delays_no_other(parts: Parts, commits: Commits) -> None:
    user_ids = [ObjectId() for _ in range(10)]
    await asyncio.gather(*(create(parts, user_id) for user_id in user_ids))
    async with held(parts, user_ids[3]) as session:
        asked = [asyncio.create_task(create(parts, user_id)) for user_id in user_ids]
        late = asked.pop(3)
        async with asyncio.timeout(PATIENCE):
            assert {(await one).unread for one in asked} == {2}
            # While it is held, others still go together.
            before = commits.together
            again = (create(parts, user_id) for user_id in user_ids[4:])
            assert {one.unread for one in await asyncio.gather(*again)} == {3}
            assert commits.together == before + 1
        assert not late.done()
        await session.abort_transaction()
    assert (await late).unread == 2


async def test_what_the_database_refuses_of_one_user_is_told_to_that_one(
    parts: Parts, prepared: Any
) -> None:
    user_ids = [ObjectId() for _ in range(10)]
    prepared.command("collMod", "users", validator={"_id": {"$ne": user_ids[4]}})
    try:
        asked = (create(parts, user_id) for user_id in user_ids)
        told = await asyncio.gather(*asked, return_exceptions=True)
    finally:
        prepared.command("collMod", "users", validator={})
    assert isinstance(told.pop(4), WriteError | OperationFailure)
    assert all(isinstance(one, Notified) and one.unread == 1 for one in told)
    assert await User.count() == 9


async def test_an_inbox_too_large_to_be_stored_fails_alone(parts: Parts, prepared: Any) -> None:
    user_ids = [ObjectId() for _ in range(10)]
    prepared["users"].insert_one({"_id": user_ids[2], "ballast": "x" * (16 * 1024 * 1024 - 100)})
    asked = (create(parts, user_id) for user_id in user_ids)
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(told.pop(2), PyMongoError)
    assert all(isinstance(one, Notified) and one.unread == 1 for one in told)


async def test_a_process_that_dies_in_between_leaves_nothing_and_holds_nothing_for_long(
    parts: Parts, other: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if it had died: its transaction is left open, and nobody goes on with it."""
    monkeypatch.setattr(abandoned, "IDLE_SECONDS", 0.2)
    monkeypatch.setattr(abandoned, "LOOK_SECONDS", 0.05)
    user_ids = [ObjectId() for _ in range(10)]
    async with held(parts, *user_ids):
        patrol = asyncio.create_task(abandoned.patrol(parts.mongo))
        made = await asyncio.gather(*(create(other, user_id) for user_id in user_ids))
        await tasks.end([patrol])
    assert {(one.seq, one.unread) for one in made} == {(1, 1)}
