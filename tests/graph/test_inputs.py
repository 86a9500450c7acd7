"""Mistakes in an input: each is named with a stable code, and nothing is changed by it."""

from typing import Any

import orjson
import pytest
from bson import ObjectId

from graph import ids
from tests.graph.conftest import OWN, Edge, complaints

FIRST = "2026-01-31T09:00:00Z"
LAST = "2099-01-31T09:00:00Z"
AFTER = "2099-01-31T09:00:01Z"

CREATE = """mutation ($input: CreateNotificationInput!) {
    createNotification(input: $input) { notification { id data } errors { field code message } } }"""
MAIL = """mutation ($input: CreateMailingInput!) {
    createMailing(input: $input) { mailing { id } errors { field code message } } }"""


def mailing(**changes: Any) -> dict[str, Any]:
    audience = {"tags": ["nobody has this tag"]}
    basic = {"name": "a", "text": "b", "startAt": FIRST, "endAt": LAST, "audience": audience}
    return {**basic, **changes}


def top_code(answer: Any) -> Any:
    return answer["errors"][0]["extensions"]["code"]


async def blank(edge: Edge) -> Any:
    return await edge.data(MAIL, {"input": mailing(name=" ")})


async def conflict(edge: Edge) -> Any:
    key = {"idempotencyKey": str(ObjectId())}
    await edge.data(MAIL, {"input": mailing(**key)})
    return await edge.data(MAIL, {"input": mailing(**key, text="another")})


async def invalid(edge: Edge) -> Any:
    return await edge.data(MAIL, {"input": mailing(endAt=FIRST)})


async def not_allowed_now(edge: Edge) -> Any:
    over = mailing(endAt="2026-01-31T09:00:01Z")
    created = (await edge.data(MAIL, {"input": over}))["createMailing"]["mailing"]
    query = """mutation ($id: ID!) {
        updateMailing(input: {id: $id, text: "too late"}) { errors { field code message } } }"""
    return await edge.data(query, {"id": created["id"]})


async def not_found(edge: Edge) -> Any:
    return await edge.data(CREATE, {"input": {"userId": OWN, "key": "unheard_of"}})


async def taken(edge: Edge) -> Any:
    return await edge.data(
        'mutation { createKind(input: {key: "new_post"}) { errors { field code message } } }'
    )


async def too_long(edge: Edge) -> Any:
    data = {"text": "x" * 16_384}
    return await edge.data(CREATE, {"input": {"userId": OWN, "key": "new_post", "data": data}})


async def too_many(edge: Edge) -> Any:
    query = """mutation ($all: [CreateNotificationInput!]!) {
        createNotifications(input: {notifications: $all}) { errors { field code message } } }"""
    return await edge.data(query, {"all": [{"userId": OWN, "key": "new_post"}] * 1_001})


CODES = {
    "BLANK": (blank, "name"),
    "CONFLICT": (conflict, "idempotencyKey"),
    "INVALID": (invalid, "endAt"),
    "NOT_ALLOWED_NOW": (not_allowed_now, "id"),
    "NOT_FOUND": (not_found, "key"),
    "TAKEN": (taken, "key"),
    "TOO_LONG": (too_long, "data"),
    "TOO_MANY": (too_many, "notifications"),
}


async def test_every_error_code_of_the_schema_has_a_row_in_the_table(edge: Edge) -> None:
    found = await edge.data('{ __type(name: "ErrorCode") { enumValues { name } } }')
    assert {it["name"] for it in found["__type"]["enumValues"]} == {*CODES, "UNAVAILABLE"}


@pytest.mark.parametrize("code", CODES)
async def test_an_error_names_its_field_and_code_in_the_payload(edge: Edge, code: str) -> None:
    provoke, field = CODES[code]
    ((_, payload),) = (await provoke(edge)).items()
    (error,) = payload["errors"]
    assert (error["code"], error["field"]) == (code, field)
    assert error["message"]


