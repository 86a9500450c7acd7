"""What was sent: messages and their attempts, for whoever looks (M7, M9)."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from bson import ObjectId

from models.attempt import Attempt
from models.message import Message
from rules.message import Status
from services import paging

MOST_ATTEMPTS = 100


async def message(message_id: UUID, by: str | None = None) -> Message | None:
    """The message, or None; for a sender there are only the personal ones that it asked for."""
    found = await Message.get(message_id)
    return found if found is None or by in (None, found.by) else None


async def attempts(message_ids: Iterable[UUID]) -> dict[UUID, list[Attempt]]:
    """The attempts of each message, oldest first, at most 100.

    They are counted anew: two workers, of which one had lost its lease, both count from what
    they knew.
    """
    found = await paging.of_each(
        Attempt, "message_id", message_ids, query={}, order={"started_at": 1}, limit=MOST_ATTEMPTS
    )
    return {
        message_id: [
            attempt.model_copy(update={"number": number})
            for number, attempt in enumerate(attempts, start=1)
        ]
        for message_id, attempts in found.items()
    }


async def of_mailings(
    mailing_ids: Iterable[ObjectId],
    statuses: tuple[Status, ...],
    *,
    first: int,
    after: UUID | None,
) -> dict[ObjectId, paging.Page[Message]]:
    """Messages of each mailing, by id."""
    query: dict[str, Any] = {}
    if statuses:
        query["status"] = {"$in": [status.value for status in statuses]}
    if after is not None:
        query["_id"] = {"$gt": after}
    found = await paging.of_each(
        Message, "mailing_id", mailing_ids, query=query, order={"_id": 1}, limit=first + 1
    )
    return {
        mailing_id: paging.Page(messages[:first], len(messages) > first)
        for mailing_id, messages in found.items()
    }


async def of_sends(
    send_ids: Iterable[ObjectId], *, first: int, after: UUID | None
) -> dict[ObjectId, paging.Page[Message]]:
    """Messages of each send that has no mailing, by id."""
    query = {} if after is None else {"_id": {"$gt": after}}
    found = await paging.of_each(
        Message, "send_id", send_ids, query=query, order={"_id": 1}, limit=first + 1
    )
    return {
        send_id: paging.Page(messages[:first], len(messages) > first)
        for send_id, messages in found.items()
    }
