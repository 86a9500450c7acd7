import asyncio
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from core import clock
from core.parts import Parts
from models.mailing import Mailing, MailingStatus
from rules.message import Fate, Status
from services import closing, emails, launch, mailings, messages, results, sweep
from services.letters import Letter
from services.results import Change
from services.stretches import Stretches
from tests import factories
from tests.factories import HOUR, mailing
from tests.services.conftest import Happened
from tests.services.interludes import Interludes
from tests.services.looking import counted

API = "sending_api"


async def state(mailing_id: ObjectId) -> tuple[MailingStatus, bool]:
    stored = await Mailing.get(mailing_id)
    assert stored is not None
    return stored.status, stored.settled


async def end(parts: Parts, mailing_id: ObjectId, count: int, status: Status = Status.SENT) -> None:
    """Bring some messages of a mailing to their end."""
    claimed = await messages.claim(parts, mailing_id, API, count, "w1")
    fate = Fate(status, status is Status.UNCERTAIN)
    await results.write(parts, [Change(one, fate) for one in claimed])


def later(parts: Parts, by: timedelta) -> None:
    """From now on the database's clock is so much ahead."""
    parts.database_clock.observe(clock.now() + by)


async def test_what_a_dead_worker_held_is_given_back(parts: Parts, happened: Happened) -> None:
    mailing_id = await factories.launched(parts, 3)
    await messages.claim(parts, mailing_id, API, 2, "dead")
    later(parts, timedelta(minutes=2))
    await sweep.sweep(parts, messages.BULK)
    assert ("leases.reclaimed", {"count": 2}) in happened
    assert await counted(parts, mailing_id) == {Status.PENDING: 3}
    rows = await messages.collection().find({"maybe_sent": True}).to_list()
    assert len(rows) == 2


async def test_a_mailing_with_all_messages_ended_is_finished(
    parts: Parts, happened: Happened
) -> None:
    mailing_id = await factories.launched(parts, 2)
    await end(parts, mailing_id, 1)
    await sweep.sweep(parts, messages.BULK)
    assert await state(mailing_id) == (MailingStatus.RUNNING, False)
    await end(parts, mailing_id, 1, Status.FAILED)
    await sweep.sweep(parts, messages.BULK)
    assert await state(mailing_id) == (MailingStatus.FINISHED, True)
    finished = [fields for name, fields in happened if name == "mailing.finished"]
    assert finished == [{"mailing_id": str(mailing_id), "open": 0, "sent": 1, "failed": 1}]


async def test_a_mailing_for_nobody_is_finished(parts: Parts) -> None:
    made = await mailings.create(parts, "operator", mailing(tags=("nobody",)))
    assert made.id is not None
    await launch.launch(parts, made.id)
    await sweep.sweep(parts, messages.BULK)
    assert await state(made.id) == (MailingStatus.FINISHED, True)


async def test_a_mailing_not_wholly_launched_is_not_finished(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 1)
    await end(parts, mailing_id, 1)
    await mailings.collection().update_one({}, {"$set": {"launch.expanded": False}})
    await sweep.sweep(parts, messages.BULK)
    assert await state(mailing_id) == (MailingStatus.RUNNING, False)


async def test_at_the_end_what_is_left_expires_or_is_uncertain(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 4)
    await end(parts, mailing_id, 1)
    await messages.collection().update_one({"status": "pending"}, {"$set": {"maybe_sent": True}})
    later(parts, 2 * HOUR)
    await sweep.sweep(parts, messages.BULK)
    assert await counted(parts, mailing_id) == {
        Status.SENT: 1,
        Status.EXPIRED: 2,
        Status.UNCERTAIN: 1,
    }
    assert await state(mailing_id) == (MailingStatus.FINISHED, True)


async def test_what_is_on_its_way_at_the_end_is_waited_for(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 2)
    (held,) = await messages.claim(parts, mailing_id, API, 1, "w1")
    await mailings.collection().update_one({}, {"$set": {"end_at": clock.now()}})
    await sweep.sweep(parts, messages.BULK)
    assert await counted(parts, mailing_id) == {Status.EXPIRED: 1, Status.SENDING: 1}
    assert await state(mailing_id) == (MailingStatus.RUNNING, False)
    await results.write(parts, [Change(held, Fate(Status.SENT, maybe_sent=False))])
    await sweep.sweep(parts, messages.BULK)
    assert await state(mailing_id) == (MailingStatus.FINISHED, True)


async def test_a_deleted_mailing_is_settled_as_cancelled_with_what_came_back(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 3)
    (held,) = await messages.claim(parts, mailing_id, API, 1, "w1")
    await mailings.delete(parts, mailing_id)
    await results.write(
        parts, [Change(held, Fate(Status.PENDING, maybe_sent=True, due_at=clock.now()))]
    )
    await sweep.sweep(parts, messages.BULK)
    assert await counted(parts, mailing_id) == {Status.CANCELLED: 2, Status.UNCERTAIN: 1}
    assert await state(mailing_id) == (MailingStatus.CANCELLED, True)


async def test_the_sweep_closes_what_a_deletion_left_over(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "CLOSING_BATCH", 4)
    mailing_id = await factories.launched(parts, 10)
    await mailings.delete(parts, mailing_id)
    await sweep.sweep(parts, messages.BULK)
    assert await counted(parts, mailing_id) == {Status.CANCELLED: 10}
    assert await state(mailing_id) == (MailingStatus.CANCELLED, True)


