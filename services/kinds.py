"""Kinds: the built-in ones, those of operators, and a short cache for the hot path."""

import asyncio
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from functools import partial

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from core import clock, events, mongo
from core.errors import Checklist, InvalidInput, Problem
from core.parts import Parts
from models.kind import Kind
from models.template import TemplateVersion
from rules import addresses, render
from services import idempotency, letters, templates
from services.idempotency import Once, Row

CACHE_SECONDS = 1.0
CACHE_BOUND = 1_000
LONGEST_WAIT = 7 * 24 * 3600
"""Seconds that an e-mail may wait for its notification to be read."""

_TITLE = "{{ key }}"
_BODY = "A notification of the kind {{ key }} has come in for you."
BUILT_IN = (
    {"id": "registration", "in_app": False, "email": True, "title": _TITLE, "body": _BODY},
    {"id": "new_message", "in_app": True, "email": False},
    {"id": "new_post", "in_app": True, "email": False},
    {"id": "new_login", "in_app": True, "email": True, "title": _TITLE, "body": _BODY},
)

_cache: dict[str, tuple[float, Kind]] = {}
_reading: dict[str, "asyncio.Task[Kind | None]"] = {}


@dataclass(frozen=True, slots=True)
class NewKind:
    """What an operator says of a kind."""

    key: str
    in_app: bool
    email: bool
    title: str = ""
    body: str = ""
    email_if_unread_after_seconds: int | None = None
    critical: bool = False
    template: str | None = None


async def seed() -> None:
    """Make sure of the built-in kinds; what an operator changed in them stays."""
    now = clock.now()
    collection = Kind.get_pymongo_collection()
    for built_in in BUILT_IN:
        kind = Kind(**built_in, built_in=True, created_at=now, updated_at=now)
        row = kind.model_dump(by_alias=True)
        key = row.pop("id", None) or row.pop("_id")
        await collection.update_one({"_id": key}, {"$setOnInsert": row}, upsert=True)


async def find(key: str) -> Kind | None:
    """The kind, at most a second old; those who miss it at the same moment share one read."""
    known = _cache.get(key)
    if known is not None and time.monotonic() - known[0] < CACHE_SECONDS:
        return known[1]
    reading = _reading.get(key)
    if reading is None:
        reading = _reading[key] = asyncio.create_task(_read(key))
        reading.add_done_callback(partial(_forget, key))
    # Shielded: the first to ask may leave, and the others still want it.
    return await asyncio.shield(reading)


async def _read(key: str) -> Kind | None:
    now = time.monotonic()
    kind = await Kind.get(key)
    # A change that was made here meanwhile wants it read again.
    if kind is not None and _reading.get(key) is asyncio.current_task():
        if len(_cache) >= CACHE_BOUND:
            _cache.clear()
        _cache[key] = (now, kind)
    return kind


def _forget(key: str, reading: "asyncio.Task[Kind | None]") -> None:
    if _reading.get(key) is reading:
        del _reading[key]
    if not reading.cancelled():
        reading.exception()  # whoever still waits raises it


async def every() -> list[Kind]:
    """All kinds by key; operators make tens of them, not thousands."""
    return await Kind.find_all().sort("_id").limit(CACHE_BOUND).to_list()


async def critical(keys: Collection[str]) -> set[str]:
    """Those of the keys whose kinds are critical, as they are now."""
    if not keys:
        return set()
    query = {"_id": {"$in": list(keys)}, "critical": True}
    found = Kind.get_pymongo_collection().find(query, projection={"_id": 1})
    return {row["_id"] async for row in found}


async def create(parts: Parts, caller: str, new: NewKind, key: str | None = None) -> Kind:
    """Add a kind; raises InvalidInput with every mistake. A repeat of a key adds nothing."""

    async def work(session: AsyncClientSession | None) -> Row:
        if session is None and new.template is not None:
            return await mongo.promptly(parts.mongo, work)
        row = await _check(new, session)
        await Kind.get_pymongo_collection().insert_one(row, session=session)
        return row

    once = Once.of(caller, "createKind", key, asdict(new))
    try:
        kind: Kind = Kind.model_validate(await idempotency.run(parts.mongo, once, work))
    except DuplicateKeyError:
        message = f"the kind {new.key!r} exists; update it or choose another key"
        raise InvalidInput.at("key", message, Problem.TAKEN) from None
    events.emit("kind.created", key=new.key)
    return kind


