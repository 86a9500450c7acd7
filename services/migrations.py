"""Migrations: bring a database to the version of this code, by one process at a time.

The version is raised after each step, so whoever comes after a process that died goes on with the
step at which that was. A lease says who is at it; a step that outlived its lease may run twice.
"""

import asyncio
import uuid
from contextlib import suppress
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from core import events, failpoints, mongo, tasks
from core.errors import ConfigurationError
from core.parts import Parts
from models.meta import Meta
from services import upgrades
from services.upgrades import Upgrade

LEASE_SECONDS = 30
RENEW_SECONDS = 10.0
WAIT_SECONDS = 0.5
"""Between looks while another process is at it."""

_CLAIMED = failpoints.place("migrations.claimed")
_RAN = failpoints.place("migrations.ran")
_RECORDED = failpoints.place("migrations.recorded")

_SCHEMA = {"_id": Meta.SCHEMA}


class _Lost(Exception):
    """Another process has the lease, or nobody: this one was away for too long."""


def latest() -> int:
    """The version that this code works with."""
    return upgrades.UPGRADES[-1].number


async def version(parts: Parts) -> int:
    """The database's version, 0 if it has none yet.

    Raises ConfigurationError if it is newer than this code.
    """
    row = await _meta(parts).find_one(_SCHEMA, {"version": 1})
    found = int(row["version"]) if row else 0
    if found > latest():
        raise ConfigurationError(
            f"the database's schema has version {found}, and this Belfry knows only those up to "
            f"{latest()}: a newer Belfry has migrated it; start that one, or restore the backup "
            "from before (docs/upgrading.md)"
        )
    return found


async def due(parts: Parts) -> list[Upgrade]:
    """The steps that are left, in order; raises ConfigurationError as `version` does."""
    there = await version(parts)
    return [step for step in upgrades.UPGRADES if step.number > there]


async def migrate(parts: Parts) -> list[Upgrade]:
    """Do what is left, or wait until another process has done it; what this one did.

    Raises ConfigurationError if the database is newer than this code.
    """
    done: list[Upgrade] = []
    waited = False
    while steps := await due(parts):
        token = uuid.uuid4()
        if await _claim(parts, token):
            failpoints.reach(_CLAIMED)
            done += await _run(parts, steps, token)
            continue
        if not waited:
            events.emit("migration.awaited", steps=[step.number for step in steps])
            waited = True
        await asyncio.sleep(WAIT_SECONDS)
    return done


async def _run(parts: Parts, steps: list[Upgrade], token: uuid.UUID) -> list[Upgrade]:
    done: list[Upgrade] = []
    try:
        for step in await _left(parts, steps):
            events.emit("migration.begun", version=step.number, what=step.what)
            await _under_lease(parts, step, token)
            failpoints.reach(_RAN)
            await _record(parts, step, token)
            failpoints.reach(_RECORDED)
            events.emit("migration.done", version=step.number, what=step.what)
            done.append(step)
    except _Lost:
        events.emit("migration.lost", token=str(token))
    finally:
        free = {"$unset": {"lease_token": "", "lease_until": ""}}
        await _meta(parts).update_one({**_SCHEMA, "lease_token": token}, free)
    return done


async def _left(parts: Parts, steps: list[Upgrade]) -> list[Upgrade]:
    """Looked up again under the lease: another may have done some before it was ours."""
    there = await version(parts)
    return [step for step in steps if step.number > there]


async def _under_lease(parts: Parts, step: Upgrade, token: uuid.UUID) -> None:
    """Do one step while the lease is ours; raises _Lost, and what the step raises."""
    work = asyncio.ensure_future(step.run(mongo.database(parts.mongo)))
    keeper = asyncio.create_task(_keep(parts, token))
    try:
        await asyncio.wait({work, keeper}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise _Lost
        work.result()
    finally:
        await tasks.end((work, keeper))


async def _keep(parts: Parts, token: uuid.UUID) -> None:
    """Renew the lease until it is no longer ours."""
    held = True
    while held:
        await asyncio.sleep(RENEW_SECONDS)
        ours = {**_SCHEMA, "lease_token": token}
        result = await _meta(parts).update_one(ours, [{"$set": {"lease_until": _until()}}])
        held = bool(result.matched_count)


async def _claim(parts: Parts, token: uuid.UUID) -> bool:
    """Take the lease, in the database's time; False while another process has it."""
    with suppress(DuplicateKeyError):  # Another process has made the row at the same moment.
        await _meta(parts).update_one(_SCHEMA, {"$setOnInsert": {"version": 0}}, upsert=True)
    free = {"$lte": [{"$ifNull": ["$lease_until", "$$NOW"]}, "$$NOW"]}
    ours = {"lease_token": token, "lease_until": _until()}
    result = await _meta(parts).update_one({**_SCHEMA, "$expr": free}, [{"$set": ours}])
    return bool(result.matched_count)


async def _record(parts: Parts, step: Upgrade, token: uuid.UUID) -> None:
    """Raise the version; raises _Lost."""
    ours = {**_SCHEMA, "lease_token": token, "version": {"$lt": step.number}}
    raised = [{"$set": {"version": step.number, "migrated_at": "$$NOW"}}]
    if not (await _meta(parts).update_one(ours, raised)).matched_count:
        raise _Lost


def _until() -> dict[str, Any]:
    return {"$add": ["$$NOW", LEASE_SECONDS * 1_000]}


def _meta(parts: Parts) -> AsyncCollection[dict[str, Any]]:
    """By its name: no document is bound yet."""
    return mongo.database(parts.mongo)[Meta.Settings.name]
