"""The emulated token server issues tokens, and makes them expire, as it is told."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from local.outside import Outside
from local.serving import serving

GOOD = aiohttp.encode_basic_auth("belfry", "a secret")
FORM = {"grant_type": "client_credentials"}
MESSAGE = {"id": 7, "phone": 79001234567, "text": "Hello"}


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with serving(Outside()) as address, aiohttp.ClientSession(address) as client:
        yield client


async def issued(client: aiohttp.ClientSession) -> dict[str, object]:
    headers = {"Authorization": GOOD}
    async with client.post("/oauth/token", data=FORM, headers=headers) as answer:
        assert answer.status == 200
        content: dict[str, object] = await answer.json()
        return content


async def status(client: aiohttp.ClientSession, token: object = "") -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with client.post("/v1/send/7", json=MESSAGE, headers=headers) as answer:
        return answer.status


async def test_tokens_that_expire_let_nobody_in_until_a_fresh_one_does(
    client: aiohttp.ClientSession,
) -> None:
    assert await status(client) == 200
    old = (await issued(client))["access_token"]
    async with client.delete("/_tokens") as answer:
        assert answer.status == 204
    assert await status(client) == await status(client, old) == 401
    assert await status(client, (await issued(client))["access_token"]) == 200
    async with client.get("/_tokens") as answer:
        counts = {"asked_for": 2, "issued": 2, "valid": 1, "expiries": 1}
        assert await answer.json() == counts
    async with client.get("/") as answer:
        assert "2 tokens issued" in await answer.text()


async def test_an_issued_token_may_have_an_end(client: aiohttp.ClientSession) -> None:
    assert "expires_in" not in await issued(client)
    async with client.put("/_faults", json={"token_seconds": 1}) as answer:
        assert answer.status == 200
    assert (await issued(client))["expires_in"] == 1


@pytest.mark.parametrize(
    ("form", "authorization"),
    [
        ({"grant_type": "password"}, GOOD),
        (FORM, ""),
        (FORM, "Basic !"),
        (FORM, aiohttp.encode_basic_auth("belfry", "")),
        (FORM, "Bearer abc"),
    ],
)
async def test_a_client_that_does_not_say_who_it_is_gets_no_token(
    client: aiohttp.ClientSession, form: dict[str, str], authorization: str
) -> None:
    headers = {"Authorization": authorization}
    async with client.post("/oauth/token", data=form, headers=headers) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"] in ("invalid_client", "unsupported_grant_type")


@pytest.mark.parametrize(
    ("knobs", "expected"),
    [
        ({"token_fault": "error"}, 500),
        ({"token_fault": "refuse"}, 401),
        ({"token_fault": "garbage"}, 200),
        ({"down": "503"}, 503),
    ],
)
async def test_a_token_server_fails_as_ordered(
    client: aiohttp.ClientSession, knobs: dict[str, str], expected: int
) -> None:
    async with client.put("/_faults", json=knobs):
        pass
    headers = {"Authorization": GOOD}
    async with client.post("/oauth/token", data=FORM, headers=headers) as answer:
        assert answer.status == expected
        assert "access_token" not in await answer.text()
