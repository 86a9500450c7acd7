"""Sends: one verb for what goes to named recipients, to a group, a segment, or to all (T2, T4).

Named recipients get rows with words of their own, in the personal lane or, in the bulk lane, under
a mailing that only counts them. Everyone else is the audience of a mailing.
"""

from dataclasses import asdict
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from core import clock, events, mongo, tracing
from core.errors import InvalidInput
from core.parts import Parts
from models.mailing import Mailing
from models.send import Send
from services import (
    counters,
    drafts,
    idempotency,
    mailings,
    messages,
    new_mailing,
    paging,
    personal,
    templates,
    wording,
)
from services.drafts import Draft
from services.idempotency import Once, Row
from services.new_send import NewSend


async def create(parts: Parts, caller: str, new: NewSend, key: str | None = None) -> Send:
    """Ask for messages; raises InvalidInput with every mistake, and then nothing is written.

    The send, its messages or its mailing, and the answer to the key commit together.
    """
    ready: list[Draft] = []

    async def work(session: AsyncClientSession | None) -> Row:
        if session is None:
            return await mongo.promptly(parts.mongo, work)
        if not ready:  # a transaction that is tried again writes the same
            ready.append(await drafts.draft(parts, caller, new))
        return await _write(parts, ready[0], session)

    once = Once.of(caller, "send", key, asdict(new))
    send: Send = Send.model_validate(await idempotency.run(parts.mongo, once, work))
    events.emit(
        "send.created",
        send_id=str(send.id),
        mailing_id=send.mailing_id and str(send.mailing_id),
        lane=send.lane,
        by=caller,
    )
    messages.wake(parts, send.lane)
    if send.mailing_id is not None and send.start_at <= clock.now():
        mailings.wake_launch(parts, send.mailing_id)
    return send


async def get(send_id: ObjectId, by: str | None = None) -> Send | None:
    """The send, or None; given `by`, only one that it asked for."""
    return await Send.find_one({"_id": send_id, **_of(by)})


async def page(by: str | None, *, first: int, after: ObjectId | None) -> paging.Page[Send]:
    """Sends, newest first; given `by`, only those that it asked for."""
    return await paging.page(Send, _of(by), first=first, after=after, newest_first=True)


async def count(by: str | None) -> int:
    """How many there are."""
    return await Send.find(_of(by)).count()


def _of(by: str | None) -> dict[str, Any]:
    return {} if by is None else {"by": by}


async def _write(parts: Parts, draft: Draft, session: AsyncClientSession) -> Row:
    send, mailing = draft.send, draft.mailing
    row: Row = send.model_dump(by_alias=True, exclude={"revision_id"})
    await Send.get_pymongo_collection().insert_one(row, session=session)
    if send.template is not None:
        await templates.hold(session, send.template.id)
    if mailing is not None:
        await _write_mailing(mailing, session)
    await personal.add_many(session, draft.rows, parts.database_clock.now())
    if mailing is not None and draft.rows:
        moves: counters.Moves = counters.Moves()
        assert mailing.id is not None
        moves[mailing.id, counters.OPEN_KEY] = len(draft.rows)
        await counters.apply(moves, session)
    return row


async def _write_mailing(mailing: Mailing, session: AsyncClientSession) -> None:
    try:
        await new_mailing.hold(mailing, session)
    except InvalidInput as error:
        raise wording.renamed(error, drafts.AT) from None
    mailing.trace = tracing.traceparent()
    row = mailing.model_dump(by_alias=True, exclude={"revision_id"})
    await mailings.collection().insert_one(row, session=session)
