"""Messages that have ended, for tests of what may follow."""

from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from core import clock, mongo
from core.parts import Parts
from models.mailing import Mailing, MailingStatus
from rules.message import Status
from services import counters, mailings, messages
from tests import factories
from tests.services.looking import rows


async def ended(
    parts: Parts, *statuses: Status, mailing_id: ObjectId | None = None, **values: Any
) -> ObjectId:
    """A finished mailing with one message in each of these states, and counters that say so."""
    mailing_id = mailing_id or await factories.launched(parts, len(statuses))
    made = await rows(mailing_id=mailing_id)
    now = clock.now()

    async def work(session: Any) -> None:
        moves: counters.Moves = counters.Moves()
        updates = []
        for row, status in zip(made, statuses, strict=True):
            said = {"status": status, "closed_at": now, "reclaims": 2, "why": "x", "attempts": 3}
            updates.append(UpdateOne({"_id": row["_id"]}, {"$set": said}))
            counters.move(moves, mailing_id, Status.PENDING, status)
        await messages.collection().bulk_write(updates, session=session)
        await counters.apply(moves, session)

    await mongo.in_transaction(parts.mongo, work)
    done = {"status": MailingStatus.FINISHED, "settled": True, **values}
    await mailings.collection().update_one({"_id": mailing_id}, {"$set": done})
    return mailing_id


async def stored(mailing_id: ObjectId) -> Mailing:
    found = await Mailing.get(mailing_id)
    assert found is not None
    return found
