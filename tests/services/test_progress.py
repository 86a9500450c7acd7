"""Who watches a mailing sees it move, and sees it end; together they ask only once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from bson import ObjectId

from core import clock
from core.errors import Problem, Unavailable
from core.parts import Parts
from local.mongod import Mongod
from models.mailing import MailingStatus
from models.provider import Provider
from rules.breaker import State
from rules.message import Status
from services import control, counters, mailings, progress
from services.progress import Progress
from tests import factories
from tests.factories import id_of, scheduled
from tests.services.conftest import Happened
from tests.services.looking import PATIENCE, mistakes, until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often, for the sake of time."""
    monkeypatch.setattr(progress, "LOOK_SECONDS", 0.02)


class Watcher:
    """Keeps what it sees of a mailing."""

    def __init__(self, parts: Parts, mailing_id: ObjectId) -> None:
        self.seen: list[Progress] = []
        self.task = asyncio.create_task(self._watch(parts, mailing_id))

    async def _watch(self, parts: Parts, mailing_id: ObjectId) -> None:
        async with aclosing(progress.follow(parts, mailing_id)) as found:
            async for one in found:
                self.seen.append(one)

    async def sees(self, wanted: Any) -> Progress:
        await until(lambda: any(wanted(one) for one in self.seen) or self.task.done())
        return next(one for one in self.seen if wanted(one))

    async def ended(self) -> Progress:
        """The last that it saw, once there is no more."""
        async with asyncio.timeout(PATIENCE):
            await self.task
        return self.seen[-1]


@asynccontextmanager
async def watching(parts: Parts, mailing_id: ObjectId) -> AsyncIterator[Watcher]:
    watcher = Watcher(parts, mailing_id)
    try:
        yield watcher
    finally:
        watcher.task.cancel()
        await asyncio.wait({watcher.task})


async def move(prepared: Any, mailing_id: ObjectId, count: int) -> None:
    """Let the counters say that messages were sent."""
    step = {"counts.sent": count, f"counts.{counters.OPEN_KEY}": -count}
    prepared.counters.update_one({"mailing_id": mailing_id}, {"$inc": step})


async def test_the_state_is_told_at_once_and_then_each_change(parts: Parts, prepared: Any) -> None:
    mailing_id = await factories.launched(parts, 10)
    async with watching(parts, mailing_id) as watcher:
        first = await watcher.sees(lambda one: True)
        assert (first.status, first.counts.by_status[Status.PENDING]) == ("running", 10)
        assert (first.per_second, first.seconds_left) == (0, None)
        await move(prepared, mailing_id, 4)
        moved = await watcher.sees(lambda one: one.counts.by_status[Status.SENT] == 4)
        assert moved.per_second > 0
        assert moved.seconds_left is not None
        assert moved.seconds_left == round(6 / moved.per_second)
        assert watcher.seen == [
            one
            for place, one in enumerate(watcher.seen)
            if place == 0 or one != watcher.seen[place - 1]
        ]


async def test_while_nothing_changes_nothing_is_said(parts: Parts) -> None:
    mailing_id = id_of(await scheduled(parts))
    async with watching(parts, mailing_id) as watcher, watching(parts, mailing_id) as other:
        await watcher.sees(lambda one: True)
        await control.pause(parts, mailing_id, "o")
        await other.sees(lambda one: one.status is MailingStatus.PAUSED)
        assert [one.status for one in watcher.seen] == ["scheduled", "paused"]


async def test_the_last_state_is_told_before_it_ends(parts: Parts, prepared: Any) -> None:
    mailing_id = await factories.launched(parts, 3)
    async with watching(parts, mailing_id) as watcher:
        await watcher.sees(lambda one: True)
        await move(prepared, mailing_id, 3)
        done = {"$set": {"status": "finished", "settled": True}}
        await mailings.collection().update_one({"_id": mailing_id}, done)
        last = await watcher.ended()
    assert (last.status, last.counts.by_status[Status.SENT]) == ("finished", 3)
    assert last.seconds_left is None


async def test_a_mailing_that_is_settled_is_told_once(parts: Parts) -> None:
    mailing_id = id_of(await scheduled(parts))
    await mailings.collection().update_one({}, {"$set": {"status": "finished", "settled": True}})
    async with watching(parts, mailing_id) as watcher:
        assert (await watcher.ended()).status is MailingStatus.FINISHED
        assert len(watcher.seen) == 1


