"""Pages of other origins: only those that ALLOWED_ORIGINS names."""

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from core.errors import ConfigurationError
from core.settings import Settings
from graph.app import create_app
from tests.graph.conftest import FRONT_END, PROTOCOL, SECRET, Edge
from tests.graph.http import code_of, send

STRANGER = "https://evil.example.com"
ALLOW = "Access-Control-Allow-Origin"
QUERY = {"query": "{ __typename }"}


async def preflight(edge: Edge, origin: str) -> tuple[int, str | None, str]:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    async with edge.http.options("/graphql", headers=headers) as response:
        allowed = response.headers.get("Access-Control-Allow-Headers", "")
        return response.status, response.headers.get(ALLOW), allowed


async def test_a_browser_may_send_a_token_from_an_allowed_origin(edge: Edge) -> None:
    status, origin, headers = await preflight(edge, FRONT_END)
    assert (status, origin) == (200, FRONT_END)
    assert {"authorization", "content-type"} <= set(headers.lower().split(", "))


async def test_a_browser_is_not_let_in_from_another_origin(edge: Edge) -> None:
    status, origin, _ = await preflight(edge, STRANGER)
    assert (status, origin) == (400, None)
    asks = {"Origin": STRANGER, "Access-Control-Request-Method": "POST"}
    status, headers, answer = await send(edge, "OPTIONS", headers=asks)
    assert (status, code_of(answer), ALLOW.lower() in headers) == (400, "BAD_REQUEST", False)


@pytest.mark.parametrize(
    ("origin", "allowed"), [(FRONT_END, FRONT_END), (STRANGER, None), ("null", None)]
)
async def test_only_pages_of_allowed_origins_may_read_an_answer(
    edge: Edge, origin: str, allowed: str | None
) -> None:
    async with edge.http.post("/graphql", json=QUERY, headers={"Origin": origin}) as answer:
        assert (answer.status, answer.headers.get(ALLOW)) == (200, allowed)
    headers = {"Origin": origin, "Authorization": "Bearer false"}
    async with edge.http.post("/graphql", json=QUERY, headers=headers) as refusal:
        assert (refusal.status, refusal.headers.get(ALLOW)) == (401, allowed)


async def opens(edge: Edge, origin: str | None) -> bool:
    address = edge.address.replace("http", "ws") + "/graphql"
    said = None if origin is None else Origin(origin)
    try:
        async with connect(address, subprotocols=[PROTOCOL], origin=said):
            return True
    except InvalidStatus as refused:
        return refused.response.status_code != 403


async def test_only_pages_of_allowed_origins_may_open_a_socket(edge: Edge) -> None:
    assert await opens(edge, None)
    assert await opens(edge, edge.address)
    assert await opens(edge, FRONT_END)
    assert not await opens(edge, STRANGER)
    assert not await opens(edge, FRONT_END.replace("https", "http"))
    assert not await opens(edge, "null")


@pytest.mark.parametrize("said", ["app.example.com", "https://a.example/path", "https://[", "a,b"])
def test_what_is_no_origin_is_a_configuration_error(said: str) -> None:
    with pytest.raises(ConfigurationError, match="ALLOWED_ORIGINS"):
        create_app(Settings(jwt_secret=SECRET, allowed_origins=said))  # type: ignore[arg-type]


@pytest.mark.parametrize("secret", ["", "short"])
def test_an_api_without_a_good_secret_does_not_start(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="JWT_SECRET"):
        create_app(Settings(jwt_secret=secret))  # type: ignore[arg-type]
