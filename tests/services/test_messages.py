import asyncio
import uuid
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from core import clock
from core.parts import Parts
from models.attempt import Attempt
from rules.message import Fate, Status
from services import messages, stats
from services.messages import Change, Claimed
from tests import factories
from tests.services.interludes import Interludes
from tests.services.looking import counted, row_of
from tests.services.pumping import API, claim

SENT = Fate(Status.SENT, maybe_sent=False)

SOON = timedelta(minutes=1)


def attempt(claimed: Claimed, **said: Any) -> dict[str, Any]:
    """The record of one try."""
    usual = {"number": claimed.row["attempts"] + 1, "address": "79990000000", "verdict": "accepted"}
    return {
        "_id": ObjectId(),
        "message_id": claimed.id,
        "mailing_id": claimed.mailing_id,
        "channel": API,
        "started_at": clock.now(),
        "duration_ms": 1.0,
        "code": "200",
        "answer": "OK",
        "worker": "w1",
        **usual,
        **said,
    }


def change(claimed: Claimed, fate: Fate = SENT, **said: Any) -> Change:
    return Change(claimed, fate, **{"attempt": attempt(claimed), **said})


def pending(due_at: datetime | None = None, maybe_sent: bool = False) -> Fate:
    return Fate(Status.PENDING, maybe_sent, due_at or clock.now())


async def personal_row() -> None:
    """A message that belongs to no mailing."""
    row = {"_id": uuid.uuid4(), "mailing_id": None, "channel": API, "status": Status.PENDING}
    due = {"due_at": clock.now(), "attempts": 0, "maybe_sent": False}
    await messages.collection().insert_one(row | due)


async def test_a_claimed_row_is_leased_to_its_worker(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 3)
    before = clock.now()
    claimed = await claim(parts, mailing_id, 2, worker="$$NOW")
    assert len(claimed) == 2
    for one in claimed:
        row = await row_of(one)
        assert row == one.row
        assert row["status"] == "sending"
        assert (row["lease"]["token"], row["lease"]["worker"]) == (one.token, "$$NOW")
        lease = timedelta(seconds=parts.settings.lease_seconds)
        assert before + lease <= row["lease"]["until"] <= clock.now() + lease
    assert await counted(parts, mailing_id) == {Status.PENDING: 1, Status.SENDING: 2}


async def test_a_claim_takes_what_is_due_of_one_mailing_and_channel(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 4, channels=(API, "email"))
    await personal_row()
    later = {"$set": {"due_at": clock.now() + SOON}}
    row = await messages.collection().find_one_and_update(
        {"channel": API, "number": {"$ne": None}}, later
    )
    assert row is not None
    claimed = await claim(parts, mailing_id)
    assert {one.mailing_id for one in claimed} == {mailing_id}
    assert {one.row["channel"] for one in claimed} == {API}
    assert len(claimed) == 3
    assert row["_id"] not in {one.id for one in claimed}
    assert [one.mailing_id for one in await claim(parts, None)] == [None]
    assert await claim(parts, ObjectId()) == []


async def test_no_row_is_given_to_two_of_many_claimers(parts: Parts, other: Parts) -> None:
    mailing_id = await factories.launched(parts, 400)

    async def work(process: Parts, worker: str) -> list[uuid.UUID]:
        mine: list[uuid.UUID] = []
        while claimed := await claim(process, mailing_id, 30, worker):
            mine += [one.id for one in claimed]
        return mine

    taken = await asyncio.gather(
        *(work(process, f"w{number}") for number, process in enumerate([parts, other] * 4))
    )
    times = Counter(one for mine in taken for one in mine)
    assert set(times.values()) == {1}
    left = await claim(parts, mailing_id)
    assert len(times) + len(left) == 400


async def test_a_row_put_off_between_finding_and_claiming_is_not_claimed(
    parts: Parts, prepared: Any, interludes: Interludes
) -> None:
    """Another worker has claimed it, was told to wait by the provider, and has written so."""
    mailing_id = await factories.launched(parts, 2)
    later = {"$set": {"due_at": clock.now() + SOON}}
    interludes.before("update", "messages", lambda: prepared.messages.update_one({}, later))
    assert len(await claim(parts, mailing_id)) == 1


async def test_a_renewed_lease_runs_longer(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 2)
    claimed = await claim(parts, mailing_id)
    ended = {"$set": {"lease.until": clock.now() - SOON}}
    await messages.collection().update_many({}, ended)
    assert await messages.renew(parts, claimed) == 2
    for one in claimed:
        assert (await row_of(one))["lease"]["until"] > clock.now() + timedelta(seconds=50)


async def test_only_ones_own_lease_is_renewed(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 2)
    mine, lost = await claim(parts, mailing_id)
    lease = {"token": uuid.uuid4(), "until": clock.now(), "worker": "w2"}
    await messages.collection().update_one({"_id": lost.id}, {"$set": {"lease": lease}})
    assert await messages.renew(parts, [mine, lost]) == 1
    assert (await row_of(lost))["lease"] == lease
    assert await messages.renew(parts, []) == 0


