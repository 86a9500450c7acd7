"""What each queue has to do, and that looking costs the same however much that is (M24)."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from bson import ObjectId

from core import clock
from core.parts import Parts
from models.provider import Provider
from models.worker import Shift
from rules.breaker import State
from rules.message import Route, Status
from rules.worker import Identity
from services import control, mailings, messages, queues, workers
from services.queues import Count, Queue
from tests import factories
from tests.factories import HOUR

API = "sending_api"
EMAIL = "email"
MINUTE = timedelta(minutes=1)


async def put(count: int = 1, mailing_id: ObjectId | None = None, **said: Any) -> None:
    """Rows of messages as they may be found."""
    now = clock.now()
    usual: dict[str, Any] = {"mailing_id": mailing_id, "channel": API, "status": Status.PENDING}
    usual["attempts"] = 0
    usual |= {"due_at": now - MINUTE, "created_at": now, "maybe_sent": False, **said}
    await messages.collection().insert_many([{"_id": uuid4(), **usual} for _ in range(count)])


async def running(parts: Parts, **said: Any) -> ObjectId:
    """A mailing under way that has no messages."""
    return await factories.launched(parts, 0, **said)


async def queue(parts: Parts, lane: str = "bulk", channel: str = API) -> Queue:
    """One of all, in which there is nothing that is another's."""
    found = await queues.measure(parts)
    (wanted,) = [one for one in found if (one.lane, one.channel) == (lane, channel)]
    return wanted


def counts(one: Queue) -> dict[str, int]:
    return {state: count for state, count in one.counts.items() if count}


async def test_there_is_a_queue_for_each_lane_and_channel_also_with_nothing_in_it(
    parts: Parts,
) -> None:
    found = await queues.measure(parts)
    assert {(one.lane, one.channel) for one in found} == {
        (lane, route.value) for lane in ("personal", "bulk") for route in Route
    }
    assert len(found) == 10
    for one in found:
        assert (counts(one), one.oldest_due_at, one.workers) == ({}, None, 0)
        assert one.provider.state == State.CLOSED


async def test_a_row_is_told_in_its_own_queue_and_by_its_state(parts: Parts) -> None:
    now = clock.now()
    mailing = await running(parts, channels=(API, EMAIL))
    await put(2, mailing)
    await put(3, mailing, due_at=now + HOUR)
    await put(4, mailing, due_at=now - 2 * MINUTE, attempts=2)
    await put(5, mailing, due_at=now + HOUR, attempts=1)
    lease = {"token": uuid4(), "until": now + MINUTE, "worker": "h:1:a:0"}
    await put(6, mailing, status=Status.SENDING, lease=lease)
    for status in (Status.FAILED, Status.UNDELIVERABLE, Status.UNCERTAIN):
        await put(1, mailing, status=status, closed_at=now - HOUR, attempts=1)
    await put(7, mailing, status=Status.SENT, closed_at=now, attempts=1)
    await put(1, channel=EMAIL)
    await put(8, mailing, channel=EMAIL)

    bulk = await queue(parts)
    pending = {"waiting": 6, "scheduled": 8, "retrying": 9}
    assert counts(bulk) == pending | {"running": 6, "failed": 3}
    assert bulk.oldest_due_at == now - 2 * MINUTE
    assert bulk.oldest_due_seconds == pytest.approx(120, abs=60)
    assert counts(await queue(parts, "personal", EMAIL)) == {"waiting": 1}
    assert counts(await queue(parts, "bulk", EMAIL)) == {"waiting": 8}
    assert counts(await queue(parts, "personal", API)) == {}


async def test_what_failed_more_than_a_day_ago_is_told_no_more(parts: Parts) -> None:
    now = clock.now()
    for age in (timedelta(hours=23), timedelta(hours=25)):
        await put(status=Status.FAILED, closed_at=now - age)
    assert counts(await queue(parts, "personal")) == {"failed": 1}


async def test_what_failed_of_a_mailing_that_has_ended_since_is_told(parts: Parts) -> None:
    mailing = await running(parts)
    await put(2, mailing, status=Status.FAILED, closed_at=clock.now())
    settled = {"settled": True, "status": "finished", "settled_at": clock.now()}
    await mailings.collection().update_one({"_id": mailing}, {"$set": settled})
    assert counts(await queue(parts)) == {"failed": 2}