async def _check(new: NewKind, session: AsyncClientSession | None) -> Row:
    checks = Checklist()
    template = await letters.check(checks, new.template, email=new.email)
    checks.take("key", addresses.key, new.key)
    _check_templates(checks, new.title, new.body)
    _check_outlets(checks, in_app=new.in_app, email=new.email)
    _check_wait(checks, new)
    checks.close()
    await _hold(session, template)
    if await Kind.find_all().count() >= CACHE_BOUND:
        raise InvalidInput.at("key", f"there are {CACHE_BOUND} kinds already", Problem.TOO_MANY)
    now = clock.now()
    fields = asdict(new)
    kind = Kind(id=fields.pop("key"), **fields, created_at=now, updated_at=now)
    row: Row = kind.model_dump(by_alias=True, exclude={"revision_id"})
    return row


async def update(parts: Parts, key: str, changes: dict[str, object]) -> Kind:
    """Change what `changes` names of a kind; raises InvalidInput with every mistake."""
    write = partial(_update, key, changes)
    named = changes.get("template") is not None
    stored = await (mongo.promptly(parts.mongo, write) if named else write(None))
    _cache.pop(key, None)
    _reading.pop(key, None)
    events.emit("kind.updated", key=key)
    return stored


async def _update(key: str, changes: dict[str, object], session: AsyncClientSession | None) -> Kind:
    kind = await Kind.get(key, session=session)
    if kind is None:
        raise unknown("key", key)
    changed: Kind = kind.model_copy(update=changes)
    checks = Checklist()
    template = await letters.check(checks, changed.template, email=changed.email)
    _check_templates(checks, changed.title, changed.body)
    _check_outlets(checks, in_app=changed.in_app, email=changed.email)
    _check_wait(checks, changed)
    checks.close()
    await _hold(session, template)
    changes = {**changes, "updated_at": clock.now()}
    rows = Kind.get_pymongo_collection()
    await rows.update_one({"_id": key}, {"$set": changes}, session=session)
    stored: Kind = changed.model_copy(update={"updated_at": changes["updated_at"]})
    return stored


async def _hold(session: AsyncClientSession | None, template: TemplateVersion | None) -> None:
    if session is not None and template is not None:
        await templates.hold(session, template.template_id)


def unknown(field: str, key: str) -> InvalidInput:
    """The error for a key that names no kind."""
    message = f"there is no kind {key!r}; create it with createKind or use one that `kinds` lists"
    return InvalidInput.at(field, message, Problem.NOT_FOUND)


def _check_templates(checks: Checklist, title: str, body: str) -> None:
    checks.take("title", render.check, title)
    checks.take("body", render.check, body)


def _check_outlets(checks: Checklist, *, in_app: bool, email: bool) -> None:
    if not in_app and not email:
        checks.add("inApp", "a kind must go somewhere: set inApp, email or both")


def _check_wait(checks: Checklist, kind: NewKind | Kind) -> None:
    """An e-mail can wait only for what an inbox holds, and not for ever."""
    seconds = kind.email_if_unread_after_seconds
    if seconds is None:
        return
    if not kind.in_app:
        message = "an e-mail can wait for a notification only if the kind stores one: set inApp"
        checks.add("emailIfUnreadAfter", message)
    if not kind.email:
        message = "there is an e-mail to wait only if the kind sends one: set email"
        checks.add("emailIfUnreadAfter", message)
    if not 1 <= seconds <= LONGEST_WAIT:
        message = f"must be from 1 to {LONGEST_WAIT} seconds (7 days); null sends at once"
        checks.add("emailIfUnreadAfter", message)
