"""Groups: make, rename, list, delete (T2)."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from core import clock, events, mongo
from core.errors import Checklist, InvalidInput, Problem
from core.parts import Parts
from models.client import Client
from models.group import Group
from models.mailing import Mailing
from models.segment import Segment
from models.user import User
from rules import addresses
from services import idempotency, naming, paging
from services.idempotency import Once, Row

MOST_GROUPS = 10_000
LONGEST_TITLE = 200
LONGEST_DESCRIPTION = 2_000
BATCH = 1_000
MEMBERS = (Client, User)


@dataclass(frozen=True, slots=True)
class NewGroup:
    """What an operator says of a group."""

    name: str
    title: str = ""
    description: str = ""


async def create(parts: Parts, caller: str, new: NewGroup, key: str | None = None) -> Group:
    """Add a group without members; raises InvalidInput with every mistake."""

    async def work(session: AsyncClientSession | None) -> Row:
        row = await _row(new, caller)
        await collection().insert_one(row, session=session)
        return row

    once = Once.of(caller, "createGroup", key, asdict(new))
    try:
        group: Group = Group.model_validate(await idempotency.run(parts.mongo, once, work))
    except DuplicateKeyError:
        raise taken("group", new.name) from None
    events.emit("group.created", group=group.name)
    return group


async def update(name: str, changes: dict[str, str]) -> Group:
    """Change title or description; raises InvalidInput with every mistake."""
    group = await get(name)
    if group is None:
        raise missing("name", name)
    checks = Checklist()
    values = said(checks, group.name, **{**_words(group), **changes})
    checks.close()
    values = {at: values[at] for at in changes} | {"updated_at": clock.now()}
    result = await collection().update_one({"_id": group.id, **naming.THERE}, {"$set": values})
    if result.matched_count == 0:
        raise missing("name", name)
    events.emit("group.updated", group=name)
    changed: Group = group.model_copy(update=values)
    return changed


async def delete(parts: Parts, name: str) -> Group:
    """Delete a group that no live mailing and no segment uses; its members stay.

    It is marked first, so that from then on nobody can use it. Its members leave it in batches:
    the first one here, the others by the sweep, also if this process dies.
    """
    group = await mongo.promptly(parts.mongo, partial(_mark, name))
    await _empty(group)
    events.emit("group.deleted", group=name)
    return group


async def forget(until: float) -> int:
    """Take the members out of deleted groups, until a moment of the monotonic clock; how many."""
    left = 0
    async for group in Group.find({"deleted_at": {"$ne": None}}).limit(BATCH):
        while time.monotonic() < until and (count := await _empty(group)):
            left += count
    return left


async def get(name: str) -> Group | None:
    """The group, or None."""
    return await Group.find_one({"name": name, **naming.THERE})


async def page(*, first: int, after: ObjectId | None) -> paging.Page[Group]:
    """Groups by age, oldest first."""
    return await paging.page(Group, naming.THERE, first=first, after=after)


async def count() -> int:
    """How many groups there are."""
    return await Group.find(naming.THERE).count()


async def of_ids(group_ids: Sequence[ObjectId]) -> dict[ObjectId, Group | None]:
    """Each group; None for one that is gone or going."""
    found = await Group.find({"_id": {"$in": list(group_ids)}, **naming.THERE}).to_list()
    by_id = {one.id: one for one in found}
    return {group_id: by_id.get(group_id) for group_id in group_ids}  # type: ignore[call-overload]


async def sizes(group_ids: Sequence[ObjectId]) -> dict[ObjectId, int]:
    """How many members each group has."""
    found = dict.fromkeys(group_ids, 0)
    for model in MEMBERS:
        stages: list[dict[str, Any]] = [
            {"$match": {"groups": {"$in": list(group_ids)}}},
            {"$project": {"groups": 1}},
            {"$unwind": "$groups"},
            {"$match": {"groups": {"$in": list(group_ids)}}},
            {"$group": {"_id": "$groups", "count": {"$sum": 1}}},
        ]
        async for row in await model.get_pymongo_collection().aggregate(stages):
            found[row["_id"]] += row["count"]
    return found


def collection() -> AsyncCollection[dict[str, Any]]:
    """The groups themselves, for writes with conditions."""
    return Group.get_pymongo_collection()


def missing(field: str, name: str) -> InvalidInput:
    """The error for a name that no group has."""
    message = f"there is no group {name!r}; create it or use one that `groups` lists"
    return InvalidInput.at(field, message, Problem.NOT_FOUND)


def taken(what: str, name: str) -> InvalidInput:
    """The error for a name that is in use."""
    message = f"the {what} {name!r} exists; update it or choose another name"
    return InvalidInput.at("name", message, Problem.TAKEN)


def said(checks: Checklist, name: str, title: str, description: str) -> dict[str, Any]:
    """Name, title and description as they are stored, after noting every mistake."""
    for field, text, longest in (
        ("title", title, LONGEST_TITLE),
        ("description", description, LONGEST_DESCRIPTION),
    ):
        if len(text) > longest:
            message = f"is {len(text):,} characters long; shorten it to {longest:,}"
            checks.add(field, message, Problem.TOO_LONG)
    checked = checks.take("name", addresses.name, name)
    return {"name": checked, "title": title.strip() or name, "description": description}


async def _row(new: NewGroup, caller: str) -> Row:
    checks = Checklist()
    values = said(checks, **asdict(new))
    checks.close()
    if await count() >= MOST_GROUPS:
        message = f"there are {MOST_GROUPS:,} groups already; delete some that nobody uses"
        raise InvalidInput.at("name", message, Problem.TOO_MANY)
    now = clock.now()
    group = Group(**values, created_by=caller, created_at=now, updated_at=now)
    group.id = ObjectId()  # type: ignore[assignment] # Beanie's own id is a subclass
    row: Row = group.model_dump(by_alias=True, exclude={"revision_id"})
    return row


def _words(group: Group) -> dict[str, str]:
    return {"title": group.title, "description": group.description}


async def _mark(name: str, session: AsyncClientSession) -> Group:
    group = await Group.find_one({"name": name, **naming.THERE}, session=session)
    if group is None:
        raise missing("name", name)
    now = clock.now()
    marked = {"$set": {"deleted_at": now, "updated_at": now}}
    await collection().update_one({"_id": group.id}, marked, session=session)
    uses = [{"audience.groups": name}, {f"launch.known.groups.{name}": group.id}]
    query = {"settled": False, "deleted_at": None, "$or": uses}
    mailing = await Mailing.find_one(query, session=session)
    if mailing is not None:
        raise in_use("group", f"the mailing {mailing.name!r}, which is not over; cancel it first")
    segment = await Segment.find_one({"filter.groups": name}, session=session)
    if segment is not None:
        raise in_use("group", f"the segment {segment.name!r}; change that first")
    return group


def in_use(what: str, by: str) -> InvalidInput:
    """The error for deleting what is still needed."""
    return InvalidInput.at("name", f"the {what} is used by {by}", Problem.NOT_ALLOWED_NOW)


async def _empty(group: Group) -> int:
    """Let the next members leave a deleted group; the group goes when nobody is left."""
    left = 0
    for model in MEMBERS:
        members = model.get_pymongo_collection()
        found = members.find({"groups": group.id}, projection={"_id": 1}).limit(BATCH)
        ids = [row["_id"] async for row in found]
        if ids:
            await members.update_many({"_id": {"$in": ids}}, {"$pull": {"groups": group.id}})
        left += len(ids)
    if not left:
        await collection().delete_one({"_id": group.id})
    return left
