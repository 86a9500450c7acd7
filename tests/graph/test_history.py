"""The history through the front door."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from bson import Binary

from tests.graph.conftest import Edge, token

ASK = """query ($from: Date, $to: Date, $by: [HistoryKey!], $filter: HistoryFilter, $limit: Int! = 9) {
    history(from: $from, to: $to, by: $by, filter: $filter, limit: $limit) {
        truncated
        lines { day channel template topic status provider messages attempts
            averageDelayMs medianDelayMs p95DelayMs longestDelayMs } } }"""
HOST = "mail.history.example.com"
OURS = {"providers": [HOST]}
"""What no other test has."""


@pytest.fixture
def today(edge: Edge) -> str:
    """A day with two messages that were sent and one that failed."""
    now = datetime.now(UTC)
    common = {"mailing_id": None, "channel": "email", "address": "ann@example.com"}
    common |= {"provider": HOST, "topic": "news"}
    ended = {"closed_at": now, "due_at": now - timedelta(seconds=2), "attempts": 2}
    sent = {"status": "sent", "sent_at": now}
    rows = [{**common, **ended, **said} for said in (sent, sent, {"status": "failed"})]
    edge.database.messages.delete_many({"provider": HOST})
    edge.database.messages.insert_many(
        {"_id": Binary(uuid4().bytes, 4), "template": {"slug": "feast"}, **row} for row in rows
    )
    return now.date().isoformat()


async def lines(edge: Edge, **said: Any) -> list[dict[str, Any]]:
    found = (await edge.data(ASK, {"filter": OURS, **said}))["history"]
    assert not found["truncated"]
    return found["lines"]  # type: ignore[no-any-return]


async def test_lines_have_the_keys_that_were_asked_for(edge: Edge, today: str) -> None:
    keys = ["DAY", "CHANNEL", "TEMPLATE", "TOPIC", "STATUS", "PROVIDER"]
    failed, sent = await lines(edge, by=keys, **{"from": today})
    common = {"day": today, "channel": "EMAIL", "template": "feast", "topic": "news"}
    assert failed == {
        **common,
        "status": "FAILED",
        "provider": HOST,
        "messages": 1,
        "attempts": 2,
        **dict.fromkeys(("averageDelayMs", "medianDelayMs", "p95DelayMs", "longestDelayMs")),
    }
    assert (sent["status"], sent["messages"], sent["attempts"]) == ("SENT", 2, 4)
    assert sent["averageDelayMs"] == sent["longestDelayMs"] == 2_000
    assert 1_000 < sent["medianDelayMs"] <= sent["p95DelayMs"] <= 2_000


async def test_without_keys_there_is_one_line(edge: Edge, today: str) -> None:
    (only,) = await lines(edge)
    assert (only["messages"], only["day"], only["channel"]) == (3, None, None)
    (same,) = await lines(edge, by=[], to=today)
    assert same == only


async def test_an_answer_that_is_cut_says_so(edge: Edge, today: str) -> None:
    found = await edge.data(ASK, {"filter": OURS, "by": ["STATUS"], "limit": 1, "to": today})
    assert found["history"]["truncated"]
    assert [line["status"] for line in found["history"]["lines"]] == ["FAILED"]


async def test_usually_the_last_thirty_days_are_asked_for(edge: Edge, today: str) -> None:
    last = date.fromisoformat(today)
    assert await lines(edge, to=str(last + timedelta(days=29))) != []
    assert await lines(edge, to=str(last + timedelta(days=30))) == []
    assert await lines(edge, to="0001-01-05") == []


@pytest.mark.parametrize("day", ["2026-02-30", "20260131", "2026-W05-6", "today", 20260131])
async def test_what_is_no_day_is_refused(edge: Edge, day: object) -> None:
    headers = {"Authorization": f"Bearer {token('admin')}"}
    body = {"query": ASK, "variables": {"from": day}}
    async with edge.http.post("/graphql", json=body, headers=headers) as response:
        (error,) = (await response.json())["errors"]
    assert "2026-01-31" in error["message"]


async def test_mistakes_are_refused_by_name(edge: Edge) -> None:
    for said, message in (
        ({"from": "2026-02-01", "to": "2026-01-31"}, "to: comes before `from`"),
        ({"from": "1999-01-01", "to": "2026-01-31"}, "from: lies too far back"),
        ({"limit": 5_001}, "limit: must be from 1 to 5000"),
        ({"filter": {"topics": ["x"] * 101}}, "filter.topics: give at most 100 values"),
    ):
        answer = await edge.ask(ASK, said)
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert message in error["message"]


async def test_more_messages_than_an_int_holds_can_be_counted(edge: Edge, today: str) -> None:
    many = 3_000_000_000
    edge.database.messages.update_one({"provider": HOST}, {"$set": {"attempts": many}})
    assert sum(line["attempts"] for line in await lines(edge, to=today)) == many + 4
