"""GraphQL over HTTP: whatever is sent, the answer is JSON with the right status."""

import asyncio
import json
from io import BytesIO
from typing import Any

import pytest

from graph.http import BODY_LIMIT, LEGACY, MODERN
from tests.graph.conftest import OWN, Edge, token

JSON = {"Content-Type": "application/json"}
DEEP = 100_000

NOT_AN_OPERATION = {
    "a number": b"1",
    "null": b"null",
    "a text": b'"x"',
    "a list": b"[]",
    "an empty object": b"{}",
    "nothing": b"",
    "no JSON": b"{query: 1}",
    "bad UTF-8": b'{"query": "{ __typename }", "x": "\xff\xfe"}',
    "UTF-16": '{"query": "{ __typename }"}'.encode("utf-16"),
    "half a surrogate pair": b'{"query": "query ($a: ID!) { client(id: $a) { id } }",'
    b'"variables": {"a": "\\ud800"}}',
    "brackets nested deeply": b"[" * DEEP,
    "objects nested deeply": b'{"query":' * DEEP + b"1" + b"}" * DEEP,
    "NaN": b'{"query": "{ __typename }", "variables": {"a": NaN}}',
    "Infinity": b'{"query": "{ __typename }", "variables": {"a": -Infinity}}',
    "a number beyond a float": b'{"query": "{ __typename }", "variables": {"a": 1e400}}',
    "a number of 5,000 digits": b'{"query": "{ __typename }", "variables": {"a": %s}}'
    % (b"9" * 5_000),
    "no query": b'{"variables": {}}',
    "a blank query": b'{"query": " "}',
    "a query that is no text": b'{"query": {"a": 1}}',
    "variables that are a list": b'{"query": "{ __typename }", "variables": [1]}',
    "variables that are a text": b'{"query": "{ __typename }", "variables": "{}"}',
    "extensions that are a list": b'{"query": "{ __typename }", "extensions": []}',
    "an operation name that is no text": b'{"query": "{ __typename }", "operationName": 1}',
    "an unknown operation name": b'{"query": "query A { __typename }", "operationName": "B"}',
    "a document without an operation": b'{"query": "fragment A on Query { __typename }"}',
    "a subscription": json.dumps(
        {"query": f'subscription {{ inboxEvents(userId: "{OWN}") {{ cursor }} }}'}
    ).encode(),
}


async def send(
    edge: Edge, method: str = "POST", path: str = "/graphql", **options: Any
) -> tuple[int, dict[str, str], Any]:
    """Status, headers and JSON of an answer; the headers by their names in lower case."""
    options.setdefault("headers", JSON)
    async with edge.http.request(method, path, **options) as response:
        headers = {name.lower(): value for name, value in response.headers.items()}
        assert headers["content-type"].split(";")[0] in (LEGACY, MODERN)
        raw = await response.read()
        return response.status, headers, json.loads(raw) if raw else None


def code_of(answer: Any) -> Any:
    (error,) = answer["errors"]
    assert error["message"]
    return error["extensions"]["code"]


@pytest.mark.parametrize("body", NOT_AN_OPERATION.values(), ids=NOT_AN_OPERATION.keys())
async def test_a_body_that_is_no_operation_is_a_bad_request(edge: Edge, body: bytes) -> None:
    status, _, answer = await send(edge, data=body)
    assert (status, code_of(answer)) == (400, "BAD_REQUEST")
    assert "data" not in answer


