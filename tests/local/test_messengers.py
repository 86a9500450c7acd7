"""The emulated messengers: knobs and a ledger for each, and a Viber that always fails (C5)."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from local.outside import Outside
from local.serving import serving

TELEGRAM = "/bot123:abc/sendMessage"
WHATSAPP = "/v23.0/106540/messages"
VIBER = "/pa/send_message"
TEXTS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "telegram": (TELEGRAM, {"chat_id": 4711, "text": "Hello"}, {}),
    "whatsapp": (
        WHATSAPP,
        {"messaging_product": "whatsapp", "to": "1", "type": "text", "text": {"body": "Hello"}},
        {"Authorization": "Bearer any"},
    ),
    "viber": (
        VIBER,
        {"receiver": "a=", "type": "text", "sender": {"name": "Bell"}, "text": "Hello"},
        {"X-Viber-Auth-Token": "any"},
    ),
}


@pytest.fixture
def outside() -> Outside:
    return Outside("a-token")


@pytest.fixture
async def client(outside: Outside) -> AsyncIterator[aiohttp.ClientSession]:
    async with serving(outside) as address, aiohttp.ClientSession(address) as client:
        yield client


async def post(client: aiohttp.ClientSession, name: str, **changes: Any) -> tuple[int, Any]:
    path, content, headers = TEXTS[name]
    said = {"json": content, "headers": headers, **changes}
    async with client.post(path, **said) as answer:
        return answer.status, await answer.json()


async def test_each_answers_as_the_real_one(client: aiohttp.ClientSession) -> None:
    status, said = await post(client, "telegram")
    assert (status, said["ok"], said["result"]["message_id"]) == (200, True, 1)
    status, said = await post(client, "whatsapp")
    assert (status, said["messages"]) == (200, [{"id": "wamid.1"}])
    status, said = await post(client, "viber")
    assert (status, said["status"]) == (200, 6)


async def test_each_has_a_ledger_of_its_own(client: aiohttp.ClientSession) -> None:
    for name in ("telegram", "telegram", "whatsapp", "viber"):
        await post(client, name)
    counts = {}
    for name in TEXTS:
        async with client.get(f"/_ledger/{name}") as answer:
            counts[name] = (await answer.json())["count"]
    assert counts == {"telegram": 2, "whatsapp": 1, "viber": 0}
    async with client.delete("/_ledger/telegram") as answer:
        assert answer.status == 204
    async with client.get("/_ledger/telegram") as answer:
        assert (await answer.json())["entries"] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [("telegram", (429, "ok")), ("whatsapp", (429, "error")), ("viber", (200, "status"))],
)
async def test_each_has_knobs_of_its_own(
    client: aiohttp.ClientSession, name: str, expected: tuple[int, str]
) -> None:
    async with client.put(f"/_faults/{name}", json={"too_many_rate": 1}) as answer:
        assert (await answer.json())["too_many_rate"] == 1
    async with client.get("/_faults") as answer:
        assert (await answer.json())["too_many_rate"] == 0
    status, said = await post(client, name)
    assert (status, expected[1] in said) == (expected[0], True)


@pytest.mark.parametrize("name", TEXTS)
async def test_bad_requests_are_refused_in_each_ones_own_words(
    client: aiohttp.ClientSession, name: str
) -> None:
    bodies: list[Any] = [{}, [], {"text": 1}, {"chat_id": 1, "text": ""}]
    for body in bodies:
        _, said = await post(client, name, json=body)
        code = {"telegram": "error_code", "whatsapp": "error", "viber": "status"}[name]
        assert said[code]
    async with client.get(TEXTS[name][0]) as answer:
        assert answer.status in {404, 405}


@pytest.mark.parametrize("name", ["whatsapp", "viber"])
async def test_who_shows_no_token_stays_outside(client: aiohttp.ClientSession, name: str) -> None:
    _, said = await post(client, name, headers={})
    assert said.get("status", said.get("error", {}).get("code")) in {2, 190}


async def test_the_page_shows_them_all_and_no_token(client: aiohttp.ClientSession) -> None:
    for name in TEXTS:
        await post(client, name)
    async with client.get("/") as answer:
        page = await answer.text()
    assert all(f"/_ledger/{name}" in page for name in TEXTS)
    assert "every send fails" in page
    assert "123:abc" not in page