async def test_all_mistakes_of_an_input_are_named_at_once(edge: Edge) -> None:
    given = {"userId": "me", "targetId": "you", "key": "unheard_of", "data": [1]}
    payload = (await edge.data(CREATE, {"input": given}))["createNotification"]
    assert payload["notification"] is None
    assert {(at["field"], at["code"]) for at in payload["errors"]} == {
        ("userId", "INVALID"),
        ("targetId", "INVALID"),
        ("data", "INVALID"),
        ("key", "NOT_FOUND"),
    }


@pytest.mark.parametrize(
    "moment",
    ["2026-01-31T09:00:00", "2026-01-31", "soon", "", 1_770_000_000, "9999-12-31T23:59:59-12:00"],
)
async def test_a_time_without_a_zone_is_bad_user_input(edge: Edge, moment: object) -> None:
    answer = await edge.ask(MAIL, {"input": mailing(startAt=moment)})
    assert top_code(answer) == "BAD_USER_INPUT"
    literal = orjson.dumps(moment).decode()
    answer = await edge.ask(
        f'mutation {{ updateMailing(input: {{id: "x", startAt: {literal}}}) {{ errors {{code}} }} }}'
    )
    assert top_code(answer) == "BAD_USER_INPUT"


async def test_a_time_is_answered_in_utc_with_milliseconds(edge: Edge) -> None:
    query = MAIL.replace("{ id }", "{ startAt endAt }")
    given = mailing(startAt="2026-01-31T12:00:00.123456+03:00")
    payload = (await edge.data(query, {"input": given}))["createMailing"]
    assert payload["mailing"]["startAt"] == "2026-01-31T09:00:00.123Z"


@pytest.mark.parametrize("channel", ["PIGEON", "sending_api", 1, None])
async def test_a_value_outside_an_enum_is_bad_user_input(edge: Edge, channel: object) -> None:
    answer = await edge.ask(MAIL, {"input": mailing(channels=[channel])})
    assert top_code(answer) == "BAD_USER_INPUT"


async def test_a_value_of_an_enum_may_come_by_variable_and_by_literal(edge: Edge) -> None:
    query = MAIL.replace("{ id }", "{ channels status }")
    given = mailing(channels=["EMAIL", "SENDING_API"], startAt=LAST, endAt=AFTER)
    created = (await edge.data(query, {"input": given}))["createMailing"]
    expected = {"channels": ["EMAIL", "SENDING_API"], "status": "SCHEDULED"}
    assert created == {"mailing": expected, "errors": []}
    by_literal = "{ mailings(statuses: [SCHEDULED]) { nodes { channels status } } }"
    assert expected in (await edge.data(by_literal))["mailings"]["nodes"]
    by_variable = "query ($s: [MailingStatus!]) { mailings(statuses: $s) { nodes { status } } }"
    found = (await edge.data(by_variable, {"s": ["CANCELLED"]}))["mailings"]["nodes"]
    assert {"status": "SCHEDULED"} not in found


@pytest.mark.parametrize(
    "number", [0, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 2**64 - 1, 0.1, 1.5e300]
)
async def test_a_number_in_data_comes_back_as_it_was(
    edge: Edge, user_id: str, number: float
) -> None:
    given = {"userId": user_id, "key": "new_post", "data": {"nested": [{"number": number}]}}
    payload = (await edge.data(CREATE, {"input": given}))["createNotification"]
    assert payload["notification"]["data"] == given["data"]
    again = await edge.data(
        "query ($u: ID!) { inbox(userId: $u) { page { list { data } } } }", {"u": user_id}
    )
    (stored,) = again["inbox"]["page"]["list"]
    assert stored["data"] == given["data"]


@pytest.mark.parametrize("data", [{"number": 2**64}, {"number": -(2**63) - 1}, [], "text", 1])
async def test_data_that_cannot_be_kept_is_an_error(edge: Edge, user_id: str, data: object) -> None:
    given = {"userId": user_id, "key": "new_post", "data": data}
    payload = (await edge.data(CREATE, {"input": given}))["createNotification"]
    assert payload["notification"] is None
    assert [(at["field"], at["code"]) for at in payload["errors"]] == [("data", "INVALID")]


