"""Live progress and the tail of attempts, over a socket."""

import json
from typing import Any
from uuid import uuid4

from bson import Binary, ObjectId
from websockets.asyncio.client import ClientConnection

from core import clock
from graph import ids
from tests.graph.conftest import Edge, hear
from tests.waiting import until

PROGRESS = """subscription ($id: ID!) { mailingProgress(id: $id) {
    status ratePerSecond secondsLeft counts { total pending sent byStatus { status count } }
    providers { channel state retryAt } } }"""
TAIL = """subscription ($id: ID!) { deliveryAttempts(mailingId: $id) {
    skipped attempts { number messageId channel verdict answer } } }"""


async def subscribe(line: ClientConnection, name: str, query: str, mailing: str) -> None:
    payload = {"query": query, "variables": {"id": mailing}}
    await line.send(json.dumps({"id": name, "type": "subscribe", "payload": payload}))


async def next_of(line: ClientConnection, name: str, field: str) -> Any:
    """The next event of a subscription on a socket of several."""
    while True:
        said = await hear(line)
        if said["id"] == name:
            assert said["type"] == "next", said
            return said["payload"]["data"][field]


async def create(edge: Edge) -> str:
    given = {"name": "a", "text": "b", "startAt": "2098-01-31T09:00:00Z"}
    given |= {"endAt": "2099-01-31T09:00:00Z", "audience": {"tags": ["nobody has this tag"]}}  # type: ignore[dict-item]
    query = "mutation ($i: CreateMailingInput!) { createMailing(input: $i) { mailing { id } } }"
    found: str = (await edge.data(query, {"i": given}))["createMailing"]["mailing"]["id"]
    return found


def count(edge: Edge, mailing: str, **counts: int) -> None:
    """Count messages, as workers do."""
    shard = {"_id": str(uuid4()), "mailing_id": ids.object_id("Mailing", mailing)}
    edge.database.counters.insert_one({**shard, "counts": counts})


def attempt(edge: Edge, mailing: str, *numbers: int) -> None:
    """Record attempts, as workers do."""
    rows = [
        {
            "_id": ObjectId(),
            "message_id": Binary.from_uuid(uuid4()),
            "mailing_id": ids.object_id("Mailing", mailing),
            "number": number,
            "channel": "email",
            "address": "a@example.com",
            "started_at": clock.now(),
            "duration_ms": 1.5,
            "verdict": "accepted",
            "code": "250",
            "answer": "ok",
            "worker": "w",
        }
        for number in numbers
    ]
    edge.database.attempts.insert_many(rows)


async def test_progress_is_told_at_once_then_by_change_and_completes(edge: Edge) -> None:
    mailing = await create(edge)
    count(edge, mailing, open=3)
    async with edge.socket() as line:
        await subscribe(line, "1", PROGRESS, mailing)
        first = await next_of(line, "1", "mailingProgress")
        assert (first["status"], first["secondsLeft"]) == ("SCHEDULED", None)
        assert (first["counts"]["pending"], first["counts"]["sent"]) == (3, 0)
        assert {"status": "PENDING", "count": 3} in first["counts"]["byStatus"]
        assert first["providers"] == [
            {"channel": "SENDING_API", "state": "CLOSED", "retryAt": None}
        ]
        count(edge, mailing, open=-2, sent=2)
        moved = await next_of(line, "1", "mailingProgress")
        assert (moved["counts"]["pending"], moved["counts"]["sent"]) == (1, 2)
        assert moved["ratePerSecond"] > 0
        done = {"$set": {"status": "finished", "settled": True}}
        edge.database.mailings.update_one({"_id": ids.object_id("Mailing", mailing)}, done)
        last = await next_of(line, "1", "mailingProgress")
        while last["status"] != "FINISHED":
            last = await next_of(line, "1", "mailingProgress")
        assert await hear(line) == {"id": "1", "type": "complete"}


async def test_viewers_of_one_mailing_each_hear_the_same(edge: Edge) -> None:
    mailing = await create(edge)
    async with edge.socket() as line, edge.socket("operator") as other:
        for socket in (line, other):
            await subscribe(socket, "1", PROGRESS, mailing)
            await next_of(socket, "1", "mailingProgress")
        count(edge, mailing, open=5)
        for socket in (line, other):
            told = await next_of(socket, "1", "mailingProgress")
            assert told["counts"]["pending"] == 5


async def test_attempts_are_told_as_they_are_made(edge: Edge) -> None:
    mailing, another = await create(edge), await create(edge)
    async with edge.socket() as line:
        await subscribe(line, "1", TAIL, mailing)
        empty = {"skipped": 0, "attempts": []}
        assert await next_of(line, "1", "deliveryAttempts") == empty
        attempt(edge, another, 9)
        attempt(edge, mailing, 1, 2)
        told = await next_of(line, "1", "deliveryAttempts")
        assert [one["number"] for one in told["attempts"]] == [1, 2]
        assert told["attempts"][0]["verdict"] == "ACCEPTED"
        attempt(edge, mailing, *range(120))
        shown = skipped = 0
        while shown + skipped < 120:
            told = await next_of(line, "1", "deliveryAttempts")
            assert len(told["attempts"]) <= 50
            shown, skipped = shown + len(told["attempts"]), skipped + told["skipped"]
        assert (shown + skipped, told["attempts"][-1]["number"]) == (120, 119)


async def test_a_client_that_leaves_leaves_no_stream_behind(edge: Edge) -> None:
    mailing = await create(edge)
    name = f"{edge.database.name}.attempts"

    def streams() -> int:
        stages = [{"$currentOp": {"idleCursors": True, "allUsers": True}}]
        found = edge.database.client.admin.aggregate(stages)
        return sum(one.get("ns") == name and "cursor" in one for one in found)

    async with edge.socket() as line:
        for operation in ("1", "2"):
            await subscribe(line, operation, TAIL, mailing)
            await next_of(line, operation, "deliveryAttempts")
        until(lambda: streams() == 2)
        await line.send(json.dumps({"id": "1", "type": "complete"}))
        until(lambda: streams() == 1)
    until(lambda: streams() == 0)


async def test_what_is_not_there_can_not_be_followed(edge: Edge) -> None:
    unknown = ids.opaque("Mailing", ObjectId())
    async with edge.socket() as line:
        for query in (PROGRESS, TAIL):
            await subscribe(line, "1", query, unknown)
            (error,) = (await hear(line))["payload"]["errors"]
            assert error["extensions"]["code"] == "BAD_USER_INPUT"
            assert "no such mailing" in error["message"]
            assert await hear(line) == {"id": "1", "type": "complete"}
