"""Idempotency keys: a repeated request gets the first answer, in the same transaction."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, Self, TypeAlias

from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from core import clock, failpoints, mongo
from core.errors import FieldError, InvalidInput, Problem
from models.idempotency import Answer

LONGEST_KEY = 255

_ANSWERED = failpoints.place("idempotency.answered")
_COMMITTED = failpoints.place("idempotency.committed")

Row: TypeAlias = dict[str, Any]
Work: TypeAlias = Callable[[AsyncClientSession | None], Awaitable[Row]]
"""Checks what is asked for and writes it; a repeat checks nothing, since its time has passed."""


@dataclass(frozen=True, slots=True)
class Once:
    """One idempotent request: who asks, which verb, under which key, with what input."""

    caller: str
    verb: str
    key: str
    request: object

    @classmethod
    def of(cls, caller: str, verb: str, key: str | None, request: object) -> Self | None:
        """The request under its key; None without a key."""
        return None if key is None else cls(caller, verb, key, request)

    def identity(self) -> str:
        """The row's id: a key belongs to its caller and verb."""
        return _digest([self.caller, self.verb, self.key])

    def fingerprint(self) -> str:
        """Tells a repeat from another request under the same key."""
        return _digest(self.request)


async def run(client: mongo.Client, once: Once | None, work: Work) -> Row:
    """The answer of `work`, which is done at most once per key: it commits with its answer.

    Without a key it is just done. Raises InvalidInput if the key was used for another input.
    Answers are kept for 24 hours.
    """
    if once is None:
        return await work(None)
    check_key(once.key)

    async def attempt(session: AsyncClientSession) -> Row:
        collection = Answer.get_pymongo_collection()
        known = await collection.find_one({"_id": once.identity()}, session=session)
        if known is not None:
            return _first_answer(known, once)
        answer = await work(session)
        await collection.insert_one(_row(once, answer), session=session)
        failpoints.reach(_ANSWERED)
        return answer

    answer = await mongo.promptly(client, attempt)
    failpoints.reach(_COMMITTED)
    return answer


async def claim(once: Once) -> None:
    """Take a key for a request whose answer is kept elsewhere, part by part; a repeat takes it too.

    Raises InvalidInput if the key was used for another input.
    """
    row = _row(once, {})
    taken = await Answer.get_pymongo_collection().find_one_and_update(
        {"_id": row.pop("_id")},
        {"$setOnInsert": row},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    assert taken is not None
    _first_answer(taken, once)


def check_key(key: str, room: int = 0) -> None:
    """Raise InvalidInput for a key that is empty, or too long if `room` is added to it."""
    longest = LONGEST_KEY - room
    if not 0 < len(key) <= longest:
        raise InvalidInput.at("idempotencyKey", f"must have 1 to {longest} characters")


def packed(error: InvalidInput) -> list[Row]:
    """What was wrong with one item, for the answer of many."""
    return [asdict(mistake) for mistake in error.errors]


def unpacked(mistakes: list[Row]) -> InvalidInput:
    """The error that was packed."""
    return InvalidInput(*(FieldError(**{**at, "code": Problem(at["code"])}) for at in mistakes))


def _row(once: Once, answer: Row) -> Row:
    return {
        "_id": once.identity(),
        "fingerprint": once.fingerprint(),
        "answer": answer,
        "created_at": clock.now(),
    }


def _first_answer(known: Row, once: Once) -> Row:
    if known["fingerprint"] != once.fingerprint():
        message = "this key was used for another input; use a new key for a new request"
        raise InvalidInput.at("idempotencyKey", message, Problem.CONFLICT)
    answer: Row = known["answer"]
    return answer


def _digest(value: object) -> str:
    # The standard library's: orjson gives up a level before data that it has let pass by itself.
    packed = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(packed.encode()).hexdigest()
