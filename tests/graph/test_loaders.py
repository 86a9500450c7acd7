"""Lists read what their items have below them in as many commands as a single item needs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from bson import Binary, ObjectId

from core import mongo
from tests.graph.conftest import Edge

EVERYTHING = """query ($first: Int!) { mailings(first: $first) {
    totalCount
    nodes {
        name
        statistics { total sent sending }
        changes(first: 2) { version verb }
        all: messages(first: 3) { pageInfo { hasNextPage } nodes { attempts { number code } } }
        sent: messages(first: 3, statuses: [SENT]) { nodes { status attempts { number } } }
    }
} }"""
MAILINGS = 12
EACH = 4


@pytest.fixture(scope="module")
def stored(shared_edge: Edge) -> list[ObjectId]:
    """Mailings with messages, attempts, counters and changes; the newest one first."""
    database = shared_edge.database
    mailings = [_mailing(number) for number in range(MAILINGS)]
    database.mailings.insert_many(mailings)
    for mailing in mailings:
        of = {"mailing_id": mailing["_id"]}
        messages = [{**of, **_message(number)} for number in range(EACH)]
        database.messages.insert_many(messages)
        attempts = [_attempt(message["_id"], number) for message in messages for number in (1, 2)]
        database.attempts.insert_many(attempts)
        changes = [{**of, **_change(version)} for version in (1, 2, 3)]
        database.mailing_changes.insert_many(changes)
        counts = {"sent": EACH // 2, "open": EACH - EACH // 2}
        database.counters.insert_one({"_id": f"{mailing['_id']}:0", **of, "counts": counts})
    return [mailing["_id"] for mailing in reversed(mailings)]


@pytest.fixture
def commands(shared_edge: Edge) -> Iterator[Any]:
    """How many commands the API has sent to the database since it was last asked."""
    database = shared_edge.database
    database.command("profile", 2, filter={"appName": mongo.APP_NAME})
    yield lambda: _profiled(database)
    database.command("profile", 0)
    database.system.profile.drop()


def _profiled(database: Any) -> int:
    # The patrol of the bell reads users, whenever its time comes.
    read = {"op": {"$in": ["query", "command", "getmore"]}, "ns": {"$ne": f"{database.name}.users"}}
    count: int = database.system.profile.count_documents(read)
    database.command("profile", 0)
    database.system.profile.drop()
    database.command("profile", 2, filter={"appName": mongo.APP_NAME})
    return count


async def test_twelve_mailings_take_as_many_commands_as_one(
    edge: Edge, stored: list[ObjectId], commands: Any
) -> None:
    one = await edge.data(EVERYTHING, {"first": 1})
    alone = commands()
    many = await edge.data(EVERYTHING, {"first": MAILINGS})
    assert alone == commands() > 0
    assert len(many["mailings"]["nodes"]) == MAILINGS
    assert many["mailings"]["nodes"][0] == one["mailings"]["nodes"][0]


async def test_each_gets_what_is_its_own(edge: Edge, stored: list[ObjectId]) -> None:
    found = (await edge.data(EVERYTHING, {"first": MAILINGS}))["mailings"]["nodes"]
    assert [one["name"] for one in found] == [str(n) for n in reversed(range(MAILINGS))]
    for one in found:
        assert one["statistics"] == {"total": EACH, "sent": EACH // 2, "sending": 0}
        assert one["changes"] == [{"version": n, "verb": "UPDATE"} for n in (3, 2)]
        assert one["all"]["pageInfo"] == {"hasNextPage": True}
        tries = [{"number": n, "code": str(n)} for n in (1, 2)]
        assert one["all"]["nodes"] == [{"attempts": tries}] * 3
        both = [{"number": 1}, {"number": 2}]
        assert one["sent"]["nodes"] == [{"status": "SENT", "attempts": both}] * (EACH // 2)


async def test_an_inbox_is_read_once_however_often_it_is_asked_for(
    edge: Edge, user_id: str, commands: Any
) -> None:
    other = str(ObjectId())
    create = (
        "mutation ($in: CreateNotificationInput!) { createNotification(input: $in) { unread } }"
    )
    await edge.data(create, {"in": {"userId": user_id, "key": "new_post"}})
    commands()
    page = "page { list { key } }"
    again = " ".join(f'a{n}: inbox(userId: "{user_id}") {{ total {page} }}' for n in range(9))
    heads = f'b: inbox(userId: "{user_id}") {{ total }} c: inbox(userId: "{other}") {{ {page} }}'
    found = await edge.data(f"{{ {again} {heads} }}")
    for n in range(9):
        assert found[f"a{n}"] == {"total": 1, "page": {"list": [{"key": "new_post"}]}}
    assert (found["b"], found["c"]) == ({"total": 1}, {"page": {"list": []}})
    read = {"op": "query", "command.filter._id": {"$in": [ObjectId(user_id), ObjectId(other)]}}
    assert edge.database.system.profile.count_documents(read) == 3


NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _mailing(number: int) -> dict[str, Any]:
    said = {"name": str(number), "text": "Come!", "subject": "", "status": "running"}
    times = {"start_at": NOW, "end_at": NOW + timedelta(hours=1)}
    whom = {"audience": {"all": True, "operator_codes": [], "tags": []}, "channels": ["email"]}
    made = {"created_at": NOW, "updated_at": NOW, "created_by": "somebody"}
    return {"_id": ObjectId(), **said, **times, **whom, **made}


def _message(number: int) -> dict[str, Any]:
    status = "sent" if number % 2 else "pending"
    said = {"client_id": ObjectId(), "channel": "email", "address": "c@example.com"}
    times = {"created_at": NOW, "due_at": NOW}
    return {"_id": Binary.from_uuid(uuid4()), **said, **times, "status": status, "attempts": 2}


def _attempt(message_id: Binary, number: int) -> dict[str, Any]:
    said = {"number": number, "channel": "email", "address": "c@example.com", "duration_ms": 1.0}
    came = {"verdict": "accepted", "code": str(number), "answer": "", "worker": "w"}
    at = NOW + timedelta(seconds=number)
    return {"message_id": message_id, "started_at": at, **said, **came}


def _change(version: int) -> dict[str, Any]:
    return {"version": version, "verb": "update", "at": NOW, "by": "o", "before": {}, "after": {}}
