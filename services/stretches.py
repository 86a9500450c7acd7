"""The stretches of a launch: all clients of an audience by id, then all its users by id.

What an audience means is fixed when the launch starts: what its groups and segments stand for, and
the largest client and user. Members come and go until their stretch reaches them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.collection import AsyncCollection

from models.client import Client
from models.mailing import AudienceFilter, Names
from rules import audience
from rules.audience import Query
from rules.message import Route
from services import naming, users
from services.recipients import ADDRESS_FIELD, USER_ADDRESS, USER_ZONE

Rows = AsyncCollection[dict[str, Any]]
CLIENT_FIELDS = {**dict.fromkeys(ADDRESS_FIELD.values(), 1), "time_zone": 1}
USER_FIELDS = {USER_ADDRESS: 1, "time_zone": 1}


@dataclass(frozen=True, slots=True)
class Place:
    """How far a launch is: among the clients or the users, and after whom."""

    at_users: bool
    checkpoint: ObjectId | None


@dataclass(frozen=True, slots=True)
class Member:
    """A client or a user, as its messages need it."""

    name: str
    """What its messages derive their ids from."""
    link: Mapping[str, ObjectId]
    addresses: Mapping[str, str]
    """By channel."""
    zone: str


class Stretches:
    """Goes through whom a running mailing is for."""

    def __init__(self, mailing: dict[str, Any]) -> None:
        self.mailing = mailing
        self._launch = mailing["launch"]
        whom = naming.filter_of(AudienceFilter.model_validate(mailing["audience"]))
        known = naming.known_of(Names.model_validate(self._launch.get("known", {})))
        self._clients = audience.query(whom, known)
        self._users = audience.user_query(whom, known)

    @property
    def begin(self) -> Place:
        """Where the launch was left."""
        return Place(self._launch.get("at_users", False), self._launch["checkpoint"])

    async def next(self, place: Place, limit: int) -> tuple[list[Member], Place | None]:
        """The next members, and the place after them; None if that is the end."""
        if place.at_users:
            query = audience.NOBODY if self._users is None else self._users
            rows = await self._rows(users.collection(), query, "upto_user", place, limit)
            return [_user(row) for row in rows], _after(place, rows, limit)
        clients = Client.get_pymongo_collection()
        rows = await self._rows(clients, self._clients, "upto", place, limit)
        members, end = [_client(row) for row in rows], _after(place, rows, limit)
        if end is None and self._launch.get("upto_user") is not None:
            end = Place(at_users=True, checkpoint=None)
        return members, end

    async def _rows(
        self, members: Rows, query: Query, upto: str, place: Place, limit: int
    ) -> list[dict[str, Any]]:
        span = {"$lte": self._launch[upto]}
        if place.checkpoint is not None:
            span["$gt"] = place.checkpoint
        fields = USER_FIELDS if place.at_users else CLIENT_FIELDS
        found = members.find({"$and": [query, {"_id": span}]}, projection=fields)
        return await found.sort("_id", 1).limit(limit).to_list()


async def at_start(mailing: dict[str, Any]) -> dict[str, Any]:
    """What a launch that starts now goes by; fields of `Launch`."""
    whom = naming.filter_of(AudienceFilter.model_validate(mailing["audience"]))
    known = await naming.found_now(whom)
    upto = await _newest(Client.get_pymongo_collection())
    upto_user = None
    if Route.EMAIL in mailing["channels"] and audience.means_users(whom, known):
        upto_user = await _newest(users.collection())
    return {
        "known": naming.names(known).model_dump(),
        "upto": upto,
        "upto_user": upto_user,
        "expanded": upto is None and upto_user is None,
    }


async def _newest(members: Rows) -> ObjectId | None:
    newest = await members.find_one({}, projection={"_id": 1}, sort=[("_id", -1)])
    return None if newest is None else newest["_id"]


def _after(place: Place, rows: list[dict[str, Any]], limit: int) -> Place | None:
    return Place(place.at_users, rows[-1]["_id"]) if len(rows) == limit else None


def _client(row: dict[str, Any]) -> Member:
    addresses = {route: row[at] for route, at in ADDRESS_FIELD.items() if row.get(at)}
    return Member(str(row["_id"]), {"client_id": row["_id"]}, addresses, row["time_zone"])


def _user(row: dict[str, Any]) -> Member:
    addresses = {Route.EMAIL.value: row[USER_ADDRESS]} if row.get(USER_ADDRESS) else {}
    zone = row.get("time_zone", USER_ZONE)
    return Member(f"user:{row['_id']}", {"user_id": row["_id"]}, addresses, zone)
