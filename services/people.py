"""People: where, in which language and by whose clock users are written to, as operators say it."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from core import events, mongo
from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.user import User
from rules import ring
from services import idempotency, new_user, users, windows
from services.idempotency import Once, Row
from services.new_user import Change, NewUser

LARGEST_BATCH = 1_000


async def get(user_id: ObjectId) -> User | None:
    """The user without its inbox, or None."""
    row = await users.collection().find_one({"_id": user_id}, User.KNOWN)
    return None if row is None else User.model_validate(row)


async def save(parts: Parts, caller: str, new: NewUser, key: str | None = None) -> User:
    """Say how a user is written to, and make it if there is none; raises InvalidInput.

    What waits to be sent to it follows. A repeat of a key changes nothing.
    """
    once = Once.of(caller, "saveUser", key, _comparable(new))
    (answer,) = await _save(parts, [new_user.check(new)], once)
    assert isinstance(answer, User)
    return answer


async def save_many(
    parts: Parts, caller: str, batch: Sequence[NewUser], key: str | None = None
) -> list[User | InvalidInput]:
    """The same for up to 1,000; one answer each in their order, so that one mistake stops no other.

    Without a key some may be saved and others not if this process dies; a repeat saves the rest.
    """
    if len(batch) > LARGEST_BATCH:
        message = f"has {len(batch)} items; send at most {LARGEST_BATCH} at a time"
        raise InvalidInput.at("users", message, Problem.TOO_MANY)
    once = Once.of(caller, "saveUsers", key, [_comparable(new) for new in batch])
    return await _save(parts, _checked(batch), once)


async def _save(
    parts: Parts, checked: Sequence[Change | InvalidInput], once: Once | None
) -> list[User | InvalidInput]:
    work = partial(_write, parts.settings.email, checked)
    answer = await (idempotency.run(parts.mongo, once, work) if once else _twice(work))
    answers = [_answer(row) for row in answer["answers"]]
    saved = [str(one.id) for one in answers if isinstance(one, User)]
    events.emit("users.saved", count=len(saved), user_ids=saved)
    return answers


async def _twice(work: idempotency.Work) -> Row:
    """Outside a transaction: one of many users would lose against their notifications for ever."""
    try:
        return await work(None)
    except DuplicateKeyError:
        # Somebody else made one of them at the same moment: now it is found.
        return await work(None)


async def _write(
    fallback: str,
    checked: Sequence[Change | InvalidInput],
    session: AsyncClientSession | None,
) -> Row:
    changes = [one for one in checked if isinstance(one, Change)]
    await _update(fallback, changes, session)
    # Also if it is the old one: the first try may have died before this.
    moved = [one.user_id for one in changes if "time_zone" in one.values]
    if moved:
        await windows.users_moved(moved, session)
    rows = await _rows([one.user_id for one in changes], session)
    return {
        "answers": [
            {"errors": idempotency.packed(one)}
            if isinstance(one, InvalidInput)
            else {"user": rows[one.user_id]}
            for one in checked
        ]
    }


async def _update(
    fallback: str, changes: Iterable[Change], session: AsyncClientSession | None
) -> None:
    updates = [
        UpdateOne({"_id": one.user_id}, _stages(one, fallback), upsert=True) for one in changes
    ]
    if not updates:
        return
    try:
        await users.collection().bulk_write(updates, ordered=False, session=session)
    except BulkWriteError as error:
        raise mongo.as_duplicate(error) from error


def _stages(change: Change, fallback: str) -> ring.Stages:
    """As a first notification would make the user, then what is said of it."""
    values: dict[str, Any] = {
        name: "$$REMOVE" if value is None else {"$literal": value}
        for name, value in change.values.items()
    }
    return [*ring.touch(fallback), *([{"$set": values}] if values else [])]


async def _rows(
    user_ids: list[ObjectId], session: AsyncClientSession | None
) -> dict[ObjectId, Row]:
    found = users.collection().find({"_id": {"$in": user_ids}}, User.KNOWN, session=session)
    return {row["_id"]: row async for row in found}


def _checked(batch: Sequence[NewUser]) -> list[Change | InvalidInput]:
    """Each checked by itself; of one that is named twice the first counts."""
    checked: list[Change | InvalidInput] = []
    seen: dict[ObjectId, int] = {}
    for place, new in enumerate(batch):
        try:
            change = new_user.check(new)
        except InvalidInput as error:
            checked.append(error)
            continue
        first = seen.setdefault(change.user_id, place)
        checked.append(change if first == place else _named_twice(first))
    return checked


def _named_twice(first: int) -> InvalidInput:
    message = f"this user is users.{first} already; say all of it there"
    return InvalidInput.at("userId", message, Problem.TAKEN)


def _answer(row: Row) -> User | InvalidInput:
    if "user" in row:
        user: User = User.model_validate(row["user"])
        return user
    return idempotency.unpacked(row["errors"])


def _comparable(new: NewUser) -> list[object]:
    return [new.user_id, dict(new.said)]
