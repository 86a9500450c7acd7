"""Who is in an audience, and how it spreads over channels and time zones (X5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pymongo.errors import ExecutionTimeout

from core.errors import Checklist, Unavailable
from models.client import Client
from models.mailing import AudienceFilter
from rules import audience
from rules.audience import NOTHING_KNOWN, Audience, Known, Query
from rules.message import Route
from services import naming, new_audience, users
from services.new_audience import NewAudience
from services.recipients import ADDRESS_FIELD, USER_ADDRESS, USER_ZONE
from services.users import Users

LIMIT_MS = 5_000


@dataclass(frozen=True, slots=True)
class Zone:
    """The clients or the users of one time zone, and how many of them each channel reaches."""

    name: str
    clients: int
    reachable: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Spread:
    """The clients of an audience by time zones, the largest first, and its users likewise."""

    zones: tuple[Zone, ...]
    of_users: tuple[Zone, ...] = ()

    @property
    def places(self) -> tuple[Zone, ...]:
        """The zones of the clients and those of the users."""
        return (*self.zones, *self.of_users)

    @property
    def total(self) -> int:
        """All clients."""
        return sum(zone.clients for zone in self.zones)

    @property
    def users(self) -> int:
        """All users."""
        return sum(zone.clients for zone in self.of_users)

    def clients(self, channel: str) -> int:
        """Clients who have an address for this channel."""
        return sum(zone.reachable[channel] for zone in self.zones)

    def reachable(self, channel: str) -> int:
        """Clients and users who have an address for this channel."""
        return sum(zone.reachable[channel] for zone in self.places)


async def count(said: NewAudience, field: str = "filter") -> Spread:
    """Check an audience and count it; raises InvalidInput, and Unavailable as `spread` does."""
    checks = Checklist()
    whom = new_audience.check(checks, said, field)
    checks.close()
    return await spread(whom, await naming.known(whom, field))


async def of_filter(said: AudienceFilter) -> Spread:
    """Count a stored filter as it fits now; raises Unavailable as `spread` does."""
    whom = naming.filter_of(said)
    return await spread(whom, await naming.found_now(whom))


async def some_of(said: AudienceFilter, count: int) -> list[Client]:
    """The oldest clients that fit a stored filter now."""
    whom = naming.filter_of(said)
    return await first_clients(audience.query(whom, await naming.found_now(whom)), [], count)


async def spread(whom: Audience, known: Known = NOTHING_KNOWN) -> Spread:
    """Count an audience; raises Unavailable if that takes longer than 5 seconds."""
    has_address = {channel: _count_with(field) for channel, field in ADDRESS_FIELD.items()}
    zones = await _groups(
        Client.get_pymongo_collection(),
        audience.query(whom, known),
        {"_id": "$time_zone", "clients": {"$sum": 1}, **has_address},
    )
    return Spread(tuple(_zone(row) for row in zones), await _users(whom, known))


async def first_clients(query: Query, channels: list[str], count: int) -> list[Client]:
    """The oldest clients that fit whom one of these channels reaches, of none of them all."""
    reached = [{ADDRESS_FIELD[channel]: {"$gt": ""}} for channel in channels]
    wanted = {"$and": [query, {"$or": reached}]} if channels else query
    if not count:
        return []  # MongoDB knows no limit of 0
    try:
        return await Client.find(wanted, max_time_ms=LIMIT_MS).sort("+_id").limit(count).to_list()
    except ExecutionTimeout:
        raise too_slow() from None


def too_slow() -> Unavailable:
    """The error for an audience that can't be looked through in time."""
    seconds = LIMIT_MS / 1_000
    return Unavailable(f"looking through the audience takes longer than {seconds:g} s; narrow it")


async def _users(whom: Audience, known: Known) -> tuple[Zone, ...]:
    query = audience.user_query(whom, known)
    if query is None:
        return ()
    zone = {"$ifNull": ["$time_zone", USER_ZONE]}
    counts = {"_id": zone, "clients": {"$sum": 1}, Route.EMAIL: _count_with(USER_ADDRESS)}
    unreached = dict.fromkeys(ADDRESS_FIELD, 0)
    found = await _groups(users.collection(), query, counts)
    return tuple(_zone(unreached | row) for row in found)


async def _groups(rows: Users, query: Query, group: dict[str, Any]) -> list[dict[str, Any]]:
    stages = [{"$match": query}, {"$group": group}, {"$sort": {"clients": -1, "_id": 1}}]
    try:
        return await (await rows.aggregate(stages, maxTimeMS=LIMIT_MS)).to_list()
    except ExecutionTimeout:
        raise too_slow() from None


def _count_with(field: str) -> dict[str, Any]:
    return {"$sum": {"$cond": [{"$gt": [f"${field}", ""]}, 1, 0]}}


def _zone(row: dict[str, Any]) -> Zone:
    return Zone(row["_id"], row["clients"], {channel: row[channel] for channel in ADDRESS_FIELD})
