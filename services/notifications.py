"""Create a notification: into the user's inbox, into an e-mail, or both, as its kind says."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TypeAlias
from uuid import UUID

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import ConnectionFailure, PyMongoError

from core import clock, events, mongo
from core.errors import Checklist, InvalidInput, Problem, Unavailable
from core.parts import Parts
from models.kind import Kind
from rules import addresses, inbox, preferences, ring
from rules.preferences import Outlet
from services import content, emails, idempotency, kinds, letters, messages, users
from services.idempotency import Once, Row
from services.inbox import announce
from services.letters import Letter

LARGEST_BATCH = 1_000
AT_ONCE = 32
NOT_TRIED = "the database is away, so this was not tried; send it again"
NOT_ANSWERED = (
    "the database failed, so nobody knows whether this was stored; send it again, under its "
    "idempotencyKey if it has one"
)


@dataclass(frozen=True, slots=True)
class NewNotification:
    """A request to notify, as it came in."""

    user_id: str
    key: str
    target_id: str | None = None
    data: object = None
    idempotency_key: str | None = None

    def comparable(self) -> list[object]:
        """What tells it from another one under the same key; data too deep to compare are none."""
        checks = Checklist()
        checks.take("data", content.packed, self.data)
        return [self.user_id, self.key, self.target_id, None if checks.errors else self.data]


@dataclass(frozen=True, slots=True)
class Notified:
    """What became of it: an item in the inbox, an e-mail on its way, or both."""

    user_id: str
    unread: int
    seq: int
    item: inbox.Item | None
    message_id: UUID | None
    muted: bool = False
    """The kind would have stored an item, but its user wants none."""


Answer: TypeAlias = Notified | InvalidInput | Unavailable


@dataclass(frozen=True, slots=True)
class _Draft:
    """A checked request, ready to be written."""

    user_id: ObjectId
    kind: Kind
    item: inbox.Item
    letter: Letter


async def create(
    parts: Parts, caller: str, new: NewNotification, verb: str = "createNotification"
) -> Notified:
    """Store and queue what the kind asks for; raises InvalidInput with every mistake.

    An idempotency key makes repeats safe; see `services/idempotency.py`.
    """
    if new.idempotency_key is not None:
        checks = Checklist()
        checks.take("data", content.packed, new.data)  # else they may be too deep to compare
        checks.close()
        once = Once(caller, verb, new.idempotency_key, new.comparable())
        answer = await idempotency.run(
            parts.mongo, once, partial(_check_and_write, parts, caller, new)
        )
        return _tell(parts, answer)
    draft = await _check(caller, new)
    if draft.kind.email:
        work = partial(_write, parts, draft)
        return _tell(parts, await mongo.promptly(parts.mongo, work))
    return _tell(parts, await _write(parts, draft, None))


async def create_many(
    parts: Parts, caller: str, batch: list[NewNotification], key: str | None = None
) -> list[Answer]:
    """Create up to 1,000; one answer per item in its order, so that one mistake stops no other.

    A key of the whole batch stands for a key of each item at its place. While MongoDB is away
    those that come after are not tried, or the answer would never come.
    """
    if len(batch) > LARGEST_BATCH:
        message = f"has {len(batch)} items; send at most {LARGEST_BATCH} at a time"
        raise InvalidInput.at("notifications", message, Problem.TOO_MANY)
    places = asyncio.Semaphore(AT_ONCE)
    # One at a time for each user: transactions that fight over one inbox only wait for each other.
    turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
    away = asyncio.Event()

    verb = "createNotification"
    if key is not None:
        idempotency.check_key(key, room=len(f":{LARGEST_BATCH}"))
        verb = "createNotifications"
        try:
            await idempotency.claim(
                Once(caller, f"{verb}:batch", key, [new.comparable() for new in batch])
            )
        except ConnectionFailure as error:
            events.emit("notification.failed", error=str(error))
            away.set()
        batch = [replace(new, idempotency_key=f"{key}:{at}") for at, new in enumerate(batch)]

    async def one(new: NewNotification) -> Answer:
        async with turns[new.user_id.lower()], places:
            if away.is_set():
                return Unavailable(NOT_TRIED)
            try:
                return await create(parts, caller, new, verb)
            except InvalidInput as error:
                return error
            except (PyMongoError, Unavailable) as error:
                events.emit("notification.failed", user_id=new.user_id, error=str(error))
                if isinstance(error, ConnectionFailure | Unavailable):
                    away.set()
                return Unavailable(NOT_ANSWERED)
            except Exception as error:  # noqa: BLE001 - the others are written all the same
                events.emit("notification.failed", user_id=new.user_id, exc_info=error)
                return Unavailable(NOT_ANSWERED)

    return await asyncio.gather(*map(one, batch))


async def _check(caller: str, new: NewNotification) -> _Draft:
    checks = Checklist()
    user_id = checks.take("userId", addresses.object_id, new.user_id)
    kind = await kinds.find(new.key)
    said = content.make(checks, kind, new.user_id, new.target_id, new.data)
    if kind is None:
        raise InvalidInput(*checks.errors, *kinds.unknown("key", new.key).errors)
    checks.close()
    assert user_id is not None
    given = {"key": kind.id, "data": new.data or {}, "userId": new.user_id}
    letter = await letters.fill(checks, kind, user_id, {**given, "targetId": new.target_id})
    checks.close()
    item = {"id": str(ObjectId()), "at": clock.now(), "key": new.key, **said, "new": True}
    item["by"] = caller
    if kind.email_if_unread_after_seconds is not None:
        item["waits"] = True
    return _Draft(user_id, kind, item, letter or letters.words(item))


async def _check_and_write(
    parts: Parts, caller: str, new: NewNotification, session: AsyncClientSession | None
) -> Row:
    return await _write(parts, await _check(caller, new), session)


async def _write(parts: Parts, draft: _Draft, session: AsyncClientSession | None) -> Row:
    settings, kind, item = parts.settings, draft.kind, draft.item
    if kind.in_app:
        muting = () if kind.critical else preferences.muting(kind.id, Outlet.IN_APP)
        stages = ring.place_item(item, settings.notification_limit, settings.email, muting)
    else:
        stages = ring.touch(settings.email)
    head = await users.upsert(parts, draft.user_id, stages, session)
    answer: Row = {name: head.get(name, 0) for name in ("seq", "unread", "floor")}
    answer |= {"user_id": draft.user_id, "key": kind.id, "item": None, "message_id": None}
    answer["waits"] = kind.email_if_unread_after_seconds is not None
    answer["muted"] = kind.in_app and head["touched"] == 0
    if kind.in_app and not answer["muted"]:
        answer["item"] = {**item, "seq": head["seq"]}
    if kind.email:
        assert session is not None
        answer["message_id"] = await emails.add(
            session,
            emails.Email(
                source=item["id"],
                user_id=draft.user_id,
                address=head["email"],
                kind=kind.id,
                letter=draft.letter,
                wait=_wait(kind),
                by=item["by"],
            ),
            parts.database_clock.now(),
        )
    return answer


def _wait(kind: Kind) -> timedelta | None:
    seconds = kind.email_if_unread_after_seconds
    return None if seconds is None else timedelta(seconds=seconds)


def _tell(parts: Parts, answer: Row) -> Notified:
    """Wake whoever waits. The answer is committed: a crash from here on loses no work."""
    if answer["item"] is not None:
        announce(parts, answer["user_id"], inbox.Created(answer["seq"], answer["item"]), answer)
    if answer["message_id"] is not None and not answer["waits"]:
        messages.wake(parts)
    told = {name: answer[name] for name in ("key", "seq", "message_id")}
    user_id = str(answer["user_id"])
    events.emit("notification.created", user_id=user_id, **told)
    return Notified(
        user_id,
        answer["unread"],
        answer["seq"],
        answer["item"],
        answer["message_id"],
        answer.get("muted", False),
    )
