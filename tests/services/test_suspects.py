"""Rows whose workers went away again and again: tried last and alone, then given up."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from bson import ObjectId

from channels.channel import Envelope, Outcome, Sent
from channels.sending_api import SendingApi
from core import clock
from core.parts import Parts
from local.outside import Outside
from rules.message import Status
from services import messages, reclaiming, retries, sweep
from services.messages import SUSPECT_AFTER
from services.reclaiming import QUARANTINE_AFTER, QUARANTINED
from tests import factories
from tests.factories import HOUR
from tests.services.claims import reclaimed
from tests.services.conftest import Happened
from tests.services.looking import counted, rows
from tests.services.pumping import API, claim, run

pytestmark = pytest.mark.usefixtures("impatient")


async def suspected(ids: Sequence[UUID], reclaims: int = SUSPECT_AFTER) -> None:
    """Let so many workers have died of these rows."""
    chosen = {"_id": {"$in": list(ids)}}
    await messages.collection().update_many(chosen, {"$set": {"reclaims": reclaims}})


async def suspects(parts: Parts, mailing_id: ObjectId | None, limit: int = 10) -> list[UUID]:
    """Claim what is suspected."""
    claimed = await messages.claim(parts, mailing_id, API, limit, "w1", suspects=True)
    return [one.id for one in claimed]


class Cautious:
    """A way out that notes which messages it had in hand together."""

    name, provider, concurrency, secrets = API, "example.com", 4, ()

    def __init__(self) -> None:
        self.began: list[int] = []
        self.together: dict[int, set[int]] = {}
        self._now: set[int] = set()

    async def send(self, envelope: Envelope, timeout_seconds: float) -> Outcome:
        self.began.append(envelope.number)
        self._now.add(envelope.number)
        for number in self._now:
            self.together.setdefault(number, set()).update(self._now)
        await self.work(envelope)
        self._now.remove(envelope.number)
        return Sent("200")

    async def work(self, envelope: Envelope) -> None:
        await asyncio.sleep(0.002)

    async def close(self) -> None:
        pass


async def test_how_often_a_row_was_taken_back_is_counted(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 2)
    for count in range(1, SUSPECT_AFTER + 1):
        assert len(await claim(parts, mailing_id)) == 2
        assert await reclaimed(parts) == 2
        assert {row["reclaims"] for row in await rows()} == {count}
    assert await claim(parts, mailing_id) == []
    assert len(await suspects(parts, mailing_id)) == 2


async def test_what_is_given_back_by_a_living_worker_makes_no_suspect(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 1)
    for _ in range(QUARANTINE_AFTER + 1):
        (one,) = await claim(parts, mailing_id)
        await messages.give_back([one.id], one.token)
    assert await suspects(parts, mailing_id) == []
    assert len(await claim(parts, mailing_id)) == 1


async def test_suspects_are_sent_last_and_alone(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 30)
    first, second, *_ = await rows()
    await suspected([first["_id"], second["_id"]])
    channel = Cautious()
    assert await run(parts, channel) == 30
    numbers = {first["number"], second["number"]}
    assert set(channel.began[-2:]) == numbers
    for number in numbers:
        assert channel.together[number] == {number}
    assert max(len(others) for others in channel.together.values()) > 1
    assert await counted(parts, mailing_id) == {Status.SENT: 30}


async def test_what_becomes_due_while_a_suspect_is_sent_waits_for_it(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.sources.LOOK_SECONDS", 0.0)
    mailing_id = await factories.launched(parts, 9)
    suspect, *others = await rows()
    await suspected([suspect["_id"]])
    later = {"_id": {"$in": [row["_id"] for row in others]}}
    await messages.collection().update_many(later, {"$set": {"due_at": clock.now() + HOUR / 2}})

    class Slow(Cautious):
        async def work(self, envelope: Envelope) -> None:
            if envelope.number == suspect["number"]:
                due = {"$set": {"due_at": clock.now()}}
                await messages.collection().update_many(later, due)
                await asyncio.sleep(0.3)

    channel = Slow()
    await run(parts, channel)
    while await sweep.work_is_due(parts, messages.BULK):
        await run(parts, channel)
    assert channel.together[suspect["number"]] == {suspect["number"]}
    assert await counted(parts, mailing_id) == {Status.SENT: 9}


async def test_a_suspect_is_due_work_though_nothing_else_is(parts: Parts) -> None:
    await factories.launched(parts, 1)
    await suspected([row["_id"] for row in await rows()])
    assert await sweep.work_is_due(parts, messages.BULK)
    assert await run(parts, Cautious()) == 1


async def test_a_row_that_outlives_too_many_workers_is_put_aside_as_uncertain(
    parts: Parts, happened: Happened
) -> None:
    mailing_id = await factories.launched(parts, 3)
    bad, *_ = [row["_id"] for row in await rows()]
    await suspected([bad], QUARANTINE_AFTER - 1)
    assert await suspects(parts, mailing_id) == [bad]
    assert len(await claim(parts, mailing_id, 1)) == 1
    assert await reclaimed(parts) == 2
    assert await counted(parts, mailing_id) == {Status.PENDING: 2, Status.UNCERTAIN: 1}
    (row,) = await rows(_id=bad)
    assert (row["status"], row["why"], row["maybe_sent"]) == ("uncertain", QUARANTINED, True)
    assert (row["reclaims"], "lease" in row) == (QUARANTINE_AFTER, False)
    assert row["closed_at"] is not None
    assert ("messages.quarantined", {"message_ids": [bad], "count": 1}) in happened
    assert await suspects(parts, mailing_id) == []


async def test_sweepers_at_once_put_a_row_aside_once(
    parts: Parts, other: Parts, happened: Happened
) -> None:
    mailing_id = await factories.launched(parts, 60)
    ids = [row["_id"] for row in await rows()]
    await suspected(ids, QUARANTINE_AFTER - 1)
    assert len(await suspects(parts, mailing_id, 60)) == 60
    over = {"$set": {"lease.until": clock.now() - HOUR}}
    await messages.collection().update_many({}, over)
    taken = await asyncio.gather(*(reclaiming.reclaim(one) for one in (parts, other, parts)))
    while left := await reclaiming.reclaim(parts):
        taken.append(left)
    assert sum(taken) == 60
    assert await counted(parts, mailing_id) == {Status.UNCERTAIN: 60}
    told: list[Any] = [fields for name, fields in happened if name == "messages.quarantined"]
    assert sorted(one for fields in told for one in fields["message_ids"]) == sorted(ids)


async def test_an_operator_can_have_it_tried_again(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    mailing_id = await factories.launched(parts, 1)
    (bad,) = [row["_id"] for row in await rows()]
    await suspected([bad], QUARANTINE_AFTER - 1)
    await suspects(parts, mailing_id)
    await reclaimed(parts)
    await sweep.sweep(parts, messages.BULK)
    assert (await retries.of_messages(parts, [bad], "operator")).count == 1
    (row,) = await rows()
    assert (row["status"], row["reclaims"], row["maybe_sent"]) == ("pending", 0, True)
    assert await run(parts, api) == 1
    assert await counted(parts, mailing_id) == {Status.SENT: 1}
    assert outside.ledger.count == 1
