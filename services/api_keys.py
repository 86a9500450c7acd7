"""API keys for services: made, revoked, listed, and looked up by what a request shows."""

import asyncio
import hmac
import secrets
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from core import clock, events
from core.errors import Checklist, InvalidInput, Problem, Unauthenticated, Unavailable
from core.parts import Parts
from models.api_key import ApiKey
from rules import api_key as rules
from rules.roles import KEY_SUBJECT, Principal, Role, grantable
from services import idempotency, paging
from services.idempotency import Once, Row

REVOKED = "revoked"
"""The topic on which the id of a revoked key goes to every process, in ASCII."""

CACHE_SECONDS = 1.0
"""How long a process takes a key for good without asking; so long a revoked one may still hold."""
CACHE_BOUND = 1_000
"""Keys; as many that were forgotten are remembered to have been."""
MOST_KEYS = 1_000
"""Keys in force at once; also what bounds the notes of their use."""
LONGEST_NAME = 100
USE_NOTED = timedelta(minutes=1)
NOTE_SECONDS = 5.0

_cache: dict[ObjectId, tuple[float, ApiKey]] = {}
_forgotten: dict[ObjectId, float] = {}
"""When this process heard that they were revoked."""
_used: dict[ObjectId, datetime] = {}
"""Keys seen whose last use on record is older than a minute."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """What an admin says of a key."""

    name: str
    role: Role
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A key, and its secret if it was made just now: a repeat can't tell it again."""

    key: ApiKey
    secret: str | None


async def create(parts: Parts, maker: Principal, new: NewKey, key: str | None = None) -> Made:
    """Make a key; raises InvalidInput with every mistake. A repeat of a key makes nothing."""
    key_id = ObjectId()
    secret = rules.write(key_id, secrets.token_bytes(rules.RANDOM_BYTES))

    async def work(session: AsyncClientSession | None) -> Row:
        row = {"_id": key_id, **await _checked(maker, new), "hash": rules.digest(secret)}
        await ApiKey.get_pymongo_collection().insert_one(row, session=session)
        return {"_id": key_id}  # the hash has no business in a second place

    once = Once.of(maker.subject, "createApiKey", key, asdict(new))
    made = await idempotency.run(parts.mongo, once, work)
    found = await ApiKey.get(made["_id"])
    if found is None:
        raise missing("idempotencyKey")
    if made["_id"] != key_id:
        return Made(found, None)
    events.emit("api_key.created", key_id=str(key_id), role=new.role, by=maker.subject)
    return Made(found, secret)


async def revoke(parts: Parts, by: Principal, key_id: ObjectId) -> ApiKey:
    """End a key everywhere, within about a second; a repeat changes nothing."""
    wanted = {"_id": key_id, "revoked_at": None}
    change = {"$set": {"revoked_at": clock.now(), "revoked_by": by.subject}}
    result = await ApiKey.get_pymongo_collection().update_one(wanted, change)
    key = await ApiKey.get(key_id)
    if key is None:
        raise missing("id")
    forget([str(key_id)])
    # A repeat tells it again: the first may have been lost.
    parts.wakeups.publish(REVOKED, str(key_id).encode())
    if result.modified_count:
        events.emit("api_key.revoked", key_id=str(key_id), by=by.subject)
    return key


async def page(*, first: int, after: ObjectId | None) -> paging.Page[ApiKey]:
    """All keys, the newest first."""
    return await paging.page(ApiKey, {}, first=first, after=after, newest_first=True)


async def count() -> int:
    """How many keys there are, revoked ones included."""
    return await ApiKey.find_all().count()


async def principal_of(secret: str) -> Principal:
    """Whom a secret speaks for; raises Unauthenticated, and Unavailable without MongoDB."""
    key_id = rules.read(secret)
    key = None if key_id is None else await _find(key_id)
    if key is None or not hmac.compare_digest(key.hash, rules.digest(secret)):
        raise Unauthenticated("the API key is not valid")
    now = clock.now()
    if not _in_force(key.revoked_at, key.expires_at, now):
        raise Unauthenticated("the API key was revoked or has expired")
    assert key.id is not None
    if key.last_used_at is None or now - key.last_used_at >= USE_NOTED:
        _used[key.id] = now
    return Principal(f"{KEY_SUBJECT}{key.id}", key.role, key.expires_at, str(key.id))


def is_known(secret: str) -> bool:
    """Whether this process has seen the key before, in force or not; what is made up it has not."""
    key_id = rules.read(secret)
    known = None if key_id is None else _cache.get(key_id)
    return known is not None and hmac.compare_digest(known[1].hash, rules.digest(secret))


