"""What was sent: messages and their attempts, for whoever looks (M7, M9)."""

from typing import Any
from uuid import UUID

from bson import ObjectId

from models.attempt import Attempt
from models.message import Message
from rules.message import Status
from services import paging

MOST_ATTEMPTS = 100


async def message(message_id: UUID) -> Message | None:
    """The message, or None."""
    return await Message.get(message_id)


async def attempts(message_id: UUID) -> list[Attempt]:
    """The attempts of a message, oldest first, at most 100.

    They are counted anew: two workers, of which one had lost its lease, both count from what
    they knew.
    """
    query = Attempt.find({"message_id": message_id}).sort("+started_at")
    found = await query.limit(MOST_ATTEMPTS).to_list()
    return [
        attempt.model_copy(update={"number": number})
        for number, attempt in enumerate(found, start=1)
    ]


async def of_mailing(
    mailing_id: ObjectId, statuses: tuple[Status, ...], *, first: int, after: UUID | None
) -> paging.Page[Message]:
    """Messages of a mailing, by id."""
    query: dict[str, Any] = {"mailing_id": mailing_id}
    if statuses:
        query["status"] = {"$in": [status.value for status in statuses]}
    return await paging.page(Message, query, first=first, after=after)
