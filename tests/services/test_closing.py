"""Rows that are given up."""

import asyncio

import pytest

from core.parts import Parts
from rules.message import Fate, Status
from services import closing, messages, results
from services.results import Change
from tests import factories
from tests.services.looking import counted, row_of
from tests.services.pumping import claim

SENT = Fate(Status.SENT, maybe_sent=False)


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
    await results.write(parts, [Change(done, SENT)])
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
