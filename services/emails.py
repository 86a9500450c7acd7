"""The e-mails of notifications: rows of the personal lane, made with the notification (N7)."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from rules.message import OPEN, Route, Status, Step, message_id, step
from services import messages, personal
from services.letters import Letter
from services.objections import WITHDRAWN

PERSONAL_LIFE = timedelta(days=3)
"""How long the e-mail of a notification is tried; RFC 5321 section 4.5.4.1 asks for 4 to 5 days
of a relay, but news of a login is no use by then."""
WAITS = "waits to be read"


@dataclass(frozen=True, slots=True)
class Email:
    """The e-mail of a notification."""

    source: str
    user_id: ObjectId
    address: str
    kind: str
    letter: Letter
    wait: timedelta | None = None
    """How long to wait for `source`, an item of the inbox, to be read: then it stays unsent."""
    by: str | None = None
    """The subject of its maker."""


async def add(session: AsyncClientSession, email: Email, now: datetime) -> uuid.UUID:
    """Queue an e-mail in the transaction that stores its notification; the message's id.

    `now` is the database's time, by which workers look for what is due.
    """
    due_at = now + (email.wait or timedelta())
    return await personal.add(
        session,
        personal.Personal(
            source=email.source,
            recipient=str(email.user_id),
            route=Route.EMAIL,
            address=email.address,
            content=email.letter.content,
            due_at=due_at,
            end_at=due_at + PERSONAL_LIFE,
            why="" if email.wait is None else WAITS,
            links={
                "user_id": email.user_id,
                "kind": email.kind,
                "topic": email.kind,
                "unread_item": None if email.wait is None else email.source,
                "by": email.by,
                "template": email.letter.template,
            },
        ),
        now,
    )


async def exists(user_id: ObjectId, item_id: str) -> bool:
    """Whether an item has an e-mail, sent or not: it came with the item or never will."""
    row = {"_id": _id(item_id, user_id)}
    return await messages.collection().find_one(row, projection={"_id": 1}) is not None


async def rewrite(
    session: AsyncClientSession, user_id: ObjectId, item_id: str, letter: Letter
) -> None:
    """Let the e-mail of an item say something else, if there is one that has not left."""
    open_one = {"_id": _id(item_id, user_id), "status": {"$in": list(OPEN)}}
    said = {"$set": {"content": letter.content, "template": letter.template}}
    await messages.collection().update_one(open_one, said, session=session)


async def read(session: AsyncClientSession, user_id: ObjectId, item_ids: Iterable[str]) -> None:
    """Let the e-mails that wait for these items stay unsent, also when the items are kept no more."""
    open_ones = {
        "_id": {"$in": [_id(item_id, user_id) for item_id in item_ids]},
        "status": {"$in": list(OPEN)},
    }
    await messages.collection().update_many(open_ones, {"$set": {"read": True}}, session=session)


async def withdraw(
    session: AsyncClientSession,
    user_id: ObjectId,
    item_id: str,
    now: datetime,
    maker: str | None = None,
) -> bool | None:
    """Cancel the e-mail of an item; one that a worker has in hand is not tried a second time.

    Whether that changed anything; None if there is nothing to take back. For a `maker` there are
    only those that it made.
    """
    row_id = _id(item_id, user_id)
    row = await messages.collection().find_one({"_id": row_id}, session=session)
    if row is None or row["status"] == Status.SENT or maker not in (None, row.get("by")):
        return None
    if row.get("withdrawn"):
        return False
    changes: dict[str, Any] = {"withdrawn": True}
    if row["status"] == Status.PENDING:
        status, _ = step(Status.PENDING, Step.CANCELLED, maybe_sent=row["maybe_sent"])
        changes |= {"status": status, "why": WITHDRAWN, "closed_at": now}
    await messages.collection().update_one({"_id": row_id}, {"$set": changes}, session=session)
    return True


def _id(item_id: str, user_id: ObjectId) -> uuid.UUID:
    return message_id(item_id, str(user_id), Route.EMAIL)
