"""Long lists and large data, from the request to the answer of the API."""

from typing import Any

import orjson
import pytest

from graph.notification import Notification
from graph.variables import MOST_ITEMS, MOST_UNKNOWN
from tests.graph.conftest import OWN, Edge
from tests.graph.test_limits_edge import WAYS

KEYS = f"""query ($s: [String!]) {{ inbox(userId: "{OWN}") {{
    notifications(filter: {{keys: $s}}) {{ totalCount }} }} }}"""
FILTERS = {
    "filter.keys": KEYS,
    "filter.tags": "query ($s: [String!]) { clients(filter: {tags: $s}) { totalCount } }",
    "filter.timeZones": "query ($s: [String!]) { clients(filter: {timeZones: $s}) { totalCount } }",
    "filter.operatorCodes": """query ($s: [String!]) {
        clients(filter: {operatorCodes: $s}) { totalCount } }""",
    "statuses": "query ($s: [MailingStatus!]) { mailings(statuses: $s) { totalCount } }",
}


@pytest.mark.parametrize(("field", "query"), FILTERS.items(), ids=FILTERS)
async def test_a_filter_takes_a_hundred_values_and_no_more(
    edge: Edge, field: str, query: str
) -> None:
    value = "RUNNING" if field == "statuses" else "a"
    assert "errors" not in await edge.ask(query, {"s": [value] * 100})
    (error,) = (await edge.ask(query, {"s": [value] * 101}))["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"] == f"{field}: give at most 100 values, not 101"


@WAYS
async def test_long_lists_are_refused_before_anybody_reads_them(edge: Edge, ask: Any) -> None:
    """Neither are their items told to be wrong, nor who may send them."""
    create = """mutation ($s: AudienceInput!) { createMailing(input: {name: "a", text: "a",
        startAt: "2030-01-01T00:00:00Z", endAt: "2030-01-02T00:00:00Z", audience: $s}) {
        errors { code } } }"""
    by_filter = "query ($s: ClientFilterInput) { clients(filter: $s) { totalCount } }"
    for query, said, code in (
        (create, {"tags": [0] * (MOST_ITEMS + 1)}, "TOO_COMPLEX"),
        (by_filter, {"tags": [0] * (MOST_ITEMS + 1)}, "TOO_COMPLEX"),
        (by_filter, {f"tag{n}": 1 for n in range(MOST_UNKNOWN + 1)}, "BAD_USER_INPUT"),
    ):
        answer = await ask(edge, {"query": query, "variables": {"s": said}}, "subscriber")
        assert [it["extensions"]["code"] for it in answer["errors"]] == [code]


@WAYS
async def test_data_comes_back_exactly_as_it_was_sent(edge: Edge, user_id: str, ask: Any) -> None:
    data: dict[str, Any] = {
        "a": [[], {}, None, True, "ü\u2028\U0001f600", 2**63, -0.5, 1e300],
        "": {"b": {}},
    }
    create = """mutation ($u: ID!, $d: JSON) {
        createNotification(input: {userId: $u, key: "new_post", data: $d}) {
        notification { data } errors { code } } }"""
    made = await edge.data(create, {"u": user_id, "d": data})
    assert made["createNotification"]["notification"]["data"] == data
    query = f"""{{ inbox(userId: "{user_id}") {{ page {{ list {{ data }} }}
        notifications {{ nodes {{ data }} edges {{ node {{ data }} }} }} }} }}"""
    inbox = (await ask(edge, {"query": query}))["data"]["inbox"]
    assert inbox["page"]["list"] == inbox["notifications"]["nodes"] == [{"data": data}]
    assert inbox["notifications"]["edges"] == [{"node": {"data": data}}]


def test_data_is_not_unfolded_to_be_sent() -> None:
    """As objects of Python it takes twenty times the memory, for each time that it is asked for."""
    item = {"id": "a", "seq": 1, "at": "2026-01-31T09:00:00+00:00", "key": "k", "target_id": None}
    said = {"title": "", "body": "", "new": True, "data": '{"a":[[]]}'}
    found: Any = Notification.of(OWN, {**item, **said}).data
    assert isinstance(found, orjson.Fragment)
    assert orjson.dumps(found) == b'{"a":[[]]}'
