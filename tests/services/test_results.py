"""What became of claimed rows: written once, and only where the lease is still ours."""

import asyncio
import uuid
from functools import partial
from typing import Any

from core import clock
from core.parts import Parts
from models.attempt import Attempt
from rules.message import Fate, Status
from services import messages, results, stats
from tests import factories
from tests.services.claims import (
    FAILED,
    SENT,
    SOON,
    attempt,
    change,
    pending,
    personal_row,
    reclaimed,
)
from tests.services.interludes import Interludes
from tests.services.looking import counted, row_of, rows
from tests.services.pumping import claim


async def test_what_became_of_a_row_is_written_with_its_attempt_and_counted(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 3)
    sent, put_off, failed = await claim(parts, mailing_id)
    at, due = clock.now(), clock.now() + SOON
    changes = [
        change(sent, at=at),
        change(put_off, pending(due, maybe_sent=True), why="unknown: timeout"),
        change(failed, Fate(Status.FAILED, maybe_sent=False), why="refused: 400", at=at),
    ]
    assert await results.write(parts, changes) == 3
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
    assert await results.write(parts, [change(one, pending(), attempt=None)]) == 1
    row = await row_of(one)
    assert (row["attempts"], row["status"], "lease" in row) == (0, "pending", False)
    assert await Attempt.count() == 0
    assert await results.write(parts, []) == 0


async def test_a_row_that_another_worker_has_now_is_left_alone_but_the_attempt_is_counted(
    parts: Parts,
) -> None:
    mailing_id = await factories.launched(parts, 2)
    slow = await claim(parts, mailing_id, worker="slow")
    await reclaimed(parts)
    (taken, *_) = await claim(parts, mailing_id, 1, worker="quick")
    before = await row_of(taken)
    # The other row is nobody's now: it learns that it was sent after all.
    assert await results.write(parts, [change(one) for one in slow]) == 1
    assert await row_of(taken) == {**before, "attempts": before["attempts"] + 1}
    assert await Attempt.count() == 2 + 2
    assert await counted(parts, mailing_id) == {Status.SENDING: 1, Status.SENT: 1}
    assert await results.write(parts, [change(taken)]) == 1
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
        results.write(parts, late), results.write(other, [change(one) for one in quick])
    )
    assert (lost, ours) == (0, 20)
    assert await counted(parts, mailing_id) == {Status.SENT: 20}


async def test_writing_the_same_again_doubles_neither_attempts_nor_counters(parts: Parts) -> None:
    """As after a commit whose answer was lost on the way."""
    mailing_id = await factories.launched(parts, 3)
    sent, put_off, unwritten = await claim(parts, mailing_id)
    first = [change(sent), change(put_off, pending())]
    more = [*first, change(unwritten)]
    assert [await results.write(parts, changes) for changes in (first, more, more)] == [2, 1, 0]
    assert [(await row_of(one))["attempts"] for one in (sent, put_off)] == [1, 1]
    assert await counted(parts, mailing_id) == {Status.SENT: 2, Status.PENDING: 1}
    assert await Attempt.count() == 3


async def test_a_personal_message_moves_no_counter(parts: Parts) -> None:
    await personal_row()
    (one,) = await claim(parts, None)
    assert await results.write(parts, [change(one)]) == 1
    assert (await stats.overall(parts)).total == 0


async def test_a_batch_of_many_different_ends_is_sorted_out_where_one_lease_is_lost(
    parts: Parts,
) -> None:
    mailing_id = await factories.launched(parts, 40)
    claimed = await claim(parts, mailing_id)
    lost, *ours = claimed
    lease = {"token": uuid.uuid4(), "until": clock.now() + SOON, "worker": "w2"}
    await messages.collection().update_one({"_id": lost.id}, {"$set": {"lease": lease}})
    due = clock.now() + SOON
    fates = [
        (SENT, ""),
        (FAILED, "refused: 400"),
        (FAILED, "refused: 422"),
        (Fate(Status.UNDELIVERABLE, maybe_sent=False), "undeliverable: 550"),
        (Fate(Status.UNCERTAIN, maybe_sent=True), "refused: 400"),
        (Fate(Status.EXPIRED, maybe_sent=False), "the end came first"),
        (Fate(Status.CANCELLED, maybe_sent=False), "client deleted"),
        (pending(due), "not_accepted: 503"),
        (pending(due, maybe_sent=True), "unknown: timeout"),
        (pending(due + SOON, maybe_sent=True), "unknown: timeout"),
    ]
    ends = [fates[place % len(fates)] for place in range(40)]
    tried = (Status.EXPIRED, Status.CANCELLED)
    changes = [
        change(one, fate, why=why, **({"attempt": None} if fate.status in tried else {}))
        for one, (fate, why) in zip(claimed, ends, strict=True)
    ]
    before = await row_of(lost)
    assert await results.write(parts, changes) == 39
    assert await row_of(lost) == {**before, "attempts": 1}
    for one, (fate, why) in zip(ours, ends[1:], strict=True):
        row = await row_of(one)
        assert (row["status"], row["why"], row["maybe_sent"], "lease" in row) == (
            fate.status,
            why,
            fate.maybe_sent,
            False,
        )
        assert row["due_at"] == (fate.due_at or one.row["due_at"])
        assert row["attempts"] == (0 if fate.status in tried else 1)
    assert await Attempt.count() == 32
    assert sum((await counted(parts, mailing_id)).values()) == 40


async def test_a_row_that_is_gone_keeps_its_attempt_and_holds_up_no_other(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 2)
    gone, there = await claim(parts, mailing_id)
    await messages.collection().delete_one({"_id": gone.id})
    assert await results.write(parts, [change(gone), change(there)]) == 1
    assert (await row_of(there))["status"] == "sent"
    assert await Attempt.count() == 2


async def test_a_lease_lost_right_before_the_writing_is_noticed(
    parts: Parts, prepared: Any, interludes: Interludes
) -> None:
    mailing_id = await factories.launched(parts, 5)
    claimed = await claim(parts, mailing_id)
    taken = {"$set": {"lease.token": "another's"}}
    act = partial(prepared.messages.update_one, {"number": claimed[3].row["number"]}, taken)
    interludes.before("update", "messages", act)
    changes = [change(one, why=str(place % 2)) for place, one in enumerate(claimed)]
    assert await results.write(parts, changes) == 4
    assert [row["_id"] for row in await rows(status="sending")] == [claimed[3].id]
    assert await counted(parts, mailing_id) == {Status.SENT: 4, Status.SENDING: 1}
    assert await Attempt.count() == 5


async def test_an_attempt_stored_already_is_not_stored_again_though_its_row_is_new_to_us(
    parts: Parts,
) -> None:
    mailing_id = await factories.launched(parts, 2)
    one, two = await claim(parts, mailing_id)
    stored = attempt(one)
    await Attempt.get_pymongo_collection().insert_one(dict(stored))
    changes = [change(one, attempt=stored), change(two)]
    assert await results.write(parts, changes) == 2
    assert await Attempt.count() == 2
    assert await counted(parts, mailing_id) == {Status.SENT: 2}
