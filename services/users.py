"""Users: found, or made when something is first said to them (N6)."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from core import failpoints, mongo
from core.group_commit import Way
from core.mongo import NotCommitted
from core.parts import Parts
from models.user import User
from rules.ring import Stages
from services.paging import Page

Users = AsyncCollection[dict[str, Any]]
Head = dict[str, Any]

TOGETHER = failpoints.place("users.together")


def collection() -> Users:
    """The users' collection, for the pipelines that write an inbox."""
    return User.get_pymongo_collection()


async def change(
    user_id: ObjectId,
    stages: Stages,
    session: AsyncClientSession | None = None,
    *,
    upsert: bool,
    projection: Mapping[str, Any] = User.HEAD,
    only: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Run an inbox update; the user's head after it, or None for an unknown user.

    Without `upsert` it may be for a user of whom `only` is true, too.
    """
    for last in (False, True):
        try:
            return await collection().find_one_and_update(
                {"_id": user_id, **(only or {})},
                stages,
                projection=projection,
                upsert=upsert,
                return_document=ReturnDocument.AFTER,
                session=session,
            )
        except DuplicateKeyError:
            # Two upserts raced for a new user; the loser finds the user on its second try.
            # Inside a transaction that try is the transaction's.
            if last or session is not None:
                raise
    raise AssertionError("the last try returns or raises")


async def page(
    query: Mapping[str, Any], *, first: int, after: ObjectId | None = None
) -> Page[User]:
    """Up to `first` users after an id, by rising id, without their inboxes."""
    wanted = {**query, **({} if after is None else {"_id": {"$gt": after}})}
    rows = await collection().find(wanted, User.KNOWN).sort("_id", 1).limit(first + 1).to_list()
    return Page([User.model_validate(row) for row in rows[:first]], len(rows) > first)


async def locale(user_id: ObjectId) -> str | None:
    """What the user is written in, if that is known."""
    row = await collection().find_one({"_id": user_id}, {"locale": 1})
    return (row or {}).get("locale")


async def upsert(
    parts: Parts, user_id: ObjectId, stages: Stages, session: AsyncClientSession | None = None
) -> Head:
    """The same for any user; without a session it may share one with other users' changes."""
    if session is None:
        return await parts.commits.make(_UPSERTS, user_id, stages)
    return await _alone(user_id, stages, session)


async def _alone(
    user_id: ObjectId, stages: Stages, session: AsyncClientSession | None = None
) -> Head:
    head = await change(user_id, stages, session, upsert=True)
    assert head is not None
    return head


async def _together(changes: dict[ObjectId, Stages]) -> dict[ObjectId, Head]:
    return await mongo.once(collection().database.client, partial(_change_all, changes))


async def _change_all(
    changes: dict[ObjectId, Stages], session: AsyncClientSession
) -> dict[ObjectId, Head]:
    """Change these users and read their heads, which nobody else can change before the commit.

    By plain commands: the driver's own bulk writes and cursors cost it more than the database.
    """
    here, name = collection().database, collection().name
    updates = [{"q": {"_id": it}, "u": stages, "upsert": True} for it, stages in changes.items()]
    done = await here.command({"update": name, "updates": updates}, session=session)
    if done.get("writeErrors"):
        raise NotCommitted
    failpoints.reach(TOGETHER)
    chosen = {"_id": {"$in": list(changes)}}
    find = {"find": name, "filter": chosen, "projection": User.HEAD, "batchSize": len(changes)}
    found = await here.command(find, codec_options=here.codec_options, session=session)
    return {head["_id"]: head for head in found["cursor"]["firstBatch"]}


_UPSERTS = Way(_alone, _together)
