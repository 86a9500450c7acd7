"""What is held back after a restore, and that a command that died can be given again."""

from datetime import timedelta

import pytest

from core import clock, failpoints
from core.parts import Parts
from models.mailing import MailingStatus
from rules.message import Status
from services import mailings, messages, reconcile, restoring
from tests import factories
from tests.services import pumping


async def test_what_waits_for_later_is_left_alone(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 3)
    held = await pumping.claim(parts, mailing_id, 1)
    later = {"$set": {"due_at": clock.now() + timedelta(days=1)}}
    await messages.collection().update_one({"status": "pending"}, later)

    def die() -> None:
        raise KeyboardInterrupt

    until = clock.now() + timedelta(minutes=1)
    failpoints.arm("restoring.marked", testing=True, act=die)
    with pytest.raises(KeyboardInterrupt):
        await restoring.hold_back(parts, until)
    failpoints.arm("", testing=True)
    assert (await restoring.hold_back(parts, until)).messages == 2
    rows = {row["_id"]: row async for row in messages.collection().find()}
    statuses = sorted(row["status"] for row in rows.values())
    assert statuses == [Status.PENDING, Status.UNCERTAIN, Status.UNCERTAIN]
    assert rows[held[0].id]["status"] == Status.UNCERTAIN, "it was under way in the backup"
    assert {row["why"] for row in rows.values()} == {"", restoring.WHY}
    assert await reconcile.reconcile(parts, mailing_id) == {}


async def test_mailings_that_may_have_been_launched_or_retried_are_paused(parts: Parts) -> None:
    due = factories.id_of(await factories.created(parts))
    retried = await factories.launched(parts, 1)
    await mailings.collection().update_one({"_id": retried}, {"$set": {"retrying": {}}})
    await factories.launched(parts, 0)
    found = await restoring.count(parts, clock.now() + timedelta(minutes=1))
    assert set(found.mailings) == {due, retried}
    await mailings.collection().update_one({"_id": retried}, {"$set": {"retrying": None}})
    done = await restoring.hold_back(parts, clock.now() + timedelta(minutes=1))
    assert done.mailings == [due]
    mailing = await mailings.get(due)
    assert mailing is not None and mailing.status is MailingStatus.PAUSED
