import asyncio
import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

from bson import ObjectId

from core import clock
from core.parts import Parts
from rules.message import Status
from services import messages
from tests import factories
from tests.services.claims import SOON, personal_row
from tests.services.interludes import Interludes
from tests.services.looking import counted, row_of
from tests.services.pumping import API, claim


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


async def test_waking_a_lane_queues_its_pump(parts: Parts) -> None:
    messages.wake(parts)
    messages.wake(parts, messages.BULK)
    await parts.queue.close()
    for lane in (messages.PERSONAL, messages.BULK):
        (job,) = await parts.redis.queued_jobs(queue_name=f"belfry:{lane}")
        assert (job.function, tuple(job.args)) == ("pump", (lane, 0))
