"""Steering mailings through the front door."""

from typing import Any
from uuid import uuid4

import pytest
from bson import Binary, ObjectId

from core import clock
from graph import ids
from services.counters import OPEN_KEY
from tests.graph.conftest import OWN, Edge

FIRST, LAST = "2098-01-31T09:00:00.000Z", "2099-01-31T09:00:00.000Z"
ANSWER = "{ mailing { id name status version window { from to } } pendingMessages errors { field code } }"
CREATE = f"mutation ($input: CreateMailingInput!) {{ createMailing(input: $input) {ANSWER} }}"
UPDATE = f"mutation ($input: UpdateMailingInput!) {{ updateMailing(input: $input) {ANSWER} }}"
CLONE = f"mutation ($input: CloneMailingInput!) {{ cloneMailing(input: $input) {ANSWER} }}"
RETRY = """mutation ($input: RetryMessagesInput!) { retryMessages(input: $input) {
    mailing { id status endAt } count errors { field code message } } }"""


async def create(edge: Edge, **said: Any) -> str:
    audience = {"tags": ["nobody has this tag"]}
    basic = {"name": "a", "text": "b", "startAt": FIRST, "endAt": LAST, "audience": audience}
    payload = (await edge.data(CREATE, {"input": {**basic, **said}}))["createMailing"]
    assert payload["errors"] == []
    found: str = payload["mailing"]["id"]
    return found


async def do(edge: Edge, verb: str, mailing: str) -> Any:
    kind = f"{verb.capitalize()}MailingInput"
    query = f"mutation ($input: {kind}!) {{ {verb}Mailing(input: $input) {ANSWER} }}"
    return (await edge.data(query, {"input": {"id": mailing}}))[f"{verb}Mailing"]


def stored(mailing: str) -> ObjectId:
    """The key of a mailing's row."""
    return ids.object_id("Mailing", mailing)


def failed_message(edge: Edge, mailing: str | None, status: str = "failed") -> str:
    """The id of a message that ended, written past the API, as workers do."""
    key, owner = uuid4(), None if mailing is None else stored(mailing)
    edge.database.messages.insert_one(
        {
            "_id": Binary.from_uuid(key),
            "mailing_id": owner,
            "address": "ann@example.com",
            "channel": "email",
            "status": "pending" if status == OPEN_KEY else status,
            "attempts": 1,
            "maybe_sent": False,
            "due_at": clock.now(),
            "created_at": clock.now(),
            "closed_at": clock.now(),
        }
    )
    if owner is not None:
        shard = {"mailing_id": owner, "counts": {status: 1}}
        edge.database.counters.insert_one({"_id": f"{owner}:{key}", **shard})
    return ids.opaque("Message", key)


async def test_a_mailing_is_paused_resumed_and_cancelled(edge: Edge) -> None:
    mailing = await create(edge)
    for verb, status in (("pause", "PAUSED"), ("pause", "PAUSED"), ("resume", "SCHEDULED")):
        payload = await do(edge, verb, mailing)
        assert (payload["mailing"]["status"], payload["errors"]) == (status, [])
    cancelled = await do(edge, "cancel", mailing)
    assert (cancelled["mailing"]["status"], cancelled["pendingMessages"]) == ("CANCELLED", 0)
    refused = await do(edge, "resume", mailing)
    assert refused == {
        "mailing": None,
        "pendingMessages": 0,
        "errors": [{"field": "id", "code": "NOT_ALLOWED_NOW"}],
    }


async def test_a_change_tells_how_many_messages_it_still_reaches(edge: Edge) -> None:
    mailing = await create(edge)
    failed_message(edge, mailing, OPEN_KEY)
    payload = (await edge.data(UPDATE, {"input": {"id": mailing, "text": "c"}}))["updateMailing"]
    assert payload["pendingMessages"] == 1


async def test_a_window_comes_back_as_it_was_said_and_goes_by_null(edge: Edge) -> None:
    window = {"from": "09:00", "to": "21:00"}
    mailing = await create(edge, window=window)
    kept = (await edge.data(UPDATE, {"input": {"id": mailing, "text": "c"}}))["updateMailing"]
    assert kept["mailing"]["window"] == window
    gone = (await edge.data(UPDATE, {"input": {"id": mailing, "window": None}}))["updateMailing"]
    assert gone["mailing"]["window"] is None
    null = {"id": mailing, "text": None, "endAt": None}
    refused = (await edge.data(UPDATE, {"input": null}))["updateMailing"]
    assert refused["errors"] == [
        {"field": "text", "code": "BLANK"},
        {"field": "endAt", "code": "BLANK"},
    ]
    wrong = {"id": mailing, "window": {"from": "9", "to": "21:00"}}
    refused = (await edge.data(UPDATE, {"input": wrong}))["updateMailing"]
    assert refused["errors"] == [{"field": "window.from", "code": "INVALID"}]


async def test_a_topic_is_kept_changed_cloned_and_taken_away(edge: Edge) -> None:
    mailing = await create(edge, topic="promo")
    query = "query ($id: ID!) { mailing(id: $id) { topic } }"
    assert (await edge.data(query, {"id": mailing}))["mailing"] == {"topic": "promo"}
    clone = """mutation ($input: CloneMailingInput!) {
        cloneMailing(input: $input) { mailing { topic } errors { field } } }"""
    given = {"id": mailing, "startAt": FIRST, "endAt": LAST}
    for said, topic in (({}, "promo"), ({"topic": "news"}, "news"), ({"topic": None}, None)):
        made = (await edge.data(clone, {"input": {**given, **said}}))["cloneMailing"]
        assert made == {"mailing": {"topic": topic}, "errors": []}
    await edge.data(UPDATE, {"input": {"id": mailing, "topic": None}})
    assert (await edge.data(query, {"id": mailing}))["mailing"] == {"topic": None}
    wrong = await edge.data(UPDATE, {"input": {"id": mailing, "topic": "Big Sale"}})
    assert [error["field"] for error in wrong["updateMailing"]["errors"]] == ["topic"]


