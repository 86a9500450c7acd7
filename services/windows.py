"""Local-time windows (M22): when a client may be reached, and what changes when that does."""

from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from core import failpoints, mongo
from core.parts import Parts
from models.client import Client
from models.message import WAITS_FOR_WINDOW
from models.user import User
from rules import window as rules
from rules.message import Status
from services import mailings, messages

WAITING = WAITS_FOR_WINDOW
USER_WAITS = "user_waits"
"""The index by which a user's are found: there are others, which hold all that it ever got."""
UNKNOWN_ZONE = "UTC"
"""Of whoever has none, or is gone."""
BATCH = 1_000
NOTICED_SECONDS = 3.0
"""By then every pump has read a changed window, and puts nothing off by the old one any more."""

_MOVED = failpoints.place("windows.moved")


def due_at(window: dict[str, str] | None, zone: str, now: datetime) -> datetime:
    """When a client of this zone may be reached: now, or when its window opens next."""
    if window is None:
        return now
    return max(now, _opening(window["opens"], window["closes"], zone, _minute(now)))


def closes_at(window: dict[str, str], zone: str, now: datetime) -> datetime:
    """When the window that is open now closes."""
    return _closing(window["opens"], window["closes"], zone, _minute(now))


async def clients_moved(
    client_ids: list[ObjectId], session: AsyncClientSession | None = None
) -> None:
    """Look again at what waits for the windows of clients whose zones have changed."""
    await _look_again({"client_id": {"$in": client_ids}}, session)


async def users_moved(user_ids: list[ObjectId], session: AsyncClientSession | None = None) -> None:
    """The same for users."""
    await _look_again({"user_id": {"$in": user_ids}}, session, USER_WAITS)


async def _look_again(
    of_them: dict[str, Any], session: AsyncClientSession | None, index: str | None = None
) -> None:
    waiting = {**of_them, "status": Status.PENDING, "why": WAITING}
    # Due at once: the pump asks for the zone right before the send, and puts it off again.
    # Personal ones may have a start that is still to come.
    due = [{"$set": {"due_at": {"$ifNull": ["$start_at", "$created_at"]}}}]
    await messages.collection().update_many(waiting, due, session=session, hint=index)


async def move(parts: Parts, mailing_id: ObjectId) -> bool:
    """Give the next rows that wait for a changed window their new times; whether to go on."""
    more = await mongo.in_transaction(parts.mongo, partial(_move, parts, mailing_id))
    failpoints.reach(_MOVED)
    return more


async def _move(parts: Parts, mailing_id: ObjectId, session: AsyncClientSession) -> bool:
    marked = {"_id": mailing_id, "redue": True}
    mailing = await mailings.collection().find_one(marked, session=session)
    now = parts.database_clock.now()
    if mailing is None or not _is_noticed(mailing, now):
        return False
    rows = await _waiting(mailing, session)
    zones = await _zones_of(rows)
    window = mailing["window"]
    updates = [
        UpdateOne(
            {"_id": row["_id"]},
            {"$set": {"due_at": due_at(window, zones.get(_whose(row), UNKNOWN_ZONE), now)}},
        )
        for row in rows
    ]
    if updates:
        await messages.collection().bulk_write(updates, ordered=False, session=session)
    more = len(rows) == BATCH
    values: dict[str, Any] = {"redue": more, "redue_after": None}
    if more:
        values["redue_after"] = {"version": mailing["version"], "id": rows[-1]["_id"]}
    await mailings.collection().update_one(marked, {"$set": values}, session=session)
    return more


def _is_noticed(mailing: dict[str, Any], now: datetime) -> bool:
    changed_at = mailing.get("redue_at")
    return changed_at is None or now >= changed_at + timedelta(seconds=NOTICED_SECONDS)


async def _waiting(mailing: dict[str, Any], session: AsyncClientSession) -> list[dict[str, Any]]:
    """The next rows by id. Another change of the mailing meanwhile starts it all over."""
    waiting: dict[str, Any] = {"mailing_id": mailing["_id"], "status": Status.PENDING}
    waiting["why"] = WAITING
    place = mailing.get("redue_after")
    if place is not None and place["version"] == mailing["version"]:
        waiting["_id"] = {"$gt": place["id"]}
    fields = {"client_id": 1, "user_id": 1}
    found = messages.collection().find(waiting, fields, session=session)
    return await found.sort("_id", 1).limit(BATCH).to_list()


async def _zones_of(rows: list[dict[str, Any]]) -> dict[ObjectId | None, str]:
    """The zones of the clients and users of these rows, of those that have any."""
    zones: dict[ObjectId | None, str] = {}
    models: dict[str, type[Client] | type[User]] = {"client_id": Client, "user_id": User}
    for link, model in models.items():
        ids = [row[link] for row in rows if row.get(link) is not None]
        if ids:
            query = {"_id": {"$in": ids}, "time_zone": {"$exists": True}}
            found = model.get_pymongo_collection().find(query, projection={"time_zone": 1})
            zones |= {row["_id"]: row["time_zone"] async for row in found}
    return zones


def _whose(row: dict[str, Any]) -> ObjectId | None:
    """Whom a row goes to; None for none of the directory."""
    return row.get("client_id") or row.get("user_id")


def _minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)


@lru_cache(maxsize=4_096)
def _opening(opens: str, closes: str, zone: str, minute: datetime) -> datetime:
    return rules.opens_at(rules.window(opens, closes), _zone(zone), minute)


@lru_cache(maxsize=4_096)
def _closing(opens: str, closes: str, zone: str, minute: datetime) -> datetime:
    return rules.closes_at(rules.window(opens, closes), _zone(zone), minute)


@lru_cache(maxsize=1_024)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        # A zone that was dropped from the database of zones since the client was stored.
        return ZoneInfo("UTC")
