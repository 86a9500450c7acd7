"""Tokens come from a real token server: once for all, within limits, and are shown nowhere."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from starlette.types import Receive, Scope, Send

from channels.channel import Envelope, Outcome, Retry, Sent
from channels.sending_api import SendingApi
from channels.token_source import NoToken, TokenSource
from core.errors import ConfigurationError
from local.faults import Faults
from local.outside import Outside
from local.ports import free_port
from local.serving import serving

FIRST = "the-first-token-of-all"
SECRET = "quite/secret & odd"
LETTER = Envelope("0c9d-1", 4711, "79001234567", "Звон")
PATIENCE = 30.0
SHORT = 1.0


@pytest.fixture
def outside() -> Outside:
    return Outside(FIRST)


@pytest.fixture
async def address(outside: Outside) -> AsyncIterator[str]:
    async with serving(outside) as address:
        yield address


@pytest.fixture
def source(address: str) -> TokenSource:
    return TokenSource(FIRST, f"{address}/oauth/token", "belfry", SECRET)


@pytest.fixture
async def api(address: str, source: TokenSource) -> AsyncIterator[SendingApi]:
    api = SendingApi(address, source, 8)
    yield api
    await api.close()


async def send_many(api: SendingApi, count: int) -> set[str]:
    letters = [Envelope(f"m-{n}", n, "79001234567", "Hello") for n in range(1, count + 1)]
    return {one.code for one in await asyncio.gather(*(api.send(x, PATIENCE) for x in letters))}


async def test_a_good_token_is_never_renewed(outside: Outside, api: SendingApi) -> None:
    assert await send_many(api, 20) == {"200"}
    assert outside.tokens.issued == 0


async def test_sends_that_are_refused_together_share_one_fresh_token(
    outside: Outside, api: SendingApi, source: TokenSource
) -> None:
    outside.tokens.expire()
    assert await send_many(api, 40) == {"200"}
    assert outside.tokens.issued == 1
    assert (outside.ledger.count, outside.ledger.repeats) == (40, 0)
    assert source.token != FIRST
    outside.tokens.expire()
    assert await send_many(api, 40) == {"200"}
    assert outside.tokens.issued == 2


async def test_a_late_refusal_of_an_older_token_asks_for_none(
    outside: Outside, source: TokenSource
) -> None:
    fresh = await source.after(FIRST, PATIENCE)
    assert await source.after(FIRST, PATIENCE) == fresh
    assert outside.tokens.issued == 1


async def test_without_a_first_token_one_is_fetched_before_anything_is_sent(
    outside: Outside, address: str
) -> None:
    api = SendingApi(address, TokenSource("", f"{address}/oauth/token", "belfry", SECRET), 8)
    assert await send_many(api, 20) == {"200"}
    assert outside.tokens.issued == 1
    await api.close()


async def test_a_token_whose_time_is_over_is_renewed_before_it_is_refused(
    outside: Outside, address: str
) -> None:
    outside.faults = Faults(token_seconds=1)
    source = TokenSource("", f"{address}/oauth/token", "belfry", SECRET)
    first = await source.usable(PATIENCE)
    assert await source.usable(PATIENCE) == first
    async with asyncio.timeout(PATIENCE):
        while await source.usable(PATIENCE) == first:
            await asyncio.sleep(0.05)
    assert outside.tokens.issued == 2


@pytest.mark.parametrize("token_fault", ["error", "refuse", "garbage"])
async def test_a_token_server_that_fails_leaves_the_401(
    outside: Outside, api: SendingApi, token_fault: str
) -> None:
    outside.tokens.expire()
    outside.faults = Faults.model_validate({"token_fault": token_fault})
    outcome = await api.send(LETTER, PATIENCE)
    assert outcome == Retry("401", '{"code":1,"message":"no valid token"}')
    outside.faults = Faults()
    assert (await api.send(LETTER, PATIENCE)).code == "200"


async def test_a_token_that_does_not_help_is_tried_once(outside: Outside, api: SendingApi) -> None:
    outside.faults = Faults(unauthorized_rate=1)
    assert isinstance(await api.send(LETTER, PATIENCE), Retry)
    assert outside.tokens.issued == 1


async def test_a_token_server_that_hangs_costs_a_send_no_more_than_its_time(
    outside: Outside, api: SendingApi
) -> None:
    outside.tokens.expire()
    outside.faults = Faults(token_fault="hang")
    async with asyncio.timeout(PATIENCE):
        assert (await api.send(LETTER, SHORT)).code == "401"


async def test_a_token_server_that_cannot_be_reached_is_said_to_be() -> None:
    port = free_port()
    source = TokenSource("", f"http://127.0.0.1:{port}/token", "belfry", SECRET)
    api = SendingApi(f"http://127.0.0.1:{port}", source, 4)
    assert await api.send(LETTER, PATIENCE) == Retry(
        "401", "the token server failed: ClientConnectorError"
    )
    await api.close()


async def answered(body: bytes) -> str:
    """The token that comes of a token server's 200 with this body."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    async with serving(app) as address:
        return await TokenSource("", address, "belfry", SECRET).usable(PATIENCE)


