"""The knobs, the ledger and the page of the emulator."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from local.faults import Faults
from local.outside import Outside
from local.serving import serving

TOKEN = "token-of-the-test"
OK = {"code": 0, "message": "OK"}


@pytest.fixture
def outside() -> Outside:
    return Outside(TOKEN)


@pytest.fixture
async def client(outside: Outside) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the emulator, with the right token."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        serving(outside) as address,
        aiohttp.ClientSession(address, headers=headers) as client,
    ):
        yield client


def message(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {"id": number, "phone": 79001234567, "text": "Hello"} | changes


async def post(client: aiohttp.ClientSession, number: int = 1, **options: Any) -> tuple[int, Any]:
    """Status and JSON of an answer to a good request, or to one with some options changed."""
    options = {"json": message(number)} | options
    async with client.post(f"/v1/send/{number}", **options) as answer:
        return answer.status, await answer.json()


async def test_a_service_that_is_down_says_so_until_it_is_mended(
    client: aiohttp.ClientSession,
) -> None:
    async with client.put("/_faults", json={"down": "503"}) as answer:
        assert (answer.status, (await answer.json())["down"]) == (200, "503")
    assert (await post(client))[0] == 503
    async with client.put("/_faults", json={}) as answer:
        assert (await answer.json())["down"] is False
    assert (await post(client))[0] == 200


@pytest.mark.parametrize(
    "knobs",
    [
        {"eror_rate": 0.5},
        {"error_rate": 1.5},
        {"error_rate": -0.1},
        {"error_rate": 0.6, "reset_rate": 0.6},
        {"latency_seconds": 1_000},
        {"down": "maybe"},
        [],
    ],
)
async def test_knobs_that_make_no_sense_change_nothing(
    client: aiohttp.ClientSession, outside: Outside, knobs: Any
) -> None:
    before = outside.faults = Faults(error_rate=0.25)
    async with client.put("/_faults", json=knobs) as answer:
        assert answer.status == 400
        assert "The knobs are: down, latency_seconds" in (await answer.json())["message"]
    async with client.get("/_faults") as answer:
        assert await answer.json() == before.model_dump()


async def test_the_ledger_can_be_read_in_pages_streamed_and_cleared(
    client: aiohttp.ClientSession,
) -> None:
    for number in (1, 2, 3, 4, 1):
        await post(client, number)

    async def ids(query: str) -> list[int]:
        async with client.get(f"/_ledger{query}") as answer:
            content = await answer.json()
        assert (content["count"], content["distinct"], content["repeats"]) == (5, 4, 1)
        return [entry["id"] for entry in content["entries"]]

    assert await ids("") == [1, 2, 3, 4, 1]
    assert await ids("?limit=2") == [4, 1]
    assert await ids("?after=0&limit=2") == [1, 2]
    assert await ids("?after=2&limit=2") == [3, 4]
    assert await ids("?after=5") == []
    async with client.get("/_ledger.ndjson") as answer:
        lines = (await answer.text()).splitlines()
        assert [json.loads(line)["id"] for line in lines] == [1, 2, 3, 4, 1]
    async with client.delete("/_ledger") as answer:
        assert answer.status == 204
    async with client.get("/_ledger") as answer:
        assert await answer.json() == {"count": 0, "distinct": 0, "repeats": 0, "entries": []}


@pytest.mark.parametrize("query", ["limit=-1", "limit=x", "limit=10001", "after=-3", "after=1e9"])
async def test_a_bad_page_of_the_ledger_is_refused(
    client: aiohttp.ClientSession, query: str
) -> None:
    async with client.get(f"/_ledger?{query}") as answer:
        assert answer.status == 400


async def test_the_page_shows_texts_without_running_them(client: aiohttp.ClientSession) -> None:
    await post(client, json=message(text="<script>alert(1)</script>"))
    async with client.get("/") as answer:
        page = await answer.text()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "<script" not in page
    assert "garbage_after_rate" in page and "src=" not in page