async def test_of_a_paused_mailing_everything_is_scheduled_and_nothing_is_late(
    parts: Parts,
) -> None:
    mailing = await factories.launched(parts, 3)
    assert counts(await queue(parts)) == {"waiting": 3}
    await control.pause(parts, mailing, "o")
    paused = await queue(parts)
    assert (counts(paused), paused.oldest_due_at) == ({"scheduled": 3}, None)


async def test_what_is_left_of_a_mailing_that_is_over_waits_for_nobody(parts: Parts) -> None:
    mailing = await factories.launched(parts, 3)
    over = {"$set": {"end_at": clock.now() - MINUTE}}
    await mailings.collection().update_one({"_id": mailing}, over)
    assert counts(await queue(parts)) == {}


async def test_counting_stops_and_says_so(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "MOST", 5)
    first, second = await running(parts), await running(parts)
    await put(5, first)
    assert (await queue(parts)).waiting == Count(5)
    await put(1, second)
    assert (await queue(parts)).waiting == Count(5, at_least=True)
    await put(4, first, due_at=clock.now() + HOUR)
    await control.pause(parts, second, "o")
    assert (await queue(parts)).scheduled == Count(5)
    await put(1, second)
    assert (await queue(parts)).scheduled == Count(5, at_least=True)


async def test_with_more_mailings_than_are_looked_into_every_number_is_a_least(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "MOST_MAILINGS", 1)
    await put(2, await running(parts))
    assert not (await queue(parts)).waiting.at_least
    await running(parts)
    assert (await queue(parts)).waiting.at_least
    assert not (await queue(parts, "personal")).waiting.at_least


async def test_the_oldest_row_is_found_whatever_mailing_it_is_of(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "SEEKS", 2)
    now = clock.now()
    for age in (3, 9, 5, 1, 4):
        await put(1, await running(parts), due_at=now - age * MINUTE)
    assert (await queue(parts)).oldest_due_at == now - 9 * MINUTE


async def test_a_look_reads_no_more_rows_than_it_counts(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By MongoDB's own account; what is counted is not read at all, but found in indexes."""
    monkeypatch.setattr(queues, "MOST", 20)
    now = clock.now()
    for mailing in [await running(parts) for _ in range(3)]:
        await put(100, mailing)
        await put(100, mailing, due_at=now + HOUR, attempts=1)
        await put(100, mailing, status=Status.FAILED, closed_at=now)
        await put(100, mailing, status=Status.SENT, closed_at=now)
    database = messages.collection().database
    await database.command("profile", 2)
    try:
        await queues.measure(parts)
    finally:
        await database.command("profile", 0)
    profiled = (
        await database["system.profile"].find({"ns": messages.collection().full_name}).to_list()
    )
    rows_read = [row["docsExamined"] for row in profiled if "docsExamined" in row]
    keys_read = [row["keysExamined"] for row in profiled if "keysExamined" in row]
    await database.drop_collection("system.profile")
    assert len(rows_read) > 10
    assert max(rows_read) <= 1
    assert max(keys_read) <= queues.MOST + 10
    assert not any(row.get("hasSortStage") for row in profiled)


async def test_the_breaker_and_the_workers_of_a_lane_stand_beside_its_numbers(
    parts: Parts,
) -> None:
    row = {"_id": API, "state": "open", "why": "retry: http-503", "changed_at": clock.now()}
    await Provider.get_pymongo_collection().insert_one(row)
    shift = Shift(lane="bulk", name="h:1:b")
    said = workers.Beat(version="1", shifts=[shift], up=MINUTE)
    await workers.beat(Identity("h", 1, "a"), said)
    bulk, personal = await queue(parts), await queue(parts, "personal")
    assert (bulk.provider.state, bulk.provider.why) == (State.OPEN, "retry: http-503")
    assert personal.provider == bulk.provider
    assert (bulk.workers, personal.workers) == (1, 0)


async def test_those_who_look_at_once_share_a_look_and_who_leaves_takes_it_from_nobody(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "SHARED_SECONDS", 60.0)
    leaving = asyncio.create_task(queues.look(parts))
    staying = asyncio.create_task(queues.look(parts))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying) is (await queues.look(parts))


async def test_a_look_that_is_old_is_not_shown(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "SHARED_SECONDS", 0.0)
    assert sum(one.waiting.number for one in await queues.look(parts)) == 0
    await put()
    assert sum(one.waiting.number for one in await queues.look(parts)) == 1
