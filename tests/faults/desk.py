"""What operators do with mailings, noted for the judge."""

from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from core import clock
from core.errors import InvalidInput, Problem
from models.mailing import LocalWindow, MailingStatus
from rules.message import RETRYABLE
from services import control, mailings, retries
from tests import factories
from tests.faults.evidence import Silence, Version
from tests.faults.scene import Scene

CALLER = "5f0c3a1b2c3d4e5f6a7b8c99"
FOR_EVER = timedelta(days=365)


async def create(scene: Scene, **said: Any) -> ObjectId:
    """Create a mailing to everyone from now on, unless told otherwise."""
    new = factories.mailing(**said)
    at = clock.now()
    mailing_id = factories.id_of(await mailings.create(scene.parts, CALLER, new))
    first = Version(at, new.text, new.end_at, _hours(new.window))
    scene.versions[mailing_id] = [first]
    return mailing_id


async def edit(scene: Scene, mailing_id: ObjectId, **changes: Any) -> None:
    """Change text, end or window of a mailing."""
    at = clock.now()
    await mailings.update(scene.parts, mailing_id, changes)
    if "window" in changes:
        changes["window"] = _hours(changes["window"])
    _note(scene, mailing_id, at, **changes)


async def pause(scene: Scene, mailing_id: ObjectId) -> None:
    """Stop a mailing for now."""
    await control.pause(scene.parts, mailing_id, CALLER)
    now = clock.now()
    scene.silences.append(Silence(mailing_id, now, now + FOR_EVER))


async def resume(scene: Scene, mailing_id: ObjectId) -> None:
    """Let it go on."""
    at = clock.now()
    await control.resume(scene.parts, mailing_id, CALLER)
    _speaks(scene, mailing_id, at)


async def cancel(scene: Scene, mailing_id: ObjectId) -> None:
    """End it before its time."""
    await control.cancel(scene.parts, mailing_id, CALLER)
    now = clock.now()
    scene.silences.append(Silence(mailing_id, now, now + FOR_EVER))


async def retry(scene: Scene, mailing_id: ObjectId, end_at: datetime) -> int:
    """Try again what can be; how many, 0 where the mailing's state forbids it."""
    at = clock.now()
    try:
        retried = await retries.of_mailing(
            scene.parts, mailing_id, sorted(RETRYABLE), CALLER, end_at
        )
    except InvalidInput as error:
        if {one.code for one in error.errors} != {Problem.NOT_ALLOWED_NOW}:
            raise
        return 0
    _note(scene, mailing_id, at, end_at=end_at)
    if retried.mailing is not None and retried.mailing.status is MailingStatus.RUNNING:
        _speaks(scene, mailing_id, at)  # one that came to its end while it was paused
    return retried.count


def _speaks(scene: Scene, mailing_id: ObjectId, at: datetime) -> None:
    scene.silences = [
        one._replace(until=min(one.until, at)) if one.mailing_id == mailing_id else one
        for one in scene.silences
    ]


def _note(scene: Scene, mailing_id: ObjectId, at: datetime, **changes: Any) -> None:
    versions = scene.versions[mailing_id]
    versions.append(versions[-1]._replace(at=at, **changes))


def _hours(window: LocalWindow | None) -> tuple[str, str] | None:
    return None if window is None else (window.opens, window.closes)