async def test_changes_say_who_changed_what(edge: Edge) -> None:
    mailing = await create(edge, window={"from": "09:00", "to": "21:00"})
    changes = {"text": "c", "endAt": "2099-02-01T12:00:00+03:00", "window": None}
    await edge.data(UPDATE, {"input": {"id": mailing, **changes}})
    await do(edge, "pause", mailing)
    query = """query ($id: ID!) { mailing(id: $id) {
        changes { version verb by before after } all: changes(first: 1) { version } } }"""
    shown = (await edge.data(query, {"id": mailing}))["mailing"]
    paused, updated = shown["changes"]
    assert shown["all"] == [{"version": 3}]
    assert (paused["verb"], paused["by"]) == ("PAUSE", OWN)
    assert (paused["before"], paused["after"]) == ({"status": "SCHEDULED"}, {"status": "PAUSED"})
    assert updated["before"] == {
        "text": "b",
        "endAt": LAST,
        "window": {"from": "09:00", "to": "21:00"},
    }
    assert updated["after"] == {"text": "c", "endAt": "2099-02-01T09:00:00.000Z", "window": None}


async def test_a_mailing_is_cloned_once_per_key(edge: Edge) -> None:
    mailing = await create(edge, name="News")
    given = {"id": mailing, "startAt": FIRST, "endAt": LAST, "idempotencyKey": str(ObjectId())}
    first, again = [(await edge.data(CLONE, {"input": given}))["cloneMailing"] for _ in range(2)]
    assert first == again
    assert (first["mailing"]["name"], first["mailing"]["status"]) == ("News (copy)", "SCHEDULED")
    assert first["mailing"]["id"] != mailing
    given = {"id": ids.opaque("Mailing", ObjectId()), "startAt": FIRST, "endAt": LAST}
    refused = (await edge.data(CLONE, {"input": given}))["cloneMailing"]
    assert refused["errors"] == [{"field": "id", "code": "NOT_FOUND"}]


async def test_failed_messages_of_a_mailing_are_tried_again(edge: Edge) -> None:
    mailing = await create(edge)
    failed_message(edge, mailing)
    failed_message(edge, mailing, "expired")
    over = {"$set": {"status": "finished", "settled": True, "end_at": clock.now()}}
    edge.database.mailings.update_one({"_id": stored(mailing)}, over)
    refused = (await edge.data(RETRY, {"input": {"mailingId": mailing}}))["retryMessages"]
    assert [(at["field"], at["code"]) for at in refused["errors"]] == [("endAt", "NOT_ALLOWED_NOW")]
    given: dict[str, Any] = {"mailingId": mailing, "endAt": LAST}
    payload = (await edge.data(RETRY, {"input": given}))["retryMessages"]
    assert payload == {
        "mailing": {"id": mailing, "status": "RUNNING", "endAt": LAST},
        "count": 1,
        "errors": [],
    }
    given = {"mailingId": mailing, "statuses": ["EXPIRED", "UNCERTAIN"]}
    assert (await edge.data(RETRY, {"input": given}))["retryMessages"]["count"] == 1
    query = "query ($id: ID!) { mailing(id: $id) { statistics { pending total } } }"
    shown = (await edge.data(query, {"id": mailing}))["mailing"]["statistics"]
    assert shown == {"pending": 2, "total": 2}


async def test_single_messages_are_tried_again(edge: Edge) -> None:
    mailing = await create(edge)
    chosen = [failed_message(edge, mailing), failed_message(edge, None, "expired")]
    payload = (await edge.data(RETRY, {"input": {"messageIds": chosen}}))["retryMessages"]
    assert (payload["count"], payload["errors"]) == (2, [])
    query = "query ($id: ID!) { message(id: $id) { status why } }"
    for message in chosen:
        shown = (await edge.data(query, {"id": message}))["message"]
        assert shown == {"status": "PENDING", "why": "retried"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "mailingId"),
        ({"mailingId": "x", "messageIds": ["x"]}, "mailingId"),
        ({"mailingId": "x"}, "mailingId"),
        ({"messageIds": []}, "messageIds"),
        ({"messageIds": ["x"]}, "messageIds.0"),
        ({"messageIds": ["x"] * 1_001}, "messageIds"),
        ({"messageIds": ["x"], "statuses": ["FAILED"]}, "statuses"),
        ({"mailingId": ids.opaque("Mailing", ObjectId())}, "mailingId"),
        ({"mailingId": ids.opaque("Mailing", ObjectId()), "statuses": []}, "statuses"),
        ({"mailingId": ids.opaque("Mailing", ObjectId()), "statuses": ["SENT"]}, "statuses"),
    ],
)
async def test_a_retry_of_nothing_in_particular_is_refused(
    edge: Edge, given: dict[str, Any], field: str
) -> None:
    payload = (await edge.data(RETRY, {"input": given}))["retryMessages"]
    assert [at["field"] for at in payload["errors"]] == [field]
    assert payload["count"] == 0
