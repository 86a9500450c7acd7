"""What senders think better of: change a notification that is out already, or take it back (X9)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from core import clock, events, mongo
from core.errors import Checklist, Unavailable
from core.parts import Parts
from models.user import User
from rules import inbox, ring
from services import content, emails, kinds, letters, users
from services.inbox import Changed, announce, find_item, gone, with_item
from services.letters import Letter

Head = dict[str, Any]
TRIES = 32
"""How often an update begins again because another one came first."""


@dataclass(frozen=True, slots=True)
class Retracted:
    """What retracting did; a repeat has not `changed` anything."""

    changed: bool
    unread: int
    seq: int


async def update(
    parts: Parts,
    user_id: ObjectId,
    item_id: str,
    changes: Mapping[str, Any],
    maker: str | None = None,
) -> Changed:
    """Change `data` or `target_id` of an item, and by them its words; raises InvalidInput.

    For a `maker` there are only those that it made. Its place, its time and whether it is read
    stay. An e-mail that has not left says the new words. What changes nothing makes no event.
    """
    for _ in range(TRIES):
        item = await find_item(user_id, item_id)
        if item is None or not _made_by(maker, item):
            raise gone()
        said, letter = await _content(user_id, item, changes)
        write = partial(_update, user_id, item, said, letter)
        head = await _run(parts, user_id, item_id, write)
        if head is None or not head["items"]:
            raise gone()
        (now,) = head["items"]
        if head["touched"]:
            announce(parts, user_id, inbox.Updated(head["seq"], now), head)
            events.emit("notification.updated", user_id=str(user_id), item_id=item_id)
        if head["touched"] or _version(now) == _version(item):
            return Changed(now, bool(head["touched"]), head["unread"], head["seq"])
    raise Unavailable("other updates of this notification kept coming first; try again")


async def retract(
    parts: Parts, user_id: ObjectId, item_id: str, maker: str | None = None
) -> Retracted:
    """Take an item out of the inbox, and its e-mail back where it has not left; InvalidInput.

    Of one that newer ones pushed out the e-mail can still be taken back. For a `maker` there are
    only those that it made.
    """
    if maker is not None:
        item = await find_item(user_id, item_id)
        if item is not None and not _made_by(maker, item):
            raise gone()
    write = partial(_retract, parts, user_id, item_id, maker)
    head = await _run(parts, user_id, item_id, write)
    if head is None or (head["withdrawn"] is None and not head["stones"]):
        raise gone()
    if head["touched"]:
        announce(parts, user_id, inbox.Retracted(head["seq"], item_id), head)
    changed = bool(head["touched"] or head["withdrawn"])
    if changed:
        events.emit("notification.retracted", user_id=str(user_id), item_id=item_id)
    return Retracted(changed, head["unread"], head["seq"])


async def _run(
    parts: Parts,
    user_id: ObjectId,
    item_id: str,
    write: Callable[[AsyncClientSession | None], Awaitable[Head | None]],
) -> Head | None:
    """Write in a transaction, but only where there is an e-mail to change along."""
    if await emails.exists(user_id, item_id):
        return await mongo.promptly(parts.mongo, write)
    return await write(None)


async def _content(
    user_id: ObjectId, item: inbox.Item, changes: Mapping[str, Any]
) -> tuple[content.Content, Letter]:
    kind = await kinds.find(item["key"])
    if kind is None:
        raise kinds.unknown("id", item["key"])
    checks = Checklist()
    target = changes.get("target_id", item["target_id"])
    data = changes["data"] if "data" in changes else content.unpacked(item)
    made = content.make(checks, kind, str(user_id), target, data, kept=True)
    given = {"key": kind.id, "data": data or {}, "userId": str(user_id), "targetId": target}
    letter = await letters.fill(checks, kind, user_id, given)
    checks.close()
    return made, letter or letters.words({**item, **made})


async def _update(
    user_id: ObjectId,
    item: inbox.Item,
    said: content.Content,
    letter: Letter,
    session: AsyncClientSession | None,
) -> Head | None:
    stages = ring.update_item(item["id"], said, clock.now(), _version(item))
    head = await users.change(
        user_id, stages, session, upsert=False, projection=with_item(item["id"])
    )
    if session is not None and head is not None and head["touched"]:
        await emails.rewrite(session, user_id, item["id"], letter)
    return head


async def _retract(
    parts: Parts,
    user_id: ObjectId,
    item_id: str,
    maker: str | None,
    session: AsyncClientSession | None,
) -> Head | None:
    stages = ring.retract_item(item_id, parts.settings.notification_limit)
    this = {"$eq": ["$$it.id", {"$literal": item_id}]}
    stones = {"$filter": {"input": "$retracted", "as": "it", "cond": this}}
    projection = {**User.HEAD, "stones": stones}
    head = await users.change(user_id, stages, session, upsert=False, projection=projection)
    if head is None:
        return None
    withdrawn = None
    if session is not None:
        # The maker of what is kept is known from it, and of what was pushed out from its e-mail.
        allowed = None if head["touched"] else maker
        now = parts.database_clock.now()
        withdrawn = await emails.withdraw(session, user_id, item_id, now, allowed)
    return {**head, "withdrawn": withdrawn}


def _made_by(maker: str | None, item: inbox.Item) -> bool:
    return maker is None or item.get("by") == maker


def _version(item: inbox.Item) -> int:
    version: int = item.get("updated_seq", 0)
    return version
