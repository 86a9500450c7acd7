"""Pumps while their provider is away, and when it comes back."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from channels.sending_api import SendingApi
from core import clock, events
from core.parts import Parts
from local.faults import Faults
from local.outside import Outside
from models.attempt import Attempt
from models.client import Client
from rules.message import Status
from services import breaker, messages, sweep
from services.messages import BULK, PERSONAL
from services.pump import Pump
from tests import factories
from tests.services.claims import SOON, personal_row
from tests.services.conftest import Happened
from tests.services.looking import counted, rows, until
from tests.services.pumping import LONG, run
from tests.services.test_breaker import later, provider
from tests.services.test_pump_faults import all_due, fragile

pytestmark = pytest.mark.usefixtures("impatient")

PAUSE = 100.0


@pytest.fixture(autouse=True)
def _looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "LOOK_SECONDS", 0.0)


def careful(parts: Parts) -> Parts:
    """A process whose breaker trips at half of four attempts, for at most 100 s."""
    said = {"breaker_attempts": 4, "breaker_share": 0.5, "breaker_seconds": PAUSE}
    return replace(parts, settings=parts.settings.model_copy(update=said))


async def down(process: Parts, outside: Outside, api: SendingApi) -> int:
    """Find out that the provider is away; how many attempts it took."""
    outside.faults = Faults(down="503", retry_after_seconds=0)
    await run(process, api)
    assert (await provider())["state"] == "open"
    return await Attempt.count()


async def test_while_it_is_open_nothing_is_claimed_and_no_attempt_is_used_up(
    parts: Parts, other: Parts, outside: Outside, api: SendingApi
) -> None:
    process = careful(parts)
    mailing_id = await factories.launched(process, 200)
    tried = await down(process, outside, api)
    assert 4 <= tried <= 4 + 2 * api.concurrency
    await all_due()
    await personal_row()
    for one in (process, careful(other)):
        for lane in (BULK, PERSONAL):
            assert not await sweep.work_is_due(one, lane)
            assert await run(one, api, lane) == 0
    assert await Attempt.count() == tried
    assert await counted(parts, mailing_id) == {Status.PENDING: 200}


async def test_what_was_held_but_not_begun_is_given_back_as_it_was(
    parts: Parts, outside: Outside, narrow: SendingApi
) -> None:
    await factories.launched(parts, 60)
    tried = await down(careful(parts), outside, narrow)
    stored = await rows()
    assert {"lease" in row for row in stored} == {False}
    assert sum(row["attempts"] for row in stored) == tried < 20
    untouched = [row for row in stored if not row["attempts"]]
    assert len(untouched) >= 40
    assert {(row["status"], row["why"], row["maybe_sent"]) for row in untouched} == {
        ("pending", "", False)
    }


async def test_after_the_pause_one_message_tries_and_the_backlog_drains(
    parts: Parts, other: Parts, outside: Outside, api: SendingApi
) -> None:
    processes = careful(parts), careful(other)
    mailing_id = await factories.launched(parts, 120)
    tried = await down(processes[0], outside, api)
    await all_due()
    for process in processes:
        later(process, PAUSE)
    outside.faults = Faults(down="503", latency_seconds=0.2)
    assert await sweep.work_is_due(processes[0], BULK)
    assert sum(await asyncio.gather(*(run(process, api) for process in processes))) == 1
    assert await Attempt.count() == tried + 1
    assert (await provider())["trips"] == 1
    outside.faults = Faults()
    await all_due()
    for process in processes:
        later(process, 10 * PAUSE)
    for _ in range(2):
        await asyncio.gather(*(run(process, api) for process in processes))
    assert await counted(parts, mailing_id) == {Status.SENT: 120}
    assert (outside.ledger.count, outside.ledger.repeats) == (120, 0)
    assert (await provider())["state"] == "closed"


async def test_a_probe_with_nothing_to_try_is_given_up(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    process = careful(parts)
    await factories.launched(process, 20)
    await down(process, outside, api)
    await messages.collection().update_many({}, {"$set": {"due_at": clock.now() + 60 * SOON}})
    later(process, PAUSE)
    assert await run(process, api) == 0
    assert (await provider())["state"] == "open"
    await messages.collection().update_many({}, {"$set": {"due_at": clock.now()}})
    outside.faults = Faults()
    assert await run(process, api) == 20


async def test_a_probe_that_may_not_leave_is_given_up(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    process = careful(parts)
    mailing_id = await factories.launched(process, 20)
    await down(process, outside, api)
    await messages.collection().update_many({}, {"$set": {"due_at": clock.now()}})
    gone = await messages.collection().find_one({"status": "pending"}, sort=[("due_at", 1)])
    assert gone is not None
    await messages.collection().update_many(
        {"_id": {"$ne": gone["_id"]}}, {"$set": {"due_at": clock.now() + timedelta(seconds=PAUSE)}}
    )
    outside.faults = Faults()
    await Client.get_pymongo_collection().delete_one({"_id": gone["client_id"]})
    later(process, PAUSE - 1)
    await breaker.collection().update_one({}, {"$set": {"retry_at": clock.now()}})
    while await sweep.work_is_due(process, BULK):
        await run(process, api)
    assert (await provider())["state"] == "open"
    later(process, 2 * PAUSE)
    await run(process, api)
    assert await counted(parts, mailing_id) == {Status.SENT: 19, Status.CANCELLED: 1}


async def test_with_mongodb_slow_a_probe_is_still_reported(
    parts: Parts, outside: Outside, api: SendingApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its result is written first, and then the pump has nothing left to wait for."""
    process = careful(parts)
    await factories.launched(process, 20)
    await down(process, outside, api)
    await all_due()
    later(process, PAUSE)
    await messages.collection().update_many(
        {"attempts": {"$gt": 0}}, {"$set": {"due_at": clock.now() + 60 * SOON}}
    )
    outside.faults = Faults()
    judged = breaker.Breaker.note

    async def slowly(self: breaker.Breaker, *said: object) -> None:
        await asyncio.sleep(0.5)
        await judged(self, *said)  # type: ignore[arg-type]

    monkeypatch.setattr(breaker.Breaker, "note", slowly)
    await run(process, api)
    assert (await provider())["state"] == "closed"


async def test_mongodb_gone_at_the_moment_it_trips_loses_no_result(
    parts: Parts, outside: Outside, api: SendingApi, tmp_path: Path, happened: Happened
) -> None:
    async with fragile(parts, tmp_path) as (server, fragile_parts):
        process = careful(fragile_parts)
        mailing_id = await factories.launched(process, 24)
        outside.faults = Faults(refuse_rate=1, latency_seconds=0.4)
        kills = iter([server.kill])

        def kill_once(name: str, _: object) -> None:
            if name == "message.attempted":
                next(kills, lambda: None)()

        leave = events.subscribe(kill_once)
        pumping = asyncio.create_task(Pump(process, BULK, api, "w1").run(LONG))
        await until(lambda: any(name == "breaker.write.failed" for name, _ in happened))
        server.start()
        await pumping
        leave()
        counts = await counted(process, mailing_id)
        assert counts[Status.FAILED] == await Attempt.count() > 0
        assert sum(counts.values()) == 24
        assert Status.SENDING not in counts