async def test_a_settled_mailing_is_left_alone(parts: Parts, happened: Happened) -> None:
    mailing_id = await factories.launched(parts, 1)
    await end(parts, mailing_id, 1)
    await sweep.sweep(parts, messages.BULK)
    before = await Mailing.get(mailing_id)
    await sweep.sweep(parts, messages.BULK)
    assert await Mailing.get(mailing_id) == before
    assert [name for name, _ in happened].count("mailing.finished") == 1


async def test_a_mailing_changed_while_it_is_settled_is_looked_at_again(
    parts: Parts, prepared: Any, interludes: Interludes
) -> None:
    mailing_id = await factories.launched(parts, 1)
    await end(parts, mailing_id, 1)
    changed = {"$inc": {"version": 1}}
    interludes.before("find", "counters", lambda: prepared.mailings.update_one({}, changed))
    await sweep.sweep(parts, messages.BULK)
    assert await state(mailing_id) == (MailingStatus.RUNNING, False)
    await sweep.sweep(parts, messages.BULK)
    assert await state(mailing_id) == (MailingStatus.FINISHED, True)


async def test_sweepers_at_once_settle_once(parts: Parts, other: Parts, happened: Happened) -> None:
    mailing_id = await factories.launched(parts, 300)
    await mailings.collection().update_one({}, {"$set": {"end_at": clock.now()}})
    await asyncio.gather(
        *(sweep.sweep(process, messages.BULK) for process in (parts, other, parts, other))
    )
    await sweep.sweep(parts, messages.BULK)
    assert await counted(parts, mailing_id) == {Status.EXPIRED: 300}
    assert [name for name, _ in happened].count("mailing.finished") == 1


async def test_mailings_whose_time_has_come_or_whose_launch_broke_off_are_to_be_launched(
    parts: Parts,
) -> None:
    async def created(**said: Any) -> ObjectId:
        made = await mailings.create(parts, "operator", mailing(**said))
        assert made.id is not None
        return made.id

    due = await created()
    future = await created(start_at=clock.now() + HOUR, end_at=clock.now() + 5 * HOUR)
    deleted = await created()
    await mailings.delete(parts, deleted)
    broken = await factories.launched(parts, 2)
    await mailings.collection().update_one({"_id": broken}, {"$set": {"launch.expanded": False}})
    assert set(await sweep.to_launch(parts)) == {due, broken}
    later(parts, 2 * HOUR)
    assert future in await sweep.to_launch(parts)


async def test_a_launch_that_broke_off_is_continued(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "BATCH", 2)
    await factories.clients(5)
    made = await mailings.create(parts, "operator", mailing())
    assert made.id is not None
    started = await launch._start(parts, made.id)
    assert started is not None
    ahead = Stretches(started)
    await launch._commit(parts, await launch._next_batch(ahead, ahead.begin, clock.now()))
    assert (await counted(parts, made.id)) == {Status.PENDING: 2}
    (mailing_id,) = await sweep.to_launch(parts)
    assert await launch.launch(parts, mailing_id) == 3
    assert await sweep.to_launch(parts) == []
    assert (await counted(parts, made.id)) == {Status.PENDING: 5}


async def test_a_mailing_missed_until_after_its_end_is_on_record_as_expired(parts: Parts) -> None:
    """All workers were down for its whole time."""
    await factories.clients(3)
    made = await mailings.create(
        parts, "operator", mailing(start_at=clock.now() - 2 * HOUR, end_at=clock.now() - HOUR)
    )
    assert made.id is not None
    assert await sweep.to_launch(parts) == [made.id]
    await launch.launch(parts, made.id)
    assert not await sweep.work_is_due(parts, messages.BULK)
    await sweep.sweep(parts, messages.BULK)
    assert await counted(parts, made.id) == {Status.EXPIRED: 3}
    assert await state(made.id) == (MailingStatus.FINISHED, True)


async def test_bulk_work_is_due_while_a_running_mailing_has_due_messages(parts: Parts) -> None:
    assert not await sweep.work_is_due(parts, messages.BULK)
    mailing_id = await factories.launched(parts, 1)
    assert await sweep.work_is_due(parts, messages.BULK)
    assert not await sweep.work_is_due(parts, messages.PERSONAL)
    await messages.collection().update_one({}, {"$set": {"due_at": clock.now() + HOUR / 2}})
    assert not await sweep.work_is_due(parts, messages.BULK)
    later(parts, HOUR * 0.75)
    assert await sweep.work_is_due(parts, messages.BULK)
    later(parts, 2 * HOUR)  # past the end
    assert not await sweep.work_is_due(parts, messages.BULK)
    parts.database_clock.observe(clock.now())
    await messages.claim(parts, mailing_id, API, 1, "w1")
    assert not await sweep.work_is_due(parts, messages.BULK)


async def test_personal_work_is_due_while_an_e_mail_waits(parts: Parts) -> None:
    words = Letter({"subject": "s", "text": "t"})
    email = emails.Email("n1", ObjectId(), "a@example.com", "new_login", words)
    async with parts.mongo.start_session() as session:
        await emails.add(session, email, clock.now())
    assert await sweep.work_is_due(parts, messages.PERSONAL)
    assert not await sweep.work_is_due(parts, messages.BULK)
    await messages.claim(parts, None, "email", 1, "w1")
    assert not await sweep.work_is_due(parts, messages.PERSONAL)