async def test_a_deletion_ends_it(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 2)
    async with watching(parts, mailing_id) as watcher:
        await watcher.sees(lambda one: True)
        await mailings.delete(parts, mailing_id)
        assert (await watcher.ended()).status is MailingStatus.CANCELLED


async def test_those_who_watch_the_same_mailing_share_one_look(parts: Parts) -> None:
    mailing_id = id_of(await scheduled(parts))
    async with watching(parts, mailing_id) as first:
        await first.sees(lambda one: True)
        async with watching(parts, mailing_id) as second:
            await second.sees(lambda one: True)
            assert len(progress._watches) == 1
            assert second.seen[0] is first.seen[-1]
        assert list(progress._watches) == [mailing_id]
    assert progress._watches == {}


async def test_who_comes_after_the_end_looks_anew(parts: Parts) -> None:
    mailing_id = id_of(await scheduled(parts))
    over = {"status": "finished", "settled": True}
    await mailings.collection().update_one({}, {"$set": over})
    async with aclosing(progress.follow(parts, mailing_id)) as slow:
        assert (await anext(slow)).status is MailingStatus.FINISHED
        await until(lambda: progress._watches[mailing_id].over)
        again = {"status": "running", "settled": False}
        await mailings.collection().update_one({}, {"$set": again})
        async with watching(parts, mailing_id) as watcher:
            await watcher.sees(lambda one: one.status is MailingStatus.RUNNING)
            assert [one async for one in slow] == []
            await control.pause(parts, mailing_id, "o")
            await watcher.sees(lambda one: one.status is MailingStatus.PAUSED)


async def test_an_open_breaker_is_shown_and_nobody_knows_how_long_it_takes(
    parts: Parts, prepared: Any
) -> None:
    mailing_id = await factories.launched(parts, 10, channels=("sending_api", "email"))
    async with watching(parts, mailing_id) as watcher:
        first = await watcher.sees(lambda one: True)
        assert [(one.channel, one.state) for one in first.providers] == [
            ("sending_api", State.CLOSED),
            ("email", State.CLOSED),
        ]
        await move(prepared, mailing_id, 5)
        assert (await watcher.sees(lambda one: one.per_second > 0)).seconds_left is not None
        now = clock.now()
        row = Provider(id="sending_api", state="open", retry_at=now, changed_at=now)
        await row.insert()
        told = await watcher.sees(lambda one: one.providers[0].state is State.OPEN)
        assert (told.providers[0].retry_at, told.seconds_left) == (now, None)


async def test_a_database_that_is_away_for_a_moment_ends_nothing(
    parts: Parts, mongod: Mongod, happened: Happened
) -> None:
    mailing_id = id_of(await scheduled(parts))
    async with watching(parts, mailing_id) as watcher:
        await watcher.sees(lambda one: True)
        mongod.kill()
        await until(lambda: any(name == "progress.look.failed" for name, _ in happened))
        mongod.start()
        await control.pause(parts, mailing_id, "o")
        await watcher.sees(lambda one: one.status is MailingStatus.PAUSED)


async def test_a_retry_makes_no_negative_rate(parts: Parts, prepared: Any) -> None:
    mailing_id = await factories.launched(parts, 9)
    await move(prepared, mailing_id, 9)
    async with watching(parts, mailing_id) as watcher:
        await watcher.sees(lambda one: True)
        await move(prepared, mailing_id, -5)
        await watcher.sees(lambda one: one.counts.by_status[Status.PENDING] == 5)
        assert all(one.per_second >= 0 for one in watcher.seen)


async def test_an_unknown_or_deleted_mailing_has_no_progress(parts: Parts) -> None:
    deleted = id_of(await scheduled(parts))
    await mailings.delete(parts, deleted)
    for mailing_id in (deleted, ObjectId()):
        looking = anext(progress.follow(parts, mailing_id))
        assert await mistakes(looking) == {("id", Problem.NOT_FOUND)}


async def test_only_so_many_mailings_are_watched_at_once(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "MOST_MAILINGS", 1)
    first, second = [id_of(await scheduled(parts)) for _ in range(2)]
    async with watching(parts, first) as watcher:
        await watcher.sees(lambda one: True)
        with pytest.raises(Unavailable):
            await anext(progress.follow(parts, second))
