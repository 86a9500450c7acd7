"""Who is in a group: clients and users are put in and taken out, a thousand at a time (T2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from core import clock, events, mongo
from core.errors import Checklist, FieldError, InvalidInput, Problem
from core.parts import Parts
from models.client import Client
from models.user import User
from rules import addresses
from services import groups, naming, paging, users

LARGEST_BATCH = 1_000
MOST_GROUPS = 100
"""Groups that one client or user can be in."""

Of: TypeAlias = Literal["client", "user"]
MODELS: dict[Of, type[Client] | type[User]] = {"client": Client, "user": User}


@dataclass(frozen=True, slots=True)
class Who:
    """A client by its id, phone or e-mail address, or a user by its id: one of them."""

    client_id: ObjectId | None = None
    user_id: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A client or a user; which of them is there."""

    client: Client | None = None
    user: User | None = None

    @property
    def place(self) -> "Place":
        """Where it stands in the list of members."""
        one = self.client or self.user
        assert one is not None
        assert one.id is not None
        return ("client" if self.client else "user"), one.id


Place: TypeAlias = tuple[Of, ObjectId]
Answer: TypeAlias = Place | InvalidInput


async def add(parts: Parts, name: str, wanted: Sequence[Who]) -> list[Answer]:
    """Put members into a group; one answer each, so that one mistake stops no other.

    Whoever is in it stays in it. Raises InvalidInput where nothing can be done at all.
    """
    return await _change(parts, name, wanted, add=True)


async def remove(parts: Parts, name: str, wanted: Sequence[Who]) -> list[Answer]:
    """Take members out of a group; whoever is not in it stays out."""
    return await _change(parts, name, wanted, add=False)


async def page(group_id: ObjectId, *, first: int, after: Place | None) -> tuple[list[Member], bool]:
    """Members of a group, its clients first, and whether there are more."""
    query = {"groups": group_id}
    found: list[Member] = []
    more = False
    if after is None or after[0] == "client":
        place = after and after[1]
        clients = await paging.page(Client, query, first=first, after=place)
        found, more = [Member(client=client) for client in clients.items], clients.has_next
    if not more:
        place = after[1] if after and after[0] == "user" else None
        count = first - len(found)
        rest = await users.page(query, first=count, after=place)
        found, more = [*found, *(Member(user=user) for user in rest.items)], rest.has_next
    return found, more


async def _change(parts: Parts, name: str, wanted: Sequence[Who], *, add: bool) -> list[Answer]:
    if not 0 < len(wanted) <= LARGEST_BATCH:
        message = f"name 1 to {LARGEST_BATCH:,} members, not {len(wanted):,}"
        problem = Problem.TOO_MANY if wanted else Problem.BLANK
        raise InvalidInput.at("members", message, problem)
    checked = [_checked(who) for who in wanted]
    work = partial(_write, name, checked, add)
    answers = await mongo.promptly(parts.mongo, work)
    changed = sum(not isinstance(answer, InvalidInput) for answer in answers)
    if add:
        events.emit("group.members.added", group=name, count=changed)
    else:
        events.emit("group.members.removed", group=name, count=changed)
    return answers


async def _write(
    name: str, wanted: Sequence[Who | InvalidInput], add: bool, session: AsyncClientSession
) -> list[Answer]:
    # Written, so that a deletion at the same moment waits for this, or this for it.
    now = clock.now()
    group = await groups.collection().find_one_and_update(
        {"name": name, **naming.THERE}, {"$set": {"updated_at": now}}, session=session
    )
    if group is None:
        raise groups.missing("group", name)
    answers = await _places(wanted, session)
    full: set[Place] = set()
    for of, model in MODELS.items():
        ids = [one[1] for one in answers if not isinstance(one, InvalidInput) and one[0] == of]
        full |= {(of, one) for one in await _move(model, ids, group["_id"], add, session)}
    return [_full() if answer in full else answer for answer in answers]


async def _move(
    model: type[Client] | type[User],
    ids: list[ObjectId],
    group_id: ObjectId,
    add: bool,
    session: AsyncClientSession,
) -> set[ObjectId]:
    """Those that could not be put in, as they are in too many groups."""
    if not ids:
        return set()
    rows, these = model.get_pymongo_collection(), {"_id": {"$in": ids}}
    if not add:
        await rows.update_many(these, {"$pull": {"groups": group_id}}, session=session)
        return set()
    room = {**these, f"groups.{MOST_GROUPS - 1}": {"$exists": False}}
    await rows.update_many(room, {"$addToSet": {"groups": group_id}}, session=session)
    outside = {**these, "groups": {"$ne": group_id}}
    return {row["_id"] async for row in rows.find(outside, {"_id": 1}, session=session)}


async def _places(
    wanted: Sequence[Who | InvalidInput], session: AsyncClientSession
) -> list[Answer]:
    said = [who for who in wanted if isinstance(who, Who)]
    clients = [who.client_id for who in said if who.client_id]
    user_ids = [ObjectId(who.user_id) for who in said if who.user_id]
    by_id = {("client", one) for one in await _ids(Client, "_id", clients, session)}
    by_id |= {("user", one) for one in await _ids(User, "_id", user_ids, session)}
    phones = await _ids(Client, "phone", [who.phone for who in said if who.phone], session)
    emails = await _ids(Client, "email", [who.email for who in said if who.email], session)

    def place(who: Who | InvalidInput) -> Answer:
        if isinstance(who, InvalidInput):
            return who
        if who.phone or who.email:
            field, found = ("phone", phones) if who.phone else ("email", emails)
            named = found.get(who.phone or who.email, [])
            return ("client", named[0]) if len(named) == 1 else _unclear(field, len(named))
        if who.client_id:
            at: Place = ("client", who.client_id)
            return at if at in by_id else _unknown("clientId", "client")
        at = ("user", ObjectId(who.user_id))
        return at if at in by_id else _unknown("userId", "user")

    return [place(who) for who in wanted]


async def _ids(
    model: type[Client] | type[User], field: str, values: list[Any], session: AsyncClientSession
) -> dict[Any, list[ObjectId]]:
    """The ids of those who have one of these values, by the value."""
    if not values:
        return {}
    query = {field: {"$in": values}}
    rows = model.get_pymongo_collection().find(query, projection={field: 1}, session=session)
    found: dict[Any, list[ObjectId]] = {}
    async for row in rows:
        found.setdefault(row[field], []).append(row["_id"])
    return found


def _checked(who: Who) -> Who | InvalidInput:
    checks = Checklist()
    user_id = who.user_id and str(checks.take("userId", addresses.object_id, who.user_id))
    phone = who.phone and checks.take("phone", addresses.phone, who.phone)
    email = who.email and checks.take("email", addresses.email, who.email)
    if not (who.client_id or who.user_id or who.phone or who.email):
        checks.add("members", "name a client or a user", Problem.BLANK)
    if checks.errors:
        return InvalidInput(*checks.errors)
    return Who(who.client_id, user_id, phone, email)


def _unknown(field: str, what: str) -> InvalidInput:
    return InvalidInput.at(field, f"there is no such {what}", Problem.NOT_FOUND)


def _unclear(field: str, count: int) -> InvalidInput:
    if not count:
        return InvalidInput.at(field, "no client has it; create one first", Problem.NOT_FOUND)
    message = f"{count} clients have it; name the one that is meant by clientId"
    return InvalidInput.at(field, message, Problem.CONFLICT)


def _full() -> InvalidInput:
    message = f"is in {MOST_GROUPS} groups already; take it out of another one first"
    return InvalidInput(FieldError("members", message, Problem.TOO_MANY))
