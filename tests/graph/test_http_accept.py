"""The media type of an answer, and the status that goes with it."""

import json
from typing import Any

import pytest
from multidict import CIMultiDict

from graph.accept import LEGACY, MODERN
from tests.graph.conftest import Edge
from tests.graph.http import JSON, code_of, send


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
        (f"{LEGACY};q=0, */*", MODERN),
        (f"{LEGACY};q=0.1, application/*;q=0.9", MODERN),
        (f"{LEGACY};q=1.000, {MODERN};q=0.999", LEGACY),
        (f"{LEGACY};q=nan, {MODERN}", MODERN),
        (f"{MODERN};charset=utf-8, {LEGACY};charset=utf-8", MODERN),
        (",", LEGACY),
    ],
)
async def test_the_answer_comes_in_the_media_type_asked_for(
    edge: Edge, accept: str | None, expected: str
) -> None:
    headers = {**JSON, **({"Accept": accept} if accept else {})}
    body = b'{"query": "{ __typename }"}'
    status, answered, _ = await send(edge, data=body, headers=headers, skip_auto_headers=["Accept"])
    assert (status, answered["content-type"]) == (200, f"{expected}; charset=utf-8")


async def test_accept_may_be_said_in_several_lines(edge: Edge) -> None:
    headers = CIMultiDict([*JSON.items(), ("Accept", "text/html"), ("Accept", MODERN)])
    _, answered, _ = await send(edge, data=b'{"query": "{ __typename }"}', headers=headers)
    assert answered["content-type"] == f"{MODERN}; charset=utf-8"


@pytest.mark.parametrize(
    "accept", ["text/html", "application/jsonp", "image/*", f"{LEGACY};q=0", "*/*;q=0"]
)
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
        {"query": "query A { __typename }", "operationName": "B"},
        {"query": "fragment A on Query { __typename }"},
    ],
    ids=[
        *("validation", "syntax", "too many tokens", "variables", "two operations, none named"),
        *("another operation named", "no operation"),
    ],
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