async def still_good(key_ids: Iterable[str]) -> set[str]:
    """Those of the keys that are neither revoked nor expired."""
    key_ids = set(key_ids)
    wanted = {"_id": {"$in": [ObjectId(key_id) for key_id in key_ids]}}
    fields = {"revoked_at": 1, "expires_at": 1}
    rows = await ApiKey.get_pymongo_collection().find(wanted, fields).to_list()
    now = clock.now()
    good = {str(row["_id"]) for row in rows if _in_force(row["revoked_at"], row["expires_at"], now)}
    forget(key_ids - good)
    return good


def forget(key_ids: Iterable[str]) -> None:
    """Take these keys for good no longer without asking; call it on hearing the topic REVOKED."""
    for key_id in filter(ObjectId.is_valid, key_ids):
        if len(_forgotten) >= CACHE_BOUND:
            _forgotten.clear()
        _forgotten[ObjectId(key_id)] = time.monotonic()
        _cache.pop(ObjectId(key_id), None)


async def record_uses() -> None:
    """Write down now and then which keys were used, so that no request has to wait for it."""
    while True:
        await asyncio.sleep(NOTE_SECONDS)
        try:
            await note_uses()
        except PyMongoError as error:
            events.emit("api_keys.note.failed", error=str(error))


async def note_uses() -> None:
    """Write down the uses since the last time."""
    if not _used:
        return
    uses = dict(_used)
    _used.clear()
    notes = [
        UpdateOne({"_id": key_id}, {"$max": {"last_used_at": at}}) for key_id, at in uses.items()
    ]
    try:
        await ApiKey.get_pymongo_collection().bulk_write(notes, ordered=False)
    except BaseException:
        # The next time tells them too; what came in meanwhile is later.
        _used.update(uses | _used)
        raise


def missing(field: str) -> InvalidInput:
    """The error for an id that names no key."""
    return InvalidInput.at(field, "there is no such API key", Problem.NOT_FOUND)


async def _find(key_id: ObjectId) -> ApiKey | None:
    """The key, at most a second old."""
    asked_at = time.monotonic()
    known = _cache.get(key_id)
    if known is not None and asked_at - known[0] < CACHE_SECONDS:
        return known[1]
    key = await _read(key_id)
    if _forgotten.get(key_id, float("-inf")) >= asked_at:
        # It was revoked meanwhile, perhaps after it was read.
        asked_at, key = time.monotonic(), await _read(key_id)
    if key is not None:
        if len(_cache) >= CACHE_BOUND:
            _cache.clear()
        _cache[key_id] = asked_at, key
    return key


async def _read(key_id: ObjectId) -> ApiKey | None:
    try:
        return await ApiKey.get(key_id)
    except PyMongoError as error:
        events.emit("database.unreachable", error=str(error))
        raise Unavailable from None


async def _checked(maker: Principal, new: NewKey) -> Row:
    now = clock.now()
    checks = Checklist()
    name = new.name.strip()
    if not name or len(name) > LONGEST_NAME:
        problem = Problem.TOO_LONG if name else Problem.BLANK
        checks.add("name", f"must have 1 to {LONGEST_NAME} characters", problem)
    if new.role not in grantable(maker):
        message = "a key can't do more than its maker, and a subscriber's inbox is no service's"
        checks.add("role", message, Problem.NOT_ALLOWED_NOW)
    if new.expires_at is not None and new.expires_at <= now:
        checks.add("expiresAt", "must be in the future; leave it out for a key that stays")
    # Keys made at the same moment don't count each other, which is good enough: the bound keeps
    # memory and lists small, and only admins make keys.
    in_force = {"revoked_at": None, "$or": [{"expires_at": None}, {"expires_at": {"$gt": now}}]}
    if await ApiKey.find(in_force).count() >= MOST_KEYS:
        message = f"there are {MOST_KEYS} keys already; revoke those that nobody uses"
        checks.add("name", message, Problem.TOO_MANY)
    checks.close()
    fields = {"name": name, "role": new.role.value, "expires_at": new.expires_at}
    unused = {"revoked_at": None, "revoked_by": None, "last_used_at": None}
    return {**fields, **unused, "created_at": now, "created_by": maker.subject}


def _in_force(revoked_at: datetime | None, expires_at: datetime | None, now: datetime) -> bool:
    return revoked_at is None and (expires_at is None or expires_at > now)
