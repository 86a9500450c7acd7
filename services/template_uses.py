"""What still depends on a template, so that it can't be deleted."""

from typing import Any

from beanie import Document
from pymongo.asynchronous.client_session import AsyncClientSession

from models.kind import Kind
from models.mailing import Mailing
from models.message import Message
from models.template import Template
from rules.message import OPEN

NAMED = 3
"""Of each sort, as many are named."""


async def of(session: AsyncClientSession, template: Template) -> list[str]:
    """The users of a template, in words; none if it is free."""
    mailings = await _some(session, Mailing, {"settled": False, "template.id": template.id}, "name")
    open_ones = {"template.id": template.id, "status": {"$in": sorted(OPEN)}}
    messages = await _some(session, Message, open_ones, "_id")
    kinds = await kinds_of(session, template.slug)
    return [
        *(f"the kind {key}" for key in kinds),
        *(f"the mailing {name!r} (settled once its messages have ended)" for name in mailings),
        *(f"the message {message_id}, not sent yet" for message_id in messages),
    ]


async def kinds_of(session: AsyncClientSession, slug: str) -> list[str]:
    """The kinds of notification that name a template."""
    return await _some(session, Kind, {"template": slug}, "_id")


async def _some(
    session: AsyncClientSession,
    model: type[Document],
    query: dict[str, Any],
    name: str,
) -> list[Any]:
    rows = model.get_pymongo_collection().find(query, projection={name: 1}, session=session)
    return [row[name] async for row in rows.limit(NAMED)]
