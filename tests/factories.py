"""Data for tests: complete and valid, but for what a test says."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any

from beanie import Document
from bson import ObjectId

from core import clock
from core.errors import InvalidInput
from core.parts import Parts
from models.client import Client
from models.mailing import Mailing
from models.user import User
from rules.inbox import Item
from services import groups, launch, mailings, memberships
from services.groups import NewGroup
from services.kinds import NewKind
from services.memberships import Who
from services.new_audience import NewAudience
from services.new_mailing import NewMailing
from services.new_template import NewTemplate, NewVariable, NewVariant
from services.notifications import NewNotification

HOUR = timedelta(hours=1)
OURS = {"name": {"$regex": r"^(?!system\.)"}}
"""A filter of collections: MongoDB keeps some of its own beside a time-series collection."""
_unused = 500_000_000


def notification(user_id: object, key: str = "new_post", **said: Any) -> NewNotification:
    """A request to notify."""
    return NewNotification(**{"user_id": str(user_id), "key": key, **said})


def kind(key: str = "sale", **said: Any) -> NewKind:
    """A kind that goes everywhere."""
    return NewKind(**{"key": key, "in_app": True, "email": True, **said})


def mailing(**said: Any) -> NewMailing:
    """A mailing to everyone that starts now and has an hour."""
    now = clock.now()
    usual: dict[str, Any] = {"name": "Feast", "text": "Come!", "start_at": now}
    filtered = {at.name: said.pop(at.name) for at in fields(NewAudience) if at.name in said}
    usual["audience"] = NewAudience(**(filtered or {"all": True}))
    return NewMailing(**{**usual, "end_at": now + HOUR, **said})


def template(slug: str = "welcome", **said: Any) -> NewTemplate:
    """A template that greets somebody by name."""
    variant = NewVariant("Hello {{ name }}", "Welcome, {{ name }}!", "<p>Welcome, {{ name }}!</p>")
    usual = {"title": "Welcome", "variants": (variant,), "variables": (NewVariable("name"),)}
    return NewTemplate(slug, **{**usual, **said})


def phone(number: int) -> str:
    """A phone of its own for each number."""
    return f"7{9_000_000_000 + number}"


def unused(count: int) -> int:
    """The first of so many numbers that no other test on the same database has."""
    global _unused  # noqa: PLW0603 - one row of numbers for all
    _unused += count
    return _unused - count


async def clients(
    count: int, start: int = 0, said: Callable[[int], dict[str, Any]] = lambda number: {}
) -> list[ObjectId]:
    """Rows of clients; their ids in the order of their numbers."""
    now = clock.now()
    rows = [
        {
            "_id": ObjectId(),
            "phone": phone(number),
            "operator_code": phone(number)[1:4],
            "tags": [],
            "time_zone": "UTC",
            "email": None,
            "created_at": now,
            "updated_at": now,
            **said(number),
        }
        for number in range(start, start + count)
    ]
    await Client.get_pymongo_collection().insert_many(rows)
    return [row["_id"] for row in rows]


async def users(count: int, said: Callable[[int], dict[str, Any]] | None = None) -> list[ObjectId]:
    """Rows of users with an address; their ids in the order of their numbers."""
    rows = [
        {
            "_id": ObjectId(),
            "email": f"u{number}@example.com",
            "seq": 0,
            "unread": 0,
            "floor": 0,
            "inbox": [],
            **(said(number) if said else {}),
        }
        for number in range(count)
    ]
    await User.get_pymongo_collection().insert_many(rows)
    return [row["_id"] for row in rows]


async def group(
    parts: Parts,
    name: str = "staff",
    clients: Sequence[ObjectId] = (),
    users: Sequence[ObjectId] = (),
) -> ObjectId:
    """A group with these members; its id."""
    made = await groups.create(parts, "operator", NewGroup(name))
    members = [Who(client_id=one) for one in clients]
    members += [Who(user_id=str(one)) for one in users]
    for start in range(0, len(members), memberships.LARGEST_BATCH):
        some = members[start : start + memberships.LARGEST_BATCH]
        answers = await memberships.add(parts, name, some)
        assert not [answer for answer in answers if isinstance(answer, InvalidInput)]
    return id_of(made)


def with_email(number: int) -> dict[str, Any]:
    """An e-mail address of its own for each number."""
    return {"email": f"c{number}@example.com"}


def id_of(document: Document) -> ObjectId:
    """The id of a stored document."""
    assert document.id is not None
    return document.id


async def created(parts: Parts, **said: Any) -> Mailing:
    """A stored mailing, to everyone and from now on."""
    return await mailings.create(parts, "operator", mailing(**said))


async def scheduled(parts: Parts, **said: Any) -> Mailing:
    """A stored mailing that starts in an hour."""
    start = clock.now() + HOUR
    return await created(parts, **{"start_at": start, "end_at": start + HOUR, **said})


async def launched(parts: Parts, count: int, **said: Any) -> ObjectId:
    """A running mailing with one message for each of `count` new clients and each channel."""
    if count:
        await clients(count, said=with_email)
    mailing_id = id_of(await created(parts, **said))
    await launch.launch(parts, mailing_id)
    return mailing_id


def item(name: str, **said: Any) -> Item:
    """An item as it comes to the ring, without its place."""
    usual = {"at": clock.now(), "key": "new_post", "target_id": None, "data": None}
    return {"id": name, **usual, "title": "", "body": "", "new": True, **said}
