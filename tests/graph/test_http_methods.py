"""GET, HEAD and all that is neither they nor POST; and requests that another page had sent."""

import pytest
from yarl import URL

from tests.graph.conftest import FRONT_END, Edge, token
from tests.graph.http import ADMIN, JSON, code_of, send

STRANGER = "https://evil.example.com"
QUERY = b'{"query": "{ __typename }"}'


async def test_a_query_may_come_by_get_with_its_variables(edge: Edge) -> None:
    params = {
        "query": "query A { __typename } query B($n: Int!) {"
        ' clients(first: $n, filter: {tags: ["no such tag"]}) { totalCount } }',
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


@pytest.mark.parametrize(
    "query_string",
    [
        "query=%7B__typename%7D&query=%7B__typename%7D",
        "query=%7B__typename%7D&variables=%7B%7D&variables=%7B%7D",
        "query=%FF%FE",
        "query=%ED%A0%80",
        "query=%7B__typename%7D&variables=%7B%22a%22%3A%22%FF%22%7D",
        "query=%7B__typename%7D&variables=" + "%5B" * 10_000,
        "query=%7B__typename%7D" + "&a=" * 100,
    ],
)
async def test_parameters_that_readers_could_differ_on_are_a_bad_request(
    edge: Edge, query_string: str
) -> None:
    url = URL(f"/graphql?{query_string}", encoded=True)
    status, _, answer = await send(edge, "GET", url)
    assert (status, code_of(answer)) == (400, "BAD_REQUEST")


async def test_an_empty_operation_name_is_none(edge: Edge) -> None:
    params = {"query": "query A { __typename }", "operationName": "", "variables": ""}
    assert (await send(edge, "GET", params=params))[0] == 200


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


@pytest.mark.parametrize("path", ["/graphql/", "//graphql", "/health/live/"])
async def test_a_path_that_is_nearly_right_sends_nobody_elsewhere(edge: Edge, path: str) -> None:
    headers = {"Host": "evil.example.com"}
    url = URL(edge.address + path)
    status, answered, answer = await send(edge, "GET", url, headers=headers, allow_redirects=False)
    assert (status, code_of(answer), "location" in answered) == (404, "BAD_REQUEST", False)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_safe_method_changes_nothing_also_by_another_name(edge: Edge, method: str) -> None:
    document = (
        'query A { __typename } mutation B { createKind(input: {key: "b"}) { kind { key } } }'
    )
    params = {"query": document, "operationName": "B"}
    assert (await send(edge, method, params=params, headers=ADMIN))[0] == 405
    kinds = await edge.data("{ kinds { key } }")
    assert "b" not in [kind["key"] for kind in kinds["kinds"]]
    params["operationName"] = "A"
    assert (await send(edge, method, params=params, headers=ADMIN))[0] == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("origin", [None, STRANGER, "null"])
async def test_a_browser_asks_nothing_for_a_page_of_a_strange_origin(
    edge: Edge, site: str, origin: str | None
) -> None:
    foreign = {"Sec-Fetch-Site": site} | ({"Origin": origin} if origin else {})
    for method, options in (("GET", {"params": {"query": "{ a }"}}), ("POST", {"data": QUERY})):
        answer = await send(edge, method, headers={**ADMIN, **foreign}, **options)
        assert (answer[0], code_of(answer[2])) == (403, "FORBIDDEN")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": FRONT_END},
    ],
)
async def test_a_browser_asks_for_our_own_pages_and_for_those_of_allowed_origins(
    edge: Edge, headers: dict[str, str]
) -> None:
    assert (await send(edge, data=QUERY, headers={**JSON, **headers}))[0] == 200


async def test_an_answer_is_kept_by_no_cache_and_taken_for_nothing_else(edge: Edge) -> None:
    for params in ({"query": "{ __typename }"}, {}):
        _, headers, _ = await send(edge, "GET", params=params)
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
