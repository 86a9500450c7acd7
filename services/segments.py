"""Segments: filters kept under a name, and who fits them just now (T2)."""

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from core import clock, events, mongo
from core.errors import Checklist, InvalidInput, Problem
from core.parts import Parts
from models.mailing import Mailing
from models.segment import Segment
from rules.audience import Audience
from services import groups, idempotency, naming, new_audience, paging
from services.idempotency import Once, Row
from services.new_audience import NewAudience

MOST_SEGMENTS = 10_000


@dataclass(frozen=True, slots=True)
class NewSegment:
    """What an operator says of a segment."""

    name: str
    filter: NewAudience
    title: str = ""
    description: str = ""


async def create(parts: Parts, caller: str, new: NewSegment, key: str | None = None) -> Segment:
    """Add a segment; raises InvalidInput with every mistake."""

    async def work(session: AsyncClientSession | None) -> Row:
        if session is None:
            return await mongo.promptly(parts.mongo, work)
        row = await _row(new, caller, session)
        await Segment.get_pymongo_collection().insert_one(row, session=session)
        return row

    once = Once.of(caller, "createSegment", key, asdict(new))
    try:
        made: Segment = Segment.model_validate(await idempotency.run(parts.mongo, once, work))
    except DuplicateKeyError:
        raise groups.taken("segment", new.name) from None
    events.emit("segment.created", segment=made.name)
    return made


async def update(parts: Parts, name: str, changes: dict[str, Any]) -> Segment:
    """Change title, description or filter; mailings that are launched already keep the old one."""
    changed = await mongo.promptly(parts.mongo, partial(_update, name, changes))
    events.emit("segment.updated", segment=name)
    return changed


async def delete(parts: Parts, name: str) -> Segment:
    """Delete a segment that no live mailing uses."""
    segment = await mongo.promptly(parts.mongo, partial(_delete, name))
    events.emit("segment.deleted", segment=name)
    return segment


async def get(name: str) -> Segment | None:
    """The segment, or None."""
    return await Segment.find_one({"name": name})


async def page(*, first: int, after: ObjectId | None) -> paging.Page[Segment]:
    """Segments by age, oldest first."""
    return await paging.page(Segment, {}, first=first, after=after)


async def count() -> int:
    """How many segments there are."""
    return await Segment.find_all().count()


def missing(field: str, name: str) -> InvalidInput:
    """The error for a name that no segment has."""
    message = f"there is no segment {name!r}; create it or use one that `segments` lists"
    return InvalidInput.at(field, message, Problem.NOT_FOUND)


async def _row(new: NewSegment, caller: str, session: AsyncClientSession) -> Row:
    checks = Checklist()
    values = groups.said(checks, new.name, new.title, new.description)
    whom = _checked(checks, new.filter)
    checks.close()
    await naming.hold(whom, session, "filter")
    if await count() >= MOST_SEGMENTS:
        message = f"there are {MOST_SEGMENTS:,} segments already; delete some that nobody uses"
        raise InvalidInput.at("name", message, Problem.TOO_MANY)
    now = clock.now()
    made = Segment(
        **values, filter=naming.stored(whom), created_by=caller, created_at=now, updated_at=now
    )
    made.id = ObjectId()  # type: ignore[assignment] # Beanie's own id is a subclass
    row: Row = made.model_dump(by_alias=True, exclude={"revision_id"})
    return row


async def _update(name: str, changes: dict[str, Any], session: AsyncClientSession) -> Segment:
    segment = await Segment.find_one({"name": name}, session=session)
    if segment is None:
        raise missing("name", name)
    checks = Checklist()
    words = {"title": segment.title, "description": segment.description}
    words |= {at: said for at, said in changes.items() if at != "filter"}
    values = groups.said(checks, name, **words) | {"updated_at": clock.now()}
    whom = _checked(checks, changes["filter"]) if "filter" in changes else None
    checks.close()
    if whom is not None:
        await naming.hold(whom, session, "filter")
        values["filter"] = naming.stored(whom)
    changed: Segment = segment.model_copy(update=values)
    row = changed.model_dump(by_alias=True, include=set(values))
    these = {"_id": segment.id}
    await Segment.get_pymongo_collection().update_one(these, {"$set": row}, session=session)
    return changed


async def _delete(name: str, session: AsyncClientSession) -> Segment:
    segment = await Segment.find_one({"name": name}, session=session)
    if segment is None:
        raise missing("name", name)
    await Segment.get_pymongo_collection().delete_one({"_id": segment.id}, session=session)
    query = {"settled": False, "deleted_at": None, "audience.segments": name}
    mailing = await Mailing.find_one(query, session=session)
    if mailing is not None:
        by = f"the mailing {mailing.name!r}, which is not over; cancel it first"
        raise groups.in_use("segment", by)
    return segment


def _checked(checks: Checklist, said: NewAudience) -> Audience:
    if said.all or said.all_users:
        checks.add("filter", "a segment is a filter; give one, like tags or groups")
    if said.segments:
        checks.add("filter.segments", "a segment can't have segments; give their filters")
    return new_audience.check(checks, said, "filter")
