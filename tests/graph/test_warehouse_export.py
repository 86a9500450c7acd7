"""Messages, attempts and the history by HTTP, for a warehouse elsewhere (T6)."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from bson import Binary, Int64, ObjectId

from graph import ids
from tests.graph.conftest import Edge, token
from tests.graph.http import code_of, send

NOON = datetime(2011, 3, 4, 12, tzinfo=UTC)
"""A day on which no other test sends anything."""
HOUR = timedelta(hours=1)


def bearer(role: str = "operator") -> dict[str, str]:
    return {"Authorization": f"Bearer {token(role)}"}


async def rows(edge: Edge, table: str, **said: Any) -> list[dict[str, Any]]:
    params = {"format": "ndjson", **said}
    async with edge.http.get(f"/{table}/export", params=params, headers=bearer()) as response:
        assert response.status == 200, await response.text()
        return [json.loads(line) for line in (await response.text()).splitlines()]


def put_in(edge: Edge, count: int = 1, **said: Any) -> list[bytes]:
    """Messages that were sent at noon, and what is said of them."""
    made = [
        {
            "_id": Binary(uuid4().bytes, 4),
            "mailing_id": None,
            "client_id": ObjectId(),
            "channel": "email",
            "why": "",
            "address": "ada@example.com",
            "status": "sent",
            "kind": "login",
            "provider": "mail.example.com",
            "template": {"id": ObjectId(), "slug": "code", "version": 2},
            "attempts": 2,
            "created_at": NOON - HOUR,
            "due_at": NOON,
            "sent_at": NOON,
            "first_due_at": NOON - HOUR / 2,
            "closed_at": NOON,
            **said,
        }
        for _ in range(count)
    ]
    edge.database.messages.insert_many(made)
    return [bytes(row["_id"]) for row in made]


@pytest.fixture(autouse=True)
def alone(edge: Edge) -> None:
    """The day is empty."""
    day = {"$gte": NOON - 12 * HOUR, "$lt": NOON + 36 * HOUR}
    edge.database.messages.delete_many({"closed_at": day})
    edge.database.attempts.delete_many({"started_at": day})


def span(since: datetime = NOON - HOUR, until: datetime = NOON + HOUR) -> dict[str, str]:
    return {"since": since.isoformat(), "until": until.isoformat()}


async def test_messages_come_with_the_ids_and_names_of_the_api(edge: Edge) -> None:
    mailing = ObjectId()
    put_in(edge, mailing_id=mailing, number=Int64(2**62), channel="sending_api")
    (row,) = await rows(edge, "messages", **span())
    shown = await edge.data(
        """query ($id: ID!) { message(id: $id) { id outsideId mailingId clientId userId
            channel address status why createdAt sentAt attemptCount } }""",
        {"id": row["id"]},
    )
    for name, value in shown["message"].items():
        if name.endswith("At"):
            assert datetime.fromisoformat(row[name]) == datetime.fromisoformat(value), name
        else:
            assert row[name] == value, name
    assert row["mailingId"] == ids.opaque("Mailing", mailing)
    assert (row["topic"], row["template"], row["templateVersion"]) == ("login", "code", 2)
    assert datetime.fromisoformat(row["dueAt"]) == NOON - HOUR / 2
    assert datetime.fromisoformat(row["endedAt"]) == NOON


async def test_of_a_span_come_those_that_ended_in_it_in_order(edge: Edge) -> None:
    put_in(edge, 1_300)
    put_in(edge, 1_300, closed_at=NOON + timedelta(minutes=1))
    put_in(edge, 700, closed_at=NOON - timedelta(minutes=1))
    found = await rows(edge, "messages", **span())
    assert len({row["id"] for row in found}) == len(found) == 3_300
    ended = [row["endedAt"] for row in found]
    assert ended == sorted(ended)
    assert len(await rows(edge, "messages", **span(NOON, NOON + timedelta(minutes=1)))) == 1_300
    assert await rows(edge, "messages", **span(NOON + 2 * HOUR, NOON + 3 * HOUR)) == []


async def test_messages_are_narrowed_by_everything_together(edge: Edge) -> None:
    mailing = ObjectId()
    put_in(edge, 2, mailing_id=mailing, status="failed", sent_at=None)
    put_in(edge, 3, mailing_id=mailing, channel="sending_api")
    put_in(edge, 1)
    opaque = ids.opaque("Mailing", mailing)
    for said, count in (
        ({"mailing": opaque}, 5),
        ({"mailing": opaque, "status": "FAILED"}, 2),
        ({"mailing": opaque, "channel": "SENDING_API", **span()}, 3),
        ({"channel": "EMAIL", "status": "SENT", **span()}, 1),
        ({"mailing": opaque, "channel": "SENDING_API", "status": "FAILED"}, 0),
    ):
        assert len(await rows(edge, "messages", **said)) == count, said


def try_it(edge: Edge, messages: list[bytes], **said: Any) -> None:
    edge.database.attempts.insert_many(
        {
            "_id": ObjectId(int(NOON.timestamp()).to_bytes(4, "big") + ObjectId().binary[4:]),
            "message_id": Binary(message, 4),
            "mailing_id": None,
            "number": 1,
            "channel": "email",
            "provider": "mail.example.com",
            "address": "a@example.com",
            "started_at": NOON,
            "duration_ms": 1.5,
            "verdict": "accepted",
            "code": "250",
            "answer": "OK",
            "worker": "w1",
            **said,
        }
        for message in messages
    )


async def test_attempts_come_by_when_they_were_made_and_by_their_mailing(edge: Edge) -> None:
    mailing = ObjectId()
    of_mailing = put_in(edge, 1_200, mailing_id=mailing)
    try_it(edge, of_mailing, mailing_id=mailing)
    try_it(edge, of_mailing[:2], mailing_id=mailing, verdict="refused")
    try_it(edge, put_in(edge, 3))
    opaque = ids.opaque("Mailing", mailing)
    for said, count in (
        (span(), 1_205),
        (span(NOON + HOUR, NOON + 2 * HOUR), 0),
        ({"verdict": "REFUSED", **span()}, 2),
        ({"mailing": opaque}, 1_202),
        ({"mailing": opaque, "verdict": "REFUSED", **span()}, 2),
        ({"mailing": opaque, **span(NOON + HOUR)}, 0),
    ):
        found = await rows(edge, "attempts", **said)
        assert len({row["id"] for row in found}) == len(found) == count, said
    (row, _) = await rows(edge, "attempts", mailing=opaque, verdict="REFUSED")
    assert (row["verdict"], row["mailingId"], row["durationMs"]) == ("REFUSED", opaque, 1.5)
    assert row["messageId"] in {row["id"] for row in await rows(edge, "messages", mailing=opaque)}


async def test_the_history_comes_by_all_its_keys(edge: Edge) -> None:
    put_in(edge, 2)
    put_in(edge, 1, status="failed", sent_at=None, template=None)
    put_in(edge, 4, closed_at=NOON + 24 * HOUR, sent_at=NOON + 24 * HOUR)
    days = {"from": "2011-03-04", "to": "2011-03-05"}
    found = await rows(edge, "history", **days)
    assert [(row["day"], row["status"], row["messages"]) for row in found] == [
        ("2011-03-04", "FAILED", 1),
        ("2011-03-04", "SENT", 2),
        ("2011-03-05", "SENT", 4),
    ]
    assert found[1] == {
        "day": "2011-03-04",
        "channel": "EMAIL",
        "template": "code",
        "topic": "login",
        "status": "SENT",
        "provider": "mail.example.com",
        "messages": 2,
        "attempts": 4,
        **dict.fromkeys(("averageDelayMs", "longestDelayMs"), 1_800_000),
        **{name: found[1][name] for name in ("medianDelayMs", "p95DelayMs")},
    }
    narrowed = await rows(edge, "history", **days, status="SENT", template="code")
    assert sum(row["messages"] for row in narrowed) == 6
    long = await rows(edge, "history", **{"from": "2009-01-01", "to": "2012-12-31"})
    assert [row for row in long if row["day"].startswith("2011-03-0")] == found


async def test_as_csv_a_day_and_a_moment_are_what_iso_8601_has(edge: Edge) -> None:
    put_in(edge)
    for table, said, name, value in (
        ("messages", span(), "endedAt", "2011-03-04T12:00:00+00:00"),
        ("history", {"from": "2011-03-04", "to": "2011-03-04"}, "day", "2011-03-04"),
    ):
        params = {"format": "csv", **said}
        async with edge.http.get(f"/{table}/export", params=params, headers=bearer()) as response:
            (row,) = csv.DictReader(io.StringIO(await response.text()))
        assert row[name] == value


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("messages/export?format=csv&since=yesterday", "`since`: 'yesterday' is no time"),
        ("messages/export?format=csv&status=sent", "`status` is one of PENDING"),
        ("messages/export?format=csv&mailing=1", "mailing: is not an id"),
        ("attempts/export?format=csv&status=SENT", "`status` that is not known"),
        ("attempts/export?format=csv&verdict=OK", "`verdict` is one of ACCEPTED"),
        ("history/export?format=csv&from=2026-02-30", "`from`: '2026-02-30' is no day"),
        ("history/export?format=csv&from=2026-02-02&to=2026-02-01", "to: comes before"),
        ("history/export?format=parquet", "`format` is csv or ndjson"),
    ],
)
async def test_a_wrong_url_is_told_what_to_mend(edge: Edge, asked: str, said: str) -> None:
    status, _, answer = await send(edge, "GET", f"/{asked}", headers=bearer())
    assert status == 400
    assert said in answer["errors"][0]["message"]


@pytest.mark.parametrize("table", ["messages", "attempts", "history"])
async def test_only_those_who_may_get_a_table(edge: Edge, table: str) -> None:
    path = f"/{table}/export?format=csv"
    for headers, status, code in (
        ({}, 401, "UNAUTHENTICATED"),
        (bearer("subscriber"), 403, "FORBIDDEN"),
        (bearer("sender"), 403, "FORBIDDEN"),
    ):
        answered, _, said = await send(edge, "GET", path, headers=headers)
        assert (answered, code_of(said)) == (status, code)


@pytest.mark.parametrize(
    ("table", "status"), [("messages", 403), ("attempts", 403), ("history", 200)]
)
async def test_a_viewer_takes_no_addresses_home(edge: Edge, table: str, status: int) -> None:
    path = f"/{table}/export?format=csv"
    async with edge.http.get(path, headers=bearer("viewer")) as response:
        assert response.status == status
