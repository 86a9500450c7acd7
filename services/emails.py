"""The e-mails of notifications: rows of the personal lane, made with the notification (N7)."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from rules.message import Route, Status, message_id
from services import messages

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
    subject: str
    text: str
    wait: timedelta | None = None
    """How long to wait for `source`, an item of the inbox, to be read: then it stays unsent."""


async def add(session: AsyncClientSession, email: Email, now: datetime) -> uuid.UUID:
    """Queue an e-mail in the transaction that stores its notification; the message's id.

    `now` is the database's time, by which workers look for what is due.
    """
    row_id = message_id(email.source, str(email.user_id), Route.EMAIL)
    due_at = now + (email.wait or timedelta())
    row = {
        "_id": row_id,
        "mailing_id": None,
        "user_id": email.user_id,
        "channel": Route.EMAIL.value,
        "address": email.address,
        "content": {"subject": email.subject, "text": email.text},
        "kind": email.kind,
        "end_at": due_at + PERSONAL_LIFE,
        "status": Status.PENDING,
        "why": "" if email.wait is None else WAITS,
        "due_at": due_at,
        "attempts": 0,
        "unread_item": None if email.wait is None else email.source,
        "maybe_sent": False,
        "created_at": now,
    }
    await messages.collection().insert_one(row, session=session)
    return row_id
