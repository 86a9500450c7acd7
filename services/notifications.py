"""Create a notification: into the user's inbox, into an e-mail, or both, as its kind says."""

import asyncio
import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from core import clock, events, mongo
from core.errors import Checklist, Invalid, InvalidInput, Problem
from core.parts import Parts
from models.kind import Kind
from rules import addresses, inbox, render
from services import emails, idempotency, kinds, messages, users
from services.inbox import announce

LARGEST_DATA = 16_384
"""Bytes of JSON in `data`; 500 items of this size still fit a document of 16 MB."""
LARGEST_WORDS = 12_288
"""Bytes of title and body in an inbox: with the data, 500 items fit a document of 16 MB."""
LARGEST_BATCH = 1_000
AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class NewNotification:
    """A request to notify, as it came in."""

    user_id: str
    key: str
    target_id: str | None = None
    data: object = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Notified:
    """What became of it: an item in the inbox, an e-mail on its way, or both."""

    user_id: str
    unread: int
    seq: int
    item: inbox.Item | None
    message_id: UUID | None


@dataclass(frozen=True, slots=True)
class _Draft:
    """A checked request, ready to be written."""

    user_id: ObjectId
    kind: Kind
    item: inbox.Item


async def create(parts: Parts, caller: str, new: NewNotification) -> Notified:
    """Store and queue what the kind asks for; raises InvalidInput with every mistake.

    An idempotency key makes repeats safe; see `services/idempotency.py`.
    """
    draft = await _check(new)
    if new.idempotency_key is not None:
        request = asdict(new)
        once = idempotency.Once(caller, "createNotification", new.idempotency_key, request)
        work = partial(_write, parts, draft)
        answer = await idempotency.run(parts.mongo, once, work)
    elif draft.kind.email:
        answer = await mongo.in_transaction(parts.mongo, partial(_write, parts, draft))
    else:
        answer = await _write(parts, draft, None)
    return _tell(parts, draft, answer)


async def create_many(
    parts: Parts, caller: str, batch: list[NewNotification]
) -> list[Notified | InvalidInput]:
    """Create up to 1,000; one answer per item in its order, so that one mistake stops no other."""
    if len(batch) > LARGEST_BATCH:
        message = f"has {len(batch)} items; send at most {LARGEST_BATCH} at a time"
        raise InvalidInput.at("notifications", message, Problem.TOO_MANY)
    places = asyncio.Semaphore(AT_ONCE)
    # One at a time for each user: transactions that fight over one inbox only wait for each other.
    turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def one(new: NewNotification) -> Notified | InvalidInput:
        async with turns[new.user_id.lower()], places:
            try:
                return await create(parts, caller, new)
            except InvalidInput as error:
                return error

    return await asyncio.gather(*map(one, batch))


async def _check(new: NewNotification) -> _Draft:
    checks = Checklist()
    user_id = checks.take("userId", addresses.object_id, new.user_id)
    target = new.target_id
    target_id = None if target is None else checks.take("targetId", addresses.object_id, target)
    data = checks.take("data", _packed, new.data)
    kind = await kinds.find(new.key)
    if kind is None:
        raise InvalidInput(*checks.errors, *kinds.unknown("key", new.key).errors)
    context = {"key": new.key, "data": new.data or {}, "userId": new.user_id, "targetId": target}
    title = checks.take("data", partial(render.render, context=context), kind.title)
    body = checks.take("data", partial(render.render, context=context), kind.body)
    if kind.in_app:
        checks.take("data", _fitting, f"{title or ''}{body or ''}")
    checks.close()
    assert user_id is not None
    item = {
        "id": str(ObjectId()),
        "at": clock.now(),
        "key": new.key,
        "target_id": None if target_id is None else str(target_id),
        "data": data,
        "title": title,
        "body": body,
        "new": True,
    }
    return _Draft(user_id, kind, item)


def _fitting(words: str) -> None:
    size = len(words.encode())
    if size > LARGEST_WORDS:
        message = f"makes title and body {size} bytes long; at most {LARGEST_WORDS} are kept"
        raise Invalid(message, Problem.TOO_LONG)


def _packed(data: object) -> str | None:
    """JSON text: it keeps every number and key exactly, which BSON can't."""
    if data is None:
        return None
    if not isinstance(data, dict):
        raise Invalid('must be a JSON object, like {"text": "Hello"}')
    try:
        packed = orjson.dumps(data)
        if b"null" in packed:
            # orjson writes an infinite number as null; the standard library refuses it.
            json.dumps(data, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Invalid(f"can't be stored as JSON: {error}") from None
    if len(packed) > LARGEST_DATA:
        message = f"has {len(packed)} bytes of JSON; at most {LARGEST_DATA} are kept"
        raise Invalid(message, Problem.TOO_LONG)
    return packed.decode()


async def _write(parts: Parts, draft: _Draft, session: AsyncClientSession | None) -> dict[str, Any]:
    settings, kind, item = parts.settings, draft.kind, draft.item
    if kind.in_app:
        stages = inbox.place_item(item, settings.notification_limit, settings.email)
    else:
        stages = inbox.touch(settings.email)
    head = await users.change(draft.user_id, stages, session, upsert=True)
    assert head is not None
    answer = {"seq": head["seq"], "unread": head["unread"], "item": None, "message_id": None}
    if kind.in_app:
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
                # One line: what a template or the data breaks would break the header.
                subject=" ".join(item["title"].replace("\0", " ").split()) or kind.id,
                text=item["body"] or kind.id,
                wait=_wait(kind),
            ),
            parts.database_clock.now(),
        )
    return answer


def _wait(kind: Kind) -> timedelta | None:
    seconds = kind.email_if_unread_after_seconds
    return None if seconds is None else timedelta(seconds=seconds)


def _tell(parts: Parts, draft: _Draft, answer: dict[str, Any]) -> Notified:
    """Wake whoever waits. The answer is committed: a crash from here on loses no work."""
    user_id = str(draft.user_id)
    if answer["item"] is not None:
        announce(parts, user_id, inbox.Created(answer["seq"], answer["item"]), answer["unread"])
    if answer["message_id"] is not None and _wait(draft.kind) is None:
        messages.wake(parts)
    events.emit(
        "notification.created",
        user_id=user_id,
        key=draft.kind.id,
        seq=answer["seq"],
        message_id=answer["message_id"],
    )
    return Notified(user_id, answer["unread"], answer["seq"], answer["item"], answer["message_id"])
