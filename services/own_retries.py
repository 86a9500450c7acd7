"""A sender's own messages, tried again (C4)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from pymongo.asynchronous.client_session import AsyncClientSession

from core import events, mongo
from core.errors import Checklist, Problem
from core.parts import Parts
from models.contact import Contact
from services import messages, retries
from services.retries import Retried


async def retry(parts: Parts, message_ids: Sequence[UUID], by: str) -> Retried:
    """Try up to 1,000 personal messages again that `by` asked for; of others it learns nothing.

    Those to a contact go where the contact is reached now, so it must be there still.
    """
    retries.check_count(len(message_ids))
    now = await mongo.now(parts.mongo)
    retried = await mongo.promptly(parts.mongo, partial(_retry_own, list(message_ids), by, now))
    messages.wake(parts, messages.PERSONAL)
    events.emit("messages.retried", count=retried.count, message_ids=[*message_ids], by=by)
    return retried


async def _retry_own(
    ids: list[UUID], by: str, now: datetime, session: AsyncClientSession
) -> Retried:
    query = {"_id": {"$in": ids}, "by": by}
    found = messages.collection().find(query, session=session)
    rows = {row["_id"]: row async for row in found}
    retries.check_rows(ids, rows)
    _check_lane(ids, rows)
    await _check_contacts(ids, rows, session)
    await retries.reopen_rows([*rows.values()], retries.new_life(now), session)
    return Retried(len(rows))


def _check_lane(ids: list[UUID], rows: Mapping[UUID, Mapping[str, Any]]) -> None:
    checks = Checklist()
    for place, message_id in enumerate(ids):
        if rows[message_id]["mailing_id"] is not None:
            message = "went by the bulk lane; an operator can try it again (retryMessages)"
            checks.add(f"messageIds.{place}", message, Problem.NOT_ALLOWED_NOW)
    checks.close()


async def _check_contacts(
    ids: list[UUID], rows: Mapping[UUID, Mapping[str, Any]], session: AsyncClientSession
) -> None:
    wanted = {row["contact_id"] for row in rows.values() if row.get("contact_id") is not None}
    found = Contact.get_pymongo_collection().find({"_id": {"$in": [*wanted]}}, session=session)
    contacts = {contact["_id"]: contact async for contact in found}
    checks = Checklist()
    for place, message_id in enumerate(ids):
        row = rows[message_id]
        if row.get("contact_id") is None:
            continue
        if not contacts.get(row["contact_id"], {}).get(row["channel"]):
            message = f"{row['contact_name']} is no contact of yours with a handle for it any more"
            checks.add(f"messageIds.{place}", message, Problem.NOT_ALLOWED_NOW)
    checks.close()