async def test_a_body_over_the_limit_is_too_large(edge: Edge) -> None:
    status, _, answer = await send(edge, data=BytesIO(b"x" * (BODY_LIMIT + 1)))
    assert (status, code_of(answer)) == (413, "TOO_LARGE")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=latin-1",
        "",
    ],
)
async def test_a_body_of_another_media_type_is_not_read(edge: Edge, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    status, _, answer = await send(edge, data=b'{"query": "{ __typename }"}', headers=headers)
    assert (status, code_of(answer)) == (415, "BAD_REQUEST")


@pytest.mark.parametrize("content_type", ["APPLICATION/JSON", 'application/json; charset="UTF-8"'])
async def test_a_media_type_may_be_written_in_any_case(edge: Edge, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    answer = await send(edge, data=b'{"query": "{ __typename }"}', headers=headers)
    assert (answer[0], answer[2]) == (200, {"data": {"__typename": "Query"}})


async def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_error(edge: Edge) -> None:
    host, _, port = edge.address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    writer.write(head + b"Content-Length: 100\r\n\r\n" + b'{"query":')
    writer.write_eof()
    assert await reader.read() == b""  # the API has seen the end, and closed its own side
    writer.close()
    # The next answer comes after the lost request has ended; the log is the judge.
    assert (await send(edge, data=b'{"query": "{ __typename }"}'))[0] == 200


async def test_a_query_may_come_by_get_with_its_variables(edge: Edge) -> None:
    params = {
        "query": "query A { __typename } query B($n: Int!) { clients(first: $n) { totalCount } }",
        "variables": '{"n": 1}',
        "operationName": "B",
    }
    headers = {"Authorization": f"Bearer {token('admin')}"}
    status, _, answer = await send(edge, "GET", params=params, headers=headers)
    assert (status, answer) == (200, {"data": {"clients": {"totalCount": 0}}})


async def test_a_mutation_by_get_is_answered_405_with_what_is_allowed(edge: Edge) -> None:
    query = 'mutation { createKind(input: {key: "by_get"}) { errors { code } } }'
    status, headers, answer = await send(edge, "GET", params={"query": query})
    assert (status, headers["allow"], code_of(answer)) == (405, "POST", "BAD_REQUEST")
    kinds = await edge.data("{ kinds { key } }")
    assert "by_get" not in [kind["key"] for kind in kinds["kinds"]]


@pytest.mark.parametrize(
    "params",
    [{}, {"query": ""}, {"query": "{ a }", "variables": "{"}, {"query": "{ a }", "variables": "1"}],
)
async def test_a_get_that_is_no_operation_is_a_bad_request(
    edge: Edge, params: dict[str, str]
) -> None:
    status, _, answer = await send(edge, "GET", params=params)
    assert (status, code_of(answer)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_are_answered_405_with_what_is_allowed(edge: Edge, method: str) -> None:
    status, headers, answer = await send(edge, method)
    assert (status, code_of(answer)) == (405, "BAD_REQUEST")
    assert set(headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


async def test_head_is_answered_as_get_without_the_body(edge: Edge) -> None:
    status, _, answer = await send(edge, "HEAD", params={"query": "{ __typename }"})
    assert (status, answer) == (200, None)


async def test_an_unknown_path_is_answered_in_json(edge: Edge) -> None:
    status, _, answer = await send(edge, "GET", "/nowhere")
    assert (status, code_of(answer)) == (404, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, LEGACY),
        ("*/*", LEGACY),
        ("application/*", LEGACY),
        (LEGACY, LEGACY),
        ("Application/JSON", LEGACY),
        (MODERN, MODERN),
        (f"{MODERN}; charset=utf-8", MODERN),
        (f"{MODERN}, {LEGACY}", MODERN),
        (f"{LEGACY}, {MODERN}", MODERN),
        (f"{LEGACY}, {MODERN};q=0.5", LEGACY),
        (f"{MODERN};q=0, */*", LEGACY),
        ("text/html, */*;q=0.1", LEGACY),
    ],
)
async def test_the_answer_comes_in_the_media_type_asked_for(
    edge: Edge, accept: str | None, expected: str
) -> None:
    headers = {**JSON, **({"Accept": accept} if accept else {})}
    body = b'{"query": "{ __typename }"}'
    status, answered, _ = await send(edge, data=body, headers=headers, skip_auto_headers=["Accept"])
    assert (status, answered["content-type"]) == (200, f"{expected}; charset=utf-8")


@pytest.mark.parametrize("accept", ["text/html", "application/jsonp", "image/*", f"{LEGACY};q=0"])
async def test_a_media_type_that_is_not_spoken_here_is_not_acceptable(
    edge: Edge, accept: str
) -> None:
    headers = {**JSON, "Accept": accept}
    status, _, answer = await send(edge, data=b'{"query": "{ __typename }"}', headers=headers)
    assert (status, code_of(answer)) == (406, "BAD_REQUEST")


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{ nope }"},
        {"query": "{"},
        {"query": "{ a { a" + "{ a" * 2_000},
        {
            "query": "query ($n: Int!) { clients(first: $n) { totalCount } }",
            "variables": {"n": 0.5},
        },
        {"query": "query A { __typename } query B { __typename }"},
    ],
    ids=["validation", "syntax", "too many tokens", "variables", "two operations, none named"],
)
async def test_a_request_that_never_runs_is_400_in_the_modern_type_and_200_in_the_old_one(
    edge: Edge, body: dict[str, Any]
) -> None:
    for accept, expected in ((MODERN, 400), (LEGACY, 200)):
        headers = {**JSON, "Accept": accept}
        status, _, answer = await send(edge, data=json.dumps(body), headers=headers)
        assert (status, code_of(answer)) == (expected, "BAD_USER_INPUT")
        assert "data" not in answer


async def test_an_error_of_a_field_is_200_in_either_type(edge: Edge) -> None:
    for accept in (MODERN, LEGACY):
        headers = {**JSON, "Accept": accept}
        status, _, answer = await send(
            edge, data=b'{"query": "{ kinds { key } }"}', headers=headers
        )
        assert (status, answer["data"]) == (200, None)
        assert code_of(answer) == "UNAUTHENTICATED"
