"""Rows whose worker is gone, and rows that are given up."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from core import clock
from core.parts import Parts
from rules.message import Fate, Status
from services import closing, messages
from services.messages import Change, Claimed
from tests import factories
from tests.services.interludes import Interludes
from tests.services.looking import counted

API = "sending_api"

SENT = Fate(Status.SENT, maybe_sent=False)

SOON = timedelta(minutes=1)


async def claim(
    parts: Parts, mailing_id: ObjectId | None, limit: int = 1_000, worker: str = "w1"
) -> list[Claimed]:
    return await messages.claim(parts, mailing_id, API, limit, worker)


async def row_of(claimed: Claimed) -> dict[str, Any]:
    row = await messages.collection().find_one({"_id": claimed.id})
    assert row is not None
    return row


async def test_a_row_whose_lease_ran_out_is_given_back_as_maybe_sent(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 3)
    dead = await claim(parts, mailing_id, 2)
    await messages.collection().update_one(
        {"_id": dead[0].id}, {"$set": {"lease.until": clock.now() - SOON}}
    )
    assert await messages.reclaim(parts) == 1
    row = await row_of(dead[0])
    assert (row["status"], row["maybe_sent"], row["why"]) == ("pending", True, "lease ran out")
    assert "lease" not in row
    assert (await row_of(dead[1]))["status"] == "sending"
    assert await counted(parts, mailing_id) == {Status.PENDING: 2, Status.SENDING: 1}
    assert await messages.reclaim(parts) == 0


async def test_a_lease_is_judged_by_the_time_of_the_database(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 1)
    await claim(parts, mailing_id)
    parts.database_clock.observe(clock.now() + timedelta(hours=1))
    assert await messages.reclaim(parts) == 1


async def test_a_lease_renewed_at_the_last_moment_is_not_taken_away(
    parts: Parts, prepared: Any, interludes: Interludes
) -> None:
    mailing_id = await factories.launched(parts, 1)
    (one,) = await claim(parts, mailing_id)
    await messages.collection().update_many({}, {"$set": {"lease.until": clock.now() - SOON}})
    renewed = {"$set": {"lease.until": clock.now() + SOON}}
    interludes.before("update", "messages", lambda: prepared.messages.update_one({}, renewed))
    assert await messages.reclaim(parts) == 0
    assert (await row_of(one))["status"] == "sending"


@pytest.mark.parametrize(
    ("wanted", "maybe_sent", "expected"),
    [
        (Status.EXPIRED, False, Status.EXPIRED),
        (Status.EXPIRED, True, Status.UNCERTAIN),
        (Status.CANCELLED, False, Status.CANCELLED),
        (Status.CANCELLED, True, Status.UNCERTAIN),
    ],
)
async def test_closing_ends_what_is_pending_and_says_if_it_may_have_been_sent(
    parts: Parts, wanted: Status, maybe_sent: bool, expected: Status
) -> None:
    mailing_id = await factories.launched(parts, 5)
    held, done = await claim(parts, mailing_id, 2)
    await messages.write(parts, [Change(done, SENT)])
    await messages.collection().update_many({}, {"$set": {"maybe_sent": maybe_sent}})
    assert await closing.close(parts, {"mailing_id": mailing_id}, wanted, "why not") == 3
    closed = await messages.collection().find({"status": expected}).to_list()
    assert {row["why"] for row in closed} == {"why not"}
    assert all(row["closed_at"] is not None for row in closed)
    assert (await row_of(held))["status"] == "sending"
    assert await counted(parts, mailing_id) == {expected: 3, Status.SENDING: 1, Status.SENT: 1}
    assert await closing.close(parts, {"mailing_id": mailing_id}, wanted, "why not") == 0


async def test_closing_goes_on_until_nothing_is_left(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "CLOSING_BATCH", 3)
    mailing_id = await factories.launched(parts, 10)
    assert await closing.close(parts, {"mailing_id": mailing_id}, Status.EXPIRED, "") == 10
    assert await counted(parts, mailing_id) == {Status.EXPIRED: 10}


async def test_a_row_claimed_while_it_is_closed_is_not_closed_under_its_worker(
    parts: Parts, other: Parts
) -> None:
    mailing_id = await factories.launched(parts, 200)
    ending = closing.close(parts, {"mailing_id": mailing_id}, Status.CANCELLED, "")
    claims = asyncio.gather(*(claim(other, mailing_id, 20) for _ in range(5)))
    closed, claimed = await asyncio.gather(ending, claims)
    held = [one for batch in claimed for one in batch]
    assert closed + len({one.id for one in held}) == 200
    for one in held:
        assert (await row_of(one))["status"] == "sending"
    await counted(parts, mailing_id)