PAGED = {
    "clients(first: $n) { totalCount }": "first",
    "mailings(first: $n) { totalCount }": "first",
    "inbox(userId: $u) { notifications(first: $n) { totalCount } }": "first",
    "inbox(userId: $u) { page(limit: $n) { total } }": "limit",
    "mailing(id: $m) { messages(first: $n) { pageInfo { hasNextPage } } }": "first",
    "mailing(id: $m) { changes(first: $n) { version } }": "first",
}


@pytest.mark.parametrize("field", PAGED)
async def test_a_page_holds_from_0_to_100(edge: Edge, user_id: str, field: str) -> None:
    created = (await edge.data(MAIL, {"input": mailing()}))["createMailing"]["mailing"]
    given = {"u": user_id, "m": created["id"]}
    declared = ", ".join(f"${at}: ID!" for at in given if f"${at})" in field)
    query = f"query ($n: Int!{', ' if declared else ''}{declared}) {{ {field} }}"
    given = {at: value for at, value in given.items() if f"${at})" in field}
    for size in (0, 1, 100):
        assert "errors" not in await edge.ask(query, {**given, "n": size})
    for size in (-1, 101, 2**31 - 1):
        answer = await edge.ask(query, {**given, "n": size})
        assert top_code(answer) == "BAD_USER_INPUT"
        assert answer["errors"][0]["message"].startswith(PAGED[field])


async def test_a_negative_skip_is_bad_user_input(edge: Edge) -> None:
    answer = await edge.ask(f'{{ inbox(userId: "{OWN}") {{ page(skip: -1) {{ total }} }} }}')
    assert top_code(answer) == "BAD_USER_INPUT"


WRONG_IDS = {
    "nothing": "",
    "no id of ours": "me",
    "an id of another type": ids.opaque("Kind", "new_post"),
    "an id without a key": ids.opaque("Client"),
    "an id with two keys": ids.opaque("Client", ObjectId(), ObjectId()),
    "an id with a bad key": ids.opaque("Client", "me"),
    "an id of a mailing with a bad key": ids.opaque("Mailing", "me"),
    "an id of a message with a bad key": ids.opaque("Message", "me"),
    "a notification of a bad user": ids.opaque("Notification", "me", ObjectId()),
    "a notification without its own key": ids.opaque("Notification", OWN),
    "text of another script": "письмо",
    "a key with a zero byte": ids.opaque("Client", "\0" * 24),
}


@pytest.mark.parametrize("wrong", WRONG_IDS.values(), ids=WRONG_IDS.keys())
async def test_a_wrong_id_is_an_error_everywhere(edge: Edge, wrong: str) -> None:
    for query in ("client(id: $id) { id }", "mailing(id: $id) { id }", "message(id: $id) { id }"):
        answer = await edge.ask(f"query ($id: ID!) {{ {query} }}", {"id": wrong})
        assert top_code(answer) == "BAD_USER_INPUT", query
    steering = [f"{verb}Mailing" for verb in ("update", "delete", "pause", "resume", "cancel")]
    for verb in ("updateClient", "deleteClient", *steering):
        said = f"{verb}(input: {{id: $id}}) {{ errors {{ field code }} }}"
        query = f"mutation ($id: ID!) {{ {said} }}"
        payload = (await edge.data(query, {"id": wrong}))[verb]
        assert payload["errors"] == [{"field": "id", "code": "INVALID"}], verb
    read = "mutation ($id: ID!) { markNotificationRead(input: {id: $id}) { errors { field } } }"
    assert (await edge.data(read, {"id": wrong}))["markNotificationRead"]["errors"]


async def test_an_error_inside_is_masked_with_a_reference_that_the_log_explains(
    shared_edge: Edge,  # whose log may complain
) -> None:
    shared_edge.database.kinds.insert_one({"_id": "broken", "secret": "of the database"})
    before = len(shared_edge.log())
    answer = await shared_edge.ask("{ kinds { key } }")
    shared_edge.database.kinds.delete_one({"_id": "broken"})
    (error,) = answer["errors"]
    assert (answer["data"], top_code(answer)) == (None, "INTERNAL_SERVER_ERROR")
    assert "secret" not in str(answer)
    (line,) = complaints(shared_edge.log()[before:])
    assert line["reference"] in error["message"]
    assert "ValidationError" in line["exception"]
