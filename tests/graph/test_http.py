"""GraphQL over HTTP: whatever is sent, the answer is JSON with the right status."""

import json

import pytest

from tests.graph.conftest import OWN, Edge
from tests.graph.http import ADMIN, code_of, connect, send

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
    "a byte order mark": b'\xef\xbb\xbf{"query": "{ __typename }"}',
    "a name that is said twice": b'{"query": "{ a }", "query": "{ __typename }"}',
    "a name that is said twice deep inside": b'{"query": "{ __typename }",'
    b'"variables": {"a": [{"b": 1, "b": 2}]}}',
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
    "a subscription": json.dumps(
        {"query": f'subscription {{ inboxEvents(userId: "{OWN}") {{ cursor }} }}'}
    ).encode(),
}


@pytest.mark.parametrize("body", NOT_AN_OPERATION.values(), ids=NOT_AN_OPERATION.keys())
async def test_a_body_that_is_no_operation_is_a_bad_request(edge: Edge, body: bytes) -> None:
    status, _, answer = await send(edge, data=body, headers=ADMIN)
    assert (status, code_of(answer)) == (400, "BAD_REQUEST")
    assert "data" not in answer


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
    reader, writer = await connect(edge)
    head = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    writer.write(head + b"Content-Length: 100\r\n\r\n" + b'{"query":')
    writer.write_eof()
    assert await reader.read() == b""  # the API has seen the end, and closed its own side
    writer.close()
    # The next answer comes after the lost request has ended; the log is the judge.
    assert (await send(edge, data=b'{"query": "{ __typename }"}'))[0] == 200


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd", "identity, gzip"])
async def test_a_packed_body_is_not_unpacked(edge: Edge, coding: str) -> None:
    headers = {**ADMIN, "Content-Encoding": coding}
    status, answered, answer = await send(
        edge, data=b'{"query": "{ __typename }"}', headers=headers, skip_auto_headers=["Accept"]
    )
    assert (status, code_of(answer)) == (415, "BAD_REQUEST")
    assert answered["accept-encoding"] == "identity"


EXTREME_DOCUMENTS = {
    "a number of 5,000 digits": "{ clients(first: " + "9" * 5_000 + ") { totalCount } }",
    "a number beyond a float": "{ clients(first: 1e999) { totalCount } }",
    "half a surrogate pair": '{ client(id: "\\ud800") { id } }',
    "selections": "{ a " * 900 + "}" * 900,
    "lists": "{ client(id: " + "[" * 900 + "]" * 900 + ") { id } }",
    "objects": "{ clients(filter: " + "{a: " * 600 + "1" + "}" * 600 + ") { totalCount } }",
    "types": "query ($a: " + "[" * 900 + "Int" + "]" * 900 + ") { __typename }",
    "fragments": "{ ...on Query " * 400 + "{ __typename }" + "}" * 400,
}


@pytest.mark.parametrize("query", EXTREME_DOCUMENTS.values(), ids=EXTREME_DOCUMENTS.keys())
async def test_a_document_of_an_extreme_shape_is_the_mistake_of_its_sender(
    edge: Edge, query: str
) -> None:
    status, _, answer = await send(edge, json={"query": query}, headers=ADMIN)
    assert status == 200
    codes = {error["extensions"]["code"] for error in answer["errors"]}
    assert codes <= {"BAD_USER_INPUT", "TOO_COMPLEX"}