@pytest.mark.parametrize(
    "ending", ["", ',"expires_in":0', ',"expires_in":"soon"', ',"expires_in":3600']
)
async def test_a_token_counts_whatever_is_said_of_its_end(ending: str) -> None:
    body = f'{{"access_token":"abc","token_type":"bearer"{ending}}}'
    assert await answered(body.encode()) == "abc"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"access_token":""}',
        b'{"access_token":7}',
        b'{"access_token":"two words"}',
        b'{"access_token":"two\\r\\nlines"}',
        b'{"access_token":"abc","token_type":"mac"}',
        b'{"access_token":"abc","token_type":' + b"[" * 1_000 + b"]" * 1_000 + b"}",
        b'{"access_token":"' + b"x" * 5_000 + b'"}',
        b'{"access_token":"' + b"x" * 100_000 + b'"}',
    ],
)
async def test_what_is_no_bearer_token_is_not_taken(body: bytes) -> None:
    with pytest.raises(NoToken, match="no Bearer token"):
        await answered(body)


async def test_no_token_or_secret_is_shown(
    outside: Outside, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []

    async def echoing(scope: Scope, receive: Receive, send: Send) -> None:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        said.append(given[0].decode())
        body = " ".join([*said, SECRET]).encode()
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": body})

    source = TokenSource(FIRST, f"{address}/oauth/token", "belfry", SECRET)
    async with serving(echoing) as echo:
        api = SendingApi(echo, source, 4)
        outcomes: list[Outcome] = [await api.send(LETTER, PATIENCE) for _ in range(3)]
        await api.close()
    tokens = {one.removeprefix("Bearer ") for one in said}
    assert len(tokens) == 4
    shown = caplog.text + repr(outcomes) + repr(source) + repr(api)
    assert not [one for one in (*tokens, SECRET) if one in shown]


async def test_after_closing_it_can_be_used_again(outside: Outside, api: SendingApi) -> None:
    outside.tokens.expire()
    outside.faults = Faults(token_fault="hang")
    waiting = asyncio.create_task(api.send(LETTER, PATIENCE))
    async with asyncio.timeout(PATIENCE):
        while not outside.tokens.asked_for:
            await asyncio.sleep(0.01)
        await api.close()
        assert (await waiting).code == "401"
    outside.faults = Faults()
    assert await api.send(LETTER, PATIENCE) == Sent("200", '{"code":0,"message":"OK"}')


@pytest.mark.parametrize(
    ("url", "client_id"),
    [("127.0.0.1/token", "belfry"), ("http://u:secret@127.0.0.1/token", "b"), ("http://a/t", "")],
)
def test_settings_that_no_token_could_come_from_are_refused(url: str, client_id: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        TokenSource(FIRST, url, client_id, SECRET)
    assert "secret" not in str(refusal.value)
