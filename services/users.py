"""Users: found, or made when something is first said to them (N6)."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from models.user import User
from rules.ring import Stages

Users = AsyncCollection[dict[str, Any]]


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
