"""Preferences: what users and clients want to hear nothing of (X8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from core import events
from core.errors import Checklist, InvalidInput, Problem
from core.parts import Parts
from models.client import Client
from rules import preferences, ring
from services import clients, kinds, users

Mute = tuple[str | None, str | None]
"""A topic and a channel; None stands for any."""


class Whose(StrEnum):
    """Whom preferences belong to."""

    USER = "user"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Owner:
    """One user or client."""

    whose: Whose
    id: ObjectId


@dataclass(frozen=True, slots=True)
class Wish:
    """What to mute and what to hear again; `muted`, where it is given, stands for all there is."""

    muted: Sequence[Mute] | None = None
    mute: Sequence[Mute] = ()
    unmute: Sequence[Mute] = ()


async def muted(owner: Owner) -> tuple[str, ...]:
    """What the owner has muted; an unknown user has muted nothing. Raises InvalidInput."""
    row = await _collection(owner).find_one({"_id": owner.id}, projection={"muted": 1})
    if row is None and owner.whose is Whose.CLIENT:
        raise clients.missing("clientId")
    return tuple((row or {}).get("muted") or ())


async def change(parts: Parts, owner: Owner, wish: Wish, by: str) -> tuple[str, ...]:
    """Do what the owner wants; what is muted then. Raises InvalidInput with every mistake.

    An unknown user is made, as by a notification.
    """
    checks = Checklist()
    if wish.muted is not None and (wish.mute or wish.unmute):
        checks.add("muted", "give all that is to be muted, or what to mute and unmute, not both")
    before = await muted(owner)
    wanted = _entries(checks, "mute" if wish.muted is None else "muted", wish.muted or wish.mute)
    unwanted = _entries(checks, "unmute", wish.unmute)
    await _check_critical(checks, set(wanted) - set(before), wish)
    if len(wanted) > preferences.MOST:
        checks.add("muted", _too_many(), Problem.TOO_MANY)
    checks.close()
    stages = (
        preferences.change(wanted, unwanted) if wish.muted is None else preferences.replace(wanted)
    )
    if owner.whose is Whose.USER:
        stages = [*ring.touch(parts.settings.email), *stages]
    after = await write(owner, stages, upsert=owner.whose is Whose.USER)
    if after is None:
        raise clients.missing("clientId")
    if not set(wanted) <= set(after):
        raise InvalidInput.at("mute", _too_many(), Problem.TOO_MANY)
    events.emit("preferences.changed", **{f"{owner.whose}_id": str(owner.id)}, muted=after, by=by)
    return after


async def write(owner: Owner, stages: ring.Stages, *, upsert: bool) -> tuple[str, ...] | None:
    """What is muted after the update; None for an owner that there is not."""
    row = await _collection(owner).find_one_and_update(
        {"_id": owner.id},
        stages,
        projection={"muted": 1},
        upsert=upsert,
        return_document=ReturnDocument.AFTER,
    )
    return None if row is None else tuple(row["muted"])


def _collection(owner: Owner) -> AsyncCollection[dict[str, Any]]:
    if owner.whose is Whose.USER:
        return users.collection()
    return Client.get_pymongo_collection()


def _entries(checks: Checklist, field: str, said: Sequence[Mute]) -> tuple[str, ...]:
    """The entries, each once."""
    if len(said) > preferences.MOST:
        checks.add(field, _too_many(), Problem.TOO_MANY)
        return ()
    found = [
        checks.take(f"{field}.{place}.topic", lambda mute: preferences.entry(*mute), one)
        for place, one in enumerate(said)
    ]
    return tuple(sorted({one for one in found if one is not None}))


async def _check_critical(checks: Checklist, new: set[str], wish: Wish) -> None:
    """Nobody can mute what is critical; what was muted before it became so may stay."""
    topics = {topic for topic, _ in map(preferences.parts, new) if topic is not None}
    critical = await kinds.critical(topics)
    field = "mute" if wish.muted is None else "muted"
    for place, (topic, _) in enumerate(wish.muted or wish.mute):
        if topic in critical:
            message = f"{topic} is critical, so nobody can mute it; leave it out"
            checks.add(f"{field}.{place}.topic", message, Problem.NOT_ALLOWED_NOW)


def _too_many() -> str:
    return f"more than {preferences.MOST} would be muted; mute a whole channel instead"
