"""The sweep: what must happen even if every wake-up was lost."""

from typing import Any

from bson import ObjectId

from core import events
from core.parts import Parts
from models.mailing import MailingStatus
from rules.message import Status
from services import closing, counters, mailings, messages

BATCH = 1_000


async def sweep(parts: Parts) -> None:
    """Give back what dead workers held, and end what is over."""
    reclaimed = await messages.reclaim(parts)
    if reclaimed:
        events.emit("leases.reclaimed", count=reclaimed)
    for mailing in await _unsettled(parts):
        await _settle(parts, mailing)


async def to_launch(parts: Parts) -> list[ObjectId]:
    """Mailings whose time has come, or whose launch was left unfinished."""
    now = parts.database_clock.now()
    due = {"status": MailingStatus.SCHEDULED, "start_at": {"$lte": now}}
    unfinished = {"status": MailingStatus.RUNNING, "launch.expanded": False}
    query = {"settled": False, "$or": [due, unfinished]}
    found = mailings.collection().find(query, projection={"_id": 1}).limit(BATCH)
    return [row["_id"] async for row in found]


async def work_is_due(parts: Parts, lane: str) -> bool:
    """Whether a pump of this lane would find a message now."""
    now = parts.database_clock.now()
    due: dict[str, Any] = {"status": Status.PENDING, "due_at": {"$lte": now}}
    if lane == messages.PERSONAL:
        due["mailing_id"] = None
    else:
        running = {"status": MailingStatus.RUNNING, "settled": False, "end_at": {"$gt": now}}
        found = mailings.collection().find(running, projection={"_id": 1}).limit(BATCH)
        due["mailing_id"] = {"$in": [row["_id"] async for row in found]}
    return await messages.collection().find_one(due, projection={"_id": 1}) is not None


async def _unsettled(parts: Parts) -> list[dict[str, Any]]:
    """Mailings that are over or may be finished, but are not marked so."""
    launched = {"status": MailingStatus.RUNNING, "launch.expanded": True}
    query = {"settled": False, "$or": [{"status": MailingStatus.CANCELLED}, launched]}
    found: list[dict[str, Any]] = await mailings.collection().find(query).limit(BATCH).to_list()
    return found


async def _settle(parts: Parts, mailing: dict[str, Any]) -> None:
    """Close what is left of a mailing that is over; mark it settled once nothing is open."""
    mailing_id = mailing["_id"]
    cancelled = mailing["status"] == MailingStatus.CANCELLED
    if cancelled:
        await closing.close(parts, {"mailing_id": mailing_id}, Status.CANCELLED, "mailing deleted")
    elif mailing["end_at"] <= parts.database_clock.now():
        await closing.close(parts, {"mailing_id": mailing_id}, Status.EXPIRED, "the end came first")
    counts = await counters.read({"mailing_id": mailing_id})
    if counts.get(counters.OPEN_KEY, 0):
        return
    final = MailingStatus.CANCELLED if cancelled else MailingStatus.FINISHED
    # The version says that nobody changed the mailing (moved its end, say) meanwhile.
    result = await mailings.collection().update_one(
        {"_id": mailing_id, "version": mailing["version"]},
        {"$set": {"settled": True, "status": final}},
    )
    if result.modified_count:
        events.emit("mailing.finished", mailing_id=str(mailing_id), **counts)
