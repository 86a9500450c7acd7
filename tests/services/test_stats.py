import asyncio
from functools import partial
from typing import Any

from bson import ObjectId

from core import clock
from core.parts import Parts
from rules.message import Fate, Status
from services import mailings, messages, results, stats
from services.results import Change
from services.stats import Statistics
from tests import factories
from tests.factories import mailing
from tests.services.interludes import Interludes

SENT = Fate(Status.SENT, maybe_sent=False)


async def test_a_mailing_without_messages_has_nothing_in_every_status(parts: Parts) -> None:
    counts = await stats.of_mailing(parts, ObjectId())
    assert counts == Statistics(dict.fromkeys(Status, 0))
    assert counts.total == 0


async def test_each_status_is_counted(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 10)
    claimed = await messages.claim(parts, mailing_id, "sending_api", 6, "w1")
    fates = [
        SENT,
        SENT,
        Fate(Status.FAILED, maybe_sent=False),
        Fate(Status.UNCERTAIN, maybe_sent=True),
    ]
    await results.write(
        parts, [Change(one, fate) for one, fate in zip(claimed, fates, strict=False)]
    )
    counts = await stats.of_mailing(parts, mailing_id)
    assert counts == await stats.recount(mailing_id)
    assert {status: count for status, count in counts.by_status.items() if count} == {
        Status.PENDING: 4,
        Status.SENDING: 2,
        Status.SENT: 2,
        Status.FAILED: 1,
        Status.UNCERTAIN: 1,
    }


async def test_over_all_mailings_the_counts_are_added_up_deleted_ones_too(parts: Parts) -> None:
    first = await factories.launched(parts, 3)
    made = await mailings.create(parts, "operator", mailing(tags=("nobody",)))
    await messages.claim(parts, first, "sending_api", 1, "w1")
    await mailings.delete(parts, first)
    counts = await stats.overall(parts)
    assert counts.mailings == 2
    assert counts.by_status[Status.CANCELLED] == 2
    assert counts.by_status[Status.SENDING] == 1
    assert counts.total == 3
    assert made.id is not None
    assert (await stats.of_mailing(parts, made.id)).total == 0


async def test_personal_messages_are_no_part_of_the_statistics_of_mailings(parts: Parts) -> None:
    await factories.launched(parts, 2)
    await messages.collection().update_one({}, {"$set": {"mailing_id": None}})
    await messages.claim(parts, None, "sending_api", 1, "w1")
    assert (await stats.overall(parts)).by_status[Status.SENDING] == 0


async def test_the_statuses_always_add_up_while_workers_claim_and_write(
    parts: Parts, other: Parts
) -> None:
    count = 600
    mailing_id = await factories.launched(parts, count)

    async def work(process: Parts, worker: str) -> None:
        while claimed := await messages.claim(process, mailing_id, "sending_api", 20, worker):
            await results.write(process, [Change(one, SENT) for one in claimed])

    workers = asyncio.gather(*(work(process, "w") for process in (parts, other, parts)))
    seen: list[int] = []
    while not workers.done():
        for counts in (await stats.of_mailing(parts, mailing_id), await stats.overall(parts)):
            assert counts.total == count
            assert min(counts.by_status.values()) >= 0
            seen.append(counts.by_status[Status.SENT])
    await workers
    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    left = await messages.claim(parts, mailing_id, "sending_api", count, "w")
    await results.write(parts, [Change(one, SENT) for one in left])
    assert (await stats.of_mailing(parts, mailing_id)).by_status[Status.SENT] == count


async def test_the_counts_are_of_one_moment_whatever_happens_between_their_reads(
    parts: Parts, prepared: Any, interludes: Interludes
) -> None:
    mailing_id = await factories.launched(parts, 5)
    claimed = {"$set": {"status": "sending", "lease": {"until": clock.now()}}}
    act = partial(prepared.messages.update_many, {}, claimed)
    interludes.before("aggregate", "messages", act)
    before = await stats.of_mailing(parts, mailing_id)
    assert (before.by_status[Status.PENDING], before.by_status[Status.SENDING]) == (5, 0)
    after = await stats.of_mailing(parts, mailing_id)
    assert (after.by_status[Status.PENDING], after.by_status[Status.SENDING]) == (0, 5)
