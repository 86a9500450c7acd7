"""The emulated sending API takes, refuses and loses messages as it is told."""

import asyncio
import io
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


async def test_a_good_request_is_accepted_and_written_down(
    client: aiohttp.ClientSession, outside: Outside
) -> None:
    assert await post(client, 7) == (200, OK)
    (entry,) = outside.ledger.entries()
    came, at = entry.pop("came"), entry.pop("at")
    assert came <= at and came.endswith("+00:00") and at.endswith("+00:00")
    assert entry == {"id": 7, "phone": 79001234567, "text": "Hello", "repeat": 1}


async def test_a_repeat_is_accepted_and_counted(
    client: aiohttp.ClientSession, outside: Outside
) -> None:
    for number in (7, 8, 7, 7):
        assert await post(client, number) == (200, OK)
    assert [entry["repeat"] for entry in outside.ledger.entries()] == [1, 1, 2, 3]
    ledger = outside.ledger
    assert (ledger.count, ledger.distinct, ledger.repeats) == (4, 2, 2)


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Bearer other", "Basic dTpw"])
async def test_without_the_token_nothing_is_accepted(
    client: aiohttp.ClientSession, outside: Outside, authorization: str
) -> None:
    status, answer = await post(client, headers={"Authorization": authorization})
    assert (status, answer["code"]) == (401, 1)
    assert outside.ledger.count == 0


async def test_an_empty_token_lets_anyone_in() -> None:
    async with serving(Outside()) as address, aiohttp.ClientSession(address) as client:
        assert (await post(client, headers={"Authorization": "Bearer whatever"}))[0] == 200
        assert (await post(client))[0] == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("1", b"not JSON"),
        ("1", b""),
        ("1", b"[]"),
        ("1", b'{"id": 1, "phone": 2}'),
        ("1", b'{"id": "1", "phone": 2, "text": "x"}'),
        ("1", b'{"id": 1, "phone": "2", "text": "x"}'),
        ("1", b'{"id": 1, "phone": 2, "text": null}'),
        ("1", b'{"id": true, "phone": 2, "text": "x"}'),
        ("1", b'{"id": 1.0, "phone": 2, "text": "x"}'),
        ("1", b'{"id": 1, "phone": 9223372036854775808, "text": "x"}'),
        ("2", b'{"id": 1, "phone": 2, "text": "x"}'),
        ("one", b'{"id": 1, "phone": 2, "text": "x"}'),
        ("1", b'{"id": 1, "phone": 2, "text": "' + b"x" * 2**20 + b'"}'),
    ],
)
async def test_a_bad_request_is_refused_with_a_reason(
    client: aiohttp.ClientSession, outside: Outside, path: str, body: bytes
) -> None:
    async with client.post(f"/v1/send/{path}", data=io.BytesIO(body)) as answer:
        assert answer.status == 400
        content = await answer.json()
    assert content["code"] == 1 and content["message"]
    assert outside.ledger.count == 0


async def test_only_post_is_answered(client: aiohttp.ClientSession) -> None:
    async with client.get("/v1/send/1") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("knob", "status", "accepted"),
    [
        ("unauthorized_rate", 401, 0),
        ("too_many_rate", 429, 0),
        ("refuse_rate", 400, 0),
        ("error_rate", 500, 0),
        ("garbage_before_rate", 200, 0),
        ("garbage_after_rate", 200, 1),
        ("cut_rate", 200, 1),
        ("error_after_rate", 500, 1),
        ("expire_rate", 401, 0),
    ],
)
async def test_an_ordered_answer_is_given(
    client: aiohttp.ClientSession, outside: Outside, knob: str, status: int, accepted: int
) -> None:
    outside.faults = Faults.model_validate({knob: 1, "retry_after_seconds": 9})
    async with client.post("/v1/send/1", json=message()) as answer:
        assert answer.status == status
        assert answer.headers.get("Retry-After") == ("9" if status == 429 else None)
        body = await answer.text()
    if status == 200:
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)
    assert outside.ledger.count == accepted


@pytest.mark.parametrize(
    ("faults", "error", "accepted"),
    [
        (Faults(reset_rate=1), aiohttp.ClientOSError, 1),
        (Faults(reset_before_rate=1), aiohttp.ClientOSError, 0),
        (Faults(break_rate=1), aiohttp.ClientPayloadError, 1),
        (Faults(down="close"), aiohttp.ServerDisconnectedError, 0),
    ],
)
async def test_an_ordered_loss_happens(
    client: aiohttp.ClientSession,
    outside: Outside,
    faults: Faults,
    error: type[Exception],
    accepted: int,
) -> None:
    outside.faults = faults
    with pytest.raises(error):
        await post(client)
    assert outside.ledger.count == accepted
    outside.faults = Faults()
    assert (await post(client))[0] == 200


async def test_a_hanging_request_ends_when_the_client_leaves(
    client: aiohttp.ClientSession, outside: Outside
) -> None:
    for knob, accepted in (("hang_rate", 0), ("hang_after_rate", 1)):
        outside.faults = Faults.model_validate({knob: 1})
        posting = asyncio.create_task(post(client))
        done, _ = await asyncio.wait([posting], timeout=0.2)
        assert not done
        async with asyncio.timeout(30):
            while outside.ledger.count < accepted:
                await asyncio.sleep(0.01)
        posting.cancel()
        await asyncio.wait([posting])
        assert outside.ledger.count == accepted


async def test_latency_holds_every_answer_back(
    client: aiohttp.ClientSession, outside: Outside
) -> None:
    outside.faults = Faults(latency_seconds=0.3, jitter_seconds=0.1)
    with pytest.raises(TimeoutError):
        await post(client, timeout=aiohttp.ClientTimeout(0.2))
    assert (await post(client))[0] == 200