async def test_what_became_of_a_row_is_written_with_its_attempt_and_counted(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 3)
    sent, put_off, failed = await claim(parts, mailing_id)
    at, due = clock.now(), clock.now() + SOON
    changes = [
        change(sent, at=at),
        change(put_off, pending(due, maybe_sent=True), why="unknown: timeout"),
        change(failed, Fate(Status.FAILED, maybe_sent=False), why="refused: 400", at=at),
    ]
    assert await messages.write(parts, changes) == 3
    row = await row_of(sent)
    assert (row["status"], row["sent_at"], row["closed_at"]) == ("sent", at, at)
    assert (row["attempts"], row["address"], "lease" in row) == (1, "79990000000", False)
    row = await row_of(put_off)
    assert (row["status"], row["due_at"], row["maybe_sent"]) == ("pending", due, True)
    assert (row["why"], row.get("closed_at"), "lease" in row) == ("unknown: timeout", None, False)
    row = await row_of(failed)
    assert (row["status"], row["why"], row.get("sent_at")) == ("failed", "refused: 400", None)
    assert await Attempt.count() == 3
    counts = {Status.SENT: 1, Status.PENDING: 1, Status.FAILED: 1}
    assert await counted(parts, mailing_id) == counts


async def test_a_change_without_an_attempt_counts_none(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 1)
    (one,) = await claim(parts, mailing_id)
    assert await messages.write(parts, [change(one, pending(), attempt=None)]) == 1
    row = await row_of(one)
    assert (row["attempts"], row["status"], "lease" in row) == (0, "pending", False)
    assert await Attempt.count() == 0
    assert await messages.write(parts, []) == 0


async def reclaimed(parts: Parts) -> int:
    """Let every lease run out and give the rows back."""
    await messages.collection().update_many(
        {"status": "sending"}, {"$set": {"lease.until": clock.now() - SOON}}
    )
    return await messages.reclaim(parts)


async def test_a_row_that_another_worker_has_now_is_left_alone_but_the_attempt_is_kept(
    parts: Parts,
) -> None:
    mailing_id = await factories.launched(parts, 2)
    slow = await claim(parts, mailing_id, worker="slow")
    await reclaimed(parts)
    (taken, *_) = await claim(parts, mailing_id, 1, worker="quick")
    before = await row_of(taken)
    # The other row is nobody's now: it learns that it was sent after all.
    assert await messages.write(parts, [change(one) for one in slow]) == 1
    assert await row_of(taken) == before
    assert await Attempt.count() == 2
    assert await counted(parts, mailing_id) == {Status.SENDING: 1, Status.SENT: 1}
    assert await messages.write(parts, [change(taken)]) == 1
    assert await counted(parts, mailing_id) == {Status.SENT: 2}


async def test_of_two_workers_that_write_at_once_only_the_owner_of_the_lease_counts(
    parts: Parts, other: Parts
) -> None:
    mailing_id = await factories.launched(parts, 20)
    slow = await claim(parts, mailing_id, worker="slow")
    await reclaimed(parts)
    quick = await claim(parts, mailing_id, worker="quick")
    late = [change(one, Fate(Status.FAILED, maybe_sent=False)) for one in slow]
    lost, ours = await asyncio.gather(
        messages.write(parts, late), messages.write(other, [change(one) for one in quick])
    )
    assert (lost, ours) == (0, 20)
    assert await counted(parts, mailing_id) == {Status.SENT: 20}


async def test_writing_the_same_again_doubles_neither_attempts_nor_counters(parts: Parts) -> None:
    """As after a commit whose answer was lost on the way."""
    mailing_id = await factories.launched(parts, 3)
    sent, put_off, unwritten = await claim(parts, mailing_id)
    first = [change(sent), change(put_off, pending())]
    more = [*first, change(unwritten)]
    assert [await messages.write(parts, changes) for changes in (first, more, more)] == [2, 1, 0]
    assert [(await row_of(one))["attempts"] for one in (sent, put_off)] == [1, 1]
    assert await counted(parts, mailing_id) == {Status.SENT: 2, Status.PENDING: 1}
    assert await Attempt.count() == 3


async def test_a_personal_message_moves_no_counter(parts: Parts) -> None:
    await personal_row()
    (one,) = await claim(parts, None)
    assert await messages.write(parts, [change(one)]) == 1
    assert (await stats.overall(parts)).total == 0


async def test_waking_a_lane_queues_its_pump(parts: Parts) -> None:
    messages.wake(parts)
    messages.wake(parts, messages.BULK)
    await parts.queue.close()
    for lane in (messages.PERSONAL, messages.BULK):
        (job,) = await parts.redis.queued_jobs(queue_name=f"belfry:{lane}")
        assert (job.function, tuple(job.args)) == ("pump", (lane, 0))
