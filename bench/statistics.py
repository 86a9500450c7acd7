"""The time that the statistics of one mailing take: of a small one, and of a large one."""

import http.client
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from statistics import median
from typing import Any
from uuid import uuid4

import orjson
from bson import Int64, ObjectId

from bench.delivery import Incomplete, create_mailing
from bench.measure import Reading
from bench.rows import BATCH, clear
from bench.stage import Stage, phone_of, token
from core import clock
from local.ports import LOOPBACK

SMALL = 1_000
SLACK = 1.5
"""Both take the same time if the large one's is at most this many times the small one's."""
WARM_UP = 20
ASKED = 300
SHARDS = 16
FAILED_OF = 50
"""One in so many messages has failed, the others are sent."""

QUERY = """query Statistics($id: ID!) {
  mailing(id: $id) { statistics { total sent failed pending sending } }
}"""


def readings(stage: Stage, large: int) -> Iterator[Reading]:
    """The median time of a request, both mailings asked for in turns; no worker runs."""
    clear(stage.database, "counters", "mailings")
    with stage.api():
        sizes = {_mailing(stage, size): size for size in (SMALL, large)}
        took = _ask_in_turns(stage, sizes)
    small, big = (median(times) * 1_000 for times in took.values())
    yield Reading(f"statistics of {SMALL:,} messages", small, "ms", None)
    yield Reading(f"statistics of {large:,} messages", big, "ms", small * SLACK)


def _mailing(stage: Stage, size: int) -> str:
    """A mailing with its rows and counters put straight into the database; its id."""
    later = (clock.now() + timedelta(hours=1)).isoformat()
    ident = create_mailing(stage, startAt=later)
    newest = stage.database["mailings"].find_one({}, {"_id": 1}, sort=[("_id", -1)])
    assert newest is not None
    for first in range(0, size, BATCH):
        rows = [_row(newest["_id"], number) for number in range(first, min(first + BATCH, size))]
        stage.database["messages"].insert_many(rows, ordered=False)
    stage.database["counters"].insert_many(counters(newest["_id"], size))
    return ident


def _row(mailing_id: ObjectId, number: int) -> dict[str, Any]:
    now = clock.now()
    return {
        "_id": uuid4(),
        "number": Int64(uuid4().int >> 65),
        "mailing_id": mailing_id,
        "client_id": ObjectId(),
        "channel": "sending_api",
        "address": str(phone_of(number)),
        "status": "sent" if number % FAILED_OF else "failed",
        "why": "",
        "due_at": now,
        "attempts": 1,
        "maybe_sent": False,
        "created_at": now,
        "closed_at": now,
    }


def counters(mailing_id: ObjectId, size: int) -> list[dict[str, Any]]:
    """Shards that sum up to what `_row` makes of this many numbers."""
    failed = -(-size // FAILED_OF)
    return [
        {
            "_id": f"{mailing_id}:{shard}",
            "mailing_id": mailing_id,
            "counts": {
                "sent": (size - failed + shard) // SHARDS,
                "failed": (failed + shard) // SHARDS,
            },
        }
        for shard in range(SHARDS)
    ]


def _ask_in_turns(stage: Stage, sizes: dict[str, int]) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {ident: [] for ident in sizes}
    with closing(http.client.HTTPConnection(LOOPBACK, stage.api_port, timeout=30)) as connection:
        for turn in range(WARM_UP + ASKED):
            for ident, size in sizes.items():
                seconds = _ask(connection, ident, size)
                if turn >= WARM_UP:
                    took[ident].append(seconds)
    return took


def _ask(connection: http.client.HTTPConnection, ident: str, size: int) -> float:
    """Seconds until the right answer is there."""
    body = orjson.dumps({"query": QUERY, "variables": {"id": ident}})
    headers = {"Authorization": f"Bearer {token()}", "Content-Type": "application/json"}
    start = time.perf_counter()
    connection.request("POST", "/graphql", body, headers)
    said = connection.getresponse().read()
    seconds = time.perf_counter() - start
    if orjson.loads(said)["data"]["mailing"]["statistics"]["total"] != size:
        raise Incomplete(f"the statistics are not those of {size} messages: {said[:500]!r}")
    return seconds
