"""Who is in an audience, and how it spreads over channels and time zones (X5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pymongo.errors import ExecutionTimeout

from core.errors import Unavailable
from models.client import Client
from rules import audience
from rules.audience import Audience
from services.recipients import ADDRESS_FIELD

LIMIT_MS = 5_000


@dataclass(frozen=True, slots=True)
class Zone:
    """The clients of one time zone, and how many of them each channel reaches."""

    name: str
    clients: int
    reachable: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Spread:
    """An audience by time zones, the largest first."""

    zones: tuple[Zone, ...]

    @property
    def total(self) -> int:
        """All clients."""
        return sum(zone.clients for zone in self.zones)

    def reachable(self, channel: str) -> int:
        """Clients who have an address for this channel."""
        return sum(zone.reachable[channel] for zone in self.zones)


async def spread(whom: Audience) -> Spread:
    """Count an audience; raises Unavailable if that takes longer than 5 seconds."""
    has_address = {
        channel: {"$sum": {"$cond": [{"$gt": [f"${field}", ""]}, 1, 0]}}
        for channel, field in ADDRESS_FIELD.items()
    }
    stages: list[dict[str, Any]] = [
        {"$match": audience.query(whom)},
        {"$group": {"_id": "$time_zone", "clients": {"$sum": 1}, **has_address}},
        {"$sort": {"clients": -1, "_id": 1}},
    ]
    try:
        found = await Client.get_pymongo_collection().aggregate(stages, maxTimeMS=LIMIT_MS)
        rows = await found.to_list()
    except ExecutionTimeout:
        raise too_slow() from None
    return Spread(tuple(_zone(row) for row in rows))


async def first_clients(whom: Audience, channels: list[str], count: int) -> list[Client]:
    """The oldest clients of an audience whom one of these channels reaches."""
    reached = [{ADDRESS_FIELD[channel]: {"$gt": ""}} for channel in channels]
    query = {**audience.query(whom), "$or": reached}
    try:
        return await Client.find(query, max_time_ms=LIMIT_MS).sort("+_id").limit(count).to_list()
    except ExecutionTimeout:
        raise too_slow() from None


def too_slow() -> Unavailable:
    """The error for an audience that can't be looked through in time."""
    seconds = LIMIT_MS / 1_000
    return Unavailable(f"looking through the audience takes longer than {seconds:g} s; narrow it")


def _zone(row: dict[str, Any]) -> Zone:
    return Zone(row["_id"], row["clients"], {channel: row[channel] for channel in ADDRESS_FIELD})
