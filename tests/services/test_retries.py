"""Messages that ended are tried again, all of a mailing in some states (X7)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core import clock
from core.errors import Problem
from core.parts import Parts
from models.mailing import MailingStatus
from rules.message import RETRYABLE, Status
from services import control, mailings, messages, retries, sweep
from tests.factories import HOUR, id_of, scheduled
from tests.services.endings import ended, stored
from tests.services.interludes import Interludes
from tests.services.looking import counted, jobs, mistakes, rows

FAILED, EXPIRED = Status.FAILED, Status.EXPIRED


async def test_failed_messages_of_a_finished_mailing_are_tried_again(parts: Parts) -> None:
    mailing_id = await ended(parts, FAILED, Status.SENT, FAILED, EXPIRED)
    retried = await retries.of_mailing(parts, mailing_id, [FAILED], "o")
    assert retried.count == 2
    assert await counted(parts, mailing_id) == {
        Status.PENDING: 2,
        Status.SENT: 1,
        EXPIRED: 1,
    }
    again = await rows(status="pending")
    assert {(row["why"], row["reclaims"], row["attempts"]) for row in again} == {("retried", 0, 3)}
    assert all("closed_at" not in row and "lease" not in row for row in again)
    assert all(row["due_at"] <= clock.now() for row in again)
    mailing = await stored(mailing_id)
    assert (mailing.status, mailing.settled, mailing.retrying) == ("running", False, None)
    assert "pump:bulk:0" in await jobs(parts, "bulk")


@pytest.mark.parametrize("status", sorted(RETRYABLE))
async def test_each_state_but_the_good_ones_can_be_tried_again(
    parts: Parts, status: Status
) -> None:
    mailing_id = await ended(parts, status, status)
    await messages.collection().update_one({}, {"$set": {"maybe_sent": True}})
    assert (await retries.of_mailing(parts, mailing_id, [status], "o")).count == 2
    assert await counted(parts, mailing_id) == {Status.PENDING: 2}
    assert sorted(row["maybe_sent"] for row in await rows()) == [False, True]


async def test_a_mailing_is_not_settled_while_a_request_ends_its_retry(
    parts: Parts, prepared: Any, monkeypatch: pytest.MonkeyPatch, interludes: Interludes
) -> None:
    """Nothing is open when the sweep counts; then the request opens all, and the sweep settles."""
    monkeypatch.setattr(sweep, "TURN_SECONDS", 0.0)
    mailing_id = await ended(parts, FAILED)
    left = {"statuses": [FAILED], "before": clock.now(), "after": None}
    reopened = {"status": MailingStatus.RUNNING, "settled": False, "retrying": left}
    await mailings.collection().update_one({}, {"$set": reopened})

    def open_all() -> None:
        prepared.messages.update_one({}, {"$set": {"status": "pending"}})
        prepared.mailings.update_one({}, {"$set": {"retrying": None}})

    counted_first = lambda: interludes.before("update", "mailings", open_all)  # noqa: E731
    interludes.before("find", "counters", counted_first)
    await sweep.sweep(parts, messages.BULK)
    assert not (await stored(mailing_id)).settled
    interludes.clear()


async def test_a_large_retry_goes_on_by_batches_until_nothing_is_left(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "BATCH", 3)
    states = [FAILED] * 7 + [EXPIRED] * 4 + [Status.UNDELIVERABLE] * 2
    mailing_id = await ended(parts, *states)
    await retries.of_mailing(parts, mailing_id, [FAILED, EXPIRED], "o")
    assert (await stored(mailing_id)).retrying is not None
    rounds = 0
    while await retries.go_on(parts, {"_id": mailing_id}):
        rounds += 1
    assert rounds >= 3
    assert await counted(parts, mailing_id) == {Status.PENDING: 11, Status.UNDELIVERABLE: 2}
    assert (await stored(mailing_id)).retrying is None
    assert not await retries.go_on(parts, {"_id": mailing_id})


async def test_what_fails_again_meanwhile_is_not_tried_a_third_time(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "BATCH", 2)
    mailing_id = await ended(parts, *[FAILED] * 4)
    await retries.of_mailing(parts, mailing_id, [FAILED], "o")
    later = clock.now() + timedelta(seconds=1)
    failed = {"$set": {"status": "failed", "closed_at": later}}
    await messages.collection().update_many({"status": "pending"}, failed)
    while await retries.go_on(parts, {"_id": mailing_id}):
        pass
    assert len(await rows(status="pending")) == 2


async def test_two_turns_at_the_same_moment_put_each_message_back_once(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "BATCH", 5)
    mailing_id = await ended(parts, *[FAILED] * 40)
    await retries.of_mailing(parts, mailing_id, [FAILED], "o")

    async def turn() -> None:
        while await retries.go_on(parts, {"_id": mailing_id}):
            pass

    await asyncio.gather(*(turn() for _ in range(4)))
    assert await counted(parts, mailing_id) == {Status.PENDING: 40}


async def test_a_retry_reads_only_messages_in_its_states(parts: Parts) -> None:
    mailing_id = await ended(parts, FAILED, *[Status.SENT] * 20)
    query = {"mailing_id": mailing_id, "status": "failed", "closed_at": {"$lte": clock.now()}}
    found = messages.collection().find(query).hint("ended_unsent").sort("_id", 1)
    assert (await found.explain())["executionStats"]["totalDocsExamined"] == 1


async def test_a_second_retry_takes_over_what_the_first_has_left(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "BATCH", 1)
    mailing_id = await ended(parts, FAILED, FAILED, FAILED, EXPIRED, EXPIRED)
    await retries.of_mailing(parts, mailing_id, [FAILED], "o")
    await retries.of_mailing(parts, mailing_id, [EXPIRED], "o")
    while await retries.go_on(parts, {"_id": mailing_id}):
        pass
    assert await counted(parts, mailing_id) == {Status.PENDING: 5}


async def test_without_such_messages_nothing_changes(parts: Parts) -> None:
    mailing_id = await ended(parts, Status.SENT)
    before = await stored(mailing_id)
    retried = await retries.of_mailing(parts, mailing_id, [FAILED], "o")
    assert (retried.count, retried.mailing) == (0, before)


async def test_a_paused_mailing_keeps_its_pause(parts: Parts) -> None:
    mailing_id = await ended(parts, FAILED, status=MailingStatus.PAUSED, settled=False)
    await retries.of_mailing(parts, mailing_id, [FAILED], "o")
    assert (await stored(mailing_id)).status is MailingStatus.PAUSED
    assert await counted(parts, mailing_id) == {Status.PENDING: 1}


async def test_after_the_end_a_retry_needs_a_new_one(parts: Parts) -> None:
    mailing_id = await ended(parts, EXPIRED, end_at=clock.now())
    refused = retries.of_mailing(parts, mailing_id, [EXPIRED], "o")
    assert await mistakes(refused) == {("endAt", Problem.NOT_ALLOWED_NOW)}
    for past in (clock.now() - HOUR, clock.now()):
        refused = retries.of_mailing(parts, mailing_id, [EXPIRED], "o", past)
        assert await mistakes(refused) == {("endAt", Problem.INVALID)}
    assert (await stored(mailing_id)).status is MailingStatus.FINISHED
    end = clock.now() + HOUR
    retried = await retries.of_mailing(parts, mailing_id, [EXPIRED], "o", end)
    assert retried.mailing is not None
    assert (retried.mailing.end_at, retried.mailing.status) == (end, MailingStatus.RUNNING)


async def test_while_a_mailing_is_ending_nothing_is_tried_again(parts: Parts) -> None:
    mailing_id = await ended(parts, FAILED, status="running", settled=False, end_at=clock.now())
    refused = retries.of_mailing(parts, mailing_id, [FAILED], "o", clock.now() + HOUR)
    assert await mistakes(refused) == {("mailingId", Problem.CONFLICT)}
    assert await counted(parts, mailing_id) == {FAILED: 1}


@pytest.mark.parametrize("statuses", [[], [Status.SENT], [FAILED, Status.PENDING]])
async def test_only_what_ended_badly_can_be_tried_again(
    parts: Parts, statuses: list[Status]
) -> None:
    mailing_id = await ended(parts, FAILED)
    ((field, _),) = await mistakes(retries.of_mailing(parts, mailing_id, statuses, "o"))
    assert field == "statuses"


async def test_a_cancelled_or_deleted_mailing_is_left_in_peace(parts: Parts) -> None:
    mailing_id = await ended(parts, FAILED, status=MailingStatus.CANCELLED)
    (row,) = await rows()
    not_now = Problem.NOT_ALLOWED_NOW
    refused = retries.of_mailing(parts, mailing_id, [FAILED], "o")
    assert await mistakes(refused) == {("mailingId", not_now)}
    refused = retries.of_messages(parts, [row["_id"]], "o")
    assert await mistakes(refused) == {("messageIds", not_now)}
    await mailings.delete(parts, mailing_id)
    refused = retries.of_mailing(parts, mailing_id, [FAILED], "o")
    assert await mistakes(refused) == {("mailingId", Problem.NOT_FOUND)}
    refused = retries.of_messages(parts, [row["_id"]], "o")
    assert await mistakes(refused) == {("messageIds", Problem.NOT_FOUND)}


async def test_a_cancellation_ends_a_retry_that_is_under_way(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "BATCH", 1)
    mailing_id = await ended(parts, FAILED, FAILED)
    await retries.of_mailing(parts, mailing_id, [FAILED], "o")
    await control.cancel(parts, mailing_id, "o")
    assert not await retries.go_on(parts, {"_id": mailing_id})
    assert await counted(parts, mailing_id) == {Status.CANCELLED: 1, FAILED: 1}


async def test_the_end_ends_a_retry_that_is_under_way(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "BATCH", 1)
    mailing_id = await ended(parts, FAILED, FAILED)
    await retries.of_mailing(parts, mailing_id, [FAILED], "o")
    await mailings.collection().update_one({}, {"$set": {"end_at": clock.now()}})
    assert not await retries.go_on(parts, {"_id": mailing_id})
    assert (await stored(mailing_id)).retrying is None
    assert await counted(parts, mailing_id) == {Status.PENDING: 1, FAILED: 1}


async def test_a_mailing_that_never_started_has_nothing_to_retry(parts: Parts) -> None:
    mailing_id = id_of(await scheduled(parts))
    assert (await retries.of_mailing(parts, mailing_id, [FAILED], "o")).count == 0
