"""How many messages a second a channel is good for, as far as anyone can say."""

from typing import Any

from channels.profile import profile
from core.parts import Parts
from models.attempt import Attempt

FASTEST = 10_000.0
ASSUMED_MS = 50.0
"""How long a send takes where none was seen yet."""
LAST, AMONG = 100, 2_000
"""So many attempts of the channel are looked at, among the last ones of all channels."""


async def per_second(parts: Parts, channel: str) -> float:
    """The provider's limit if it has one, else what one worker does at the pace of late."""
    means = profile(parts.settings, channel)
    at_once = means.concurrency
    return means.rate or min(FASTEST, at_once * 1_000 / max(0.001, await _mean_ms(channel)))


async def _mean_ms(channel: str) -> float:
    # By the ids, for which there is an index: the newest come first.
    stages: list[dict[str, Any]] = [
        {"$sort": {"_id": -1}},
        {"$limit": AMONG},
        # Those of workers that are gone took nobody knows how long.
        {"$match": {"channel": channel, "duration_ms": {"$gt": 0}}},
        {"$limit": LAST},
        {"$group": {"_id": None, "mean": {"$avg": "$duration_ms"}}},
    ]
    rows = await (await Attempt.get_pymongo_collection().aggregate(stages)).to_list()
    return float(rows[0]["mean"]) if rows else ASSUMED_MS
