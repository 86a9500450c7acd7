"""Rows whose worker is gone."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core import clock
from core.parts import Parts
from models.attempt import Attempt
from rules.message import Fate, Status
from services import messages, reclaiming, results
from services.results import Change
from tests import factories
from tests.services.conftest import Happened
from tests.services.interludes import Interludes
from tests.services.looking import PATIENCE, counted, row_of
from tests.services.pumping import claim

SOON = timedelta(minutes=1)


async def test_a_row_whose_lease_ran_out_is_given_back_as_maybe_sent(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 3)
    dead = await claim(parts, mailing_id, 2)
    await messages.collection().update_one(
        {"_id": dead[0].id}, {"$set": {"lease.until": clock.now() - SOON}}
    )
    assert await reclaiming.reclaim(parts) == 1
    row = await row_of(dead[0])
    assert (row["status"], row["maybe_sent"], row["why"]) == ("pending", True, "lease ran out")
    assert "lease" not in row
    assert (await row_of(dead[1]))["status"] == "sending"
    assert await counted(parts, mailing_id) == {Status.PENDING: 2, Status.SENDING: 1}
    assert await reclaiming.reclaim(parts) == 0


async def test_what_a_dead_worker_may_have_sent_is_told_of_each_message(
    parts: Parts, happened: Happened
) -> None:
    mailing_id = await factories.launched(parts, 3)
    held = await claim(parts, mailing_id, 2, "dead")
    parts.database_clock.observe(clock.now() + timedelta(hours=1))
    await reclaiming.reclaim(parts)
    found = {attempt.message_id: attempt for attempt in await Attempt.find_all().to_list()}
    assert set(found) == {one.id for one in held}
    for one in await messages.collection().find({"_id": {"$in": list(found)}}).to_list():
        attempt = found[one["_id"]]
        assert (attempt.verdict, attempt.code, attempt.worker) == ("unknown", "worker gone", "dead")
        assert (attempt.number, one["attempts"], attempt.address) == (1, 1, one["address"])
    told = {fields["message_id"] for name, fields in happened if name == "message.reclaimed"}
    assert told == set(found)


async def test_a_lease_is_judged_by_the_time_of_the_database(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 1)
    await claim(parts, mailing_id)
    parts.database_clock.observe(clock.now() + timedelta(hours=1))
    assert await reclaiming.reclaim(parts) == 1


async def test_who_could_not_write_while_the_database_was_away_gets_a_moment_to_do_so(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing_id = await factories.launched(parts, 1)
    await claim(parts, mailing_id)
    parts.database_clock.observe(clock.now() + timedelta(hours=1))
    parts.database_clock.lose()
    assert await reclaiming.reclaim(parts) == 0
    monkeypatch.setattr(reclaiming, "RETURN_SECONDS", 0.0)
    assert await reclaiming.reclaim(parts) == 1


async def test_a_lease_renewed_at_the_last_moment_is_not_taken_away(
    parts: Parts, prepared: Any, interludes: Interludes
) -> None:
    mailing_id = await factories.launched(parts, 1)
    (one,) = await claim(parts, mailing_id)
    await messages.collection().update_many({}, {"$set": {"lease.until": clock.now() - SOON}})
    renewed = {"$set": {"lease.until": clock.now() + SOON}}
    interludes.before("update", "messages", lambda: prepared.messages.update_one({}, renewed))
    assert await reclaiming.reclaim(parts) == 0
    assert (await row_of(one))["status"] == "sending"


async def test_rows_that_a_dead_worker_has_left_locked_hold_up_no_others(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was killed in the middle of writing, and its transaction stays open for a while."""
    monkeypatch.setattr(reclaiming, "BATCH", 1)
    mailing_id = await factories.launched(parts, 3)
    locked, *_ = await claim(parts, mailing_id)
    await messages.collection().update_many({}, {"$set": {"lease.until": clock.now() - SOON}})
    async with parts.mongo.start_session() as dead, await dead.start_transaction():
        sent = {"$set": {"status": Status.SENT}}
        await messages.collection().update_one({"_id": locked.id}, sent, session=dead)
        async with asyncio.timeout(PATIENCE):
            assert await reclaiming.reclaim(parts) == 2
        await dead.abort_transaction()
    assert await reclaiming.reclaim(parts) == 1
    assert await counted(parts, mailing_id) == {Status.PENDING: 3}


@pytest.mark.parametrize(
    ("status", "expected"), [(Status.SENT, Status.SENT), (Status.FAILED, Status.PENDING)]
)
async def test_of_a_row_that_was_taken_back_and_that_nobody_holds_only_success_still_counts(
    parts: Parts, status: Status, expected: Status
) -> None:
    mailing_id = await factories.launched(parts, 1)
    (slow,) = await claim(parts, mailing_id)
    await messages.collection().update_many({}, {"$set": {"lease.until": clock.now() - SOON}})
    await reclaiming.reclaim(parts)
    change = Change(slow, Fate(status, maybe_sent=False))
    assert await results.write(parts, [change]) == (1 if status is expected else 0)
    assert await counted(parts, mailing_id) == {expected: 1}
    assert (await row_of(slow))["maybe_sent"] is (expected is Status.PENDING)
