"""What each answer, loss and silence of a real HTTP server means for the message."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from starlette.types import Receive, Scope, Send

from channels.channel import Envelope, Outcome, Refused, Retry, Sent, Unknown
from channels.sending_api import SendingApi
from core.errors import ConfigurationError
from local.faults import Faults
from local.outside import Outside
from local.ports import free_port
from local.serving import serving

TOKEN = "eyJhbGciOiJIUzI1NiJ9.e30.c2VjcmV0"
LETTER = Envelope("0c9d-1", 4711, "79001234567", "Звон")
PATIENCE = 30.0
SHORT = 1.0


@pytest.fixture
def outside() -> Outside:
    return Outside(TOKEN)


@pytest.fixture
async def api(outside: Outside) -> AsyncIterator[SendingApi]:
    async with serving(outside) as address:
        api = SendingApi(address, TOKEN, 4)
        yield api
        await api.close()


def meaning(outcome: Outcome) -> Outcome:
    """The outcome without the provider's words and wishes."""
    silent = replace(outcome, answer="")
    return replace(silent, after=None) if isinstance(silent, Retry) else silent


async def test_an_accepted_message_is_sent(outside: Outside, api: SendingApi) -> None:
    outcome = await api.send(LETTER, PATIENCE)
    assert outcome == Sent("200", '{"code":0,"message":"OK"}')
    (entry,) = outside.ledger.entries()
    assert (entry["id"], entry["phone"], entry["text"]) == (4711, 79001234567, "Звон")


@pytest.mark.parametrize(
    ("knob", "expected", "accepted"),
    [
        ("garbage_before_rate", Unknown("garbage"), 0),
        ("garbage_after_rate", Unknown("garbage"), 1),
        ("cut_rate", Unknown("garbage"), 1),
        ("break_rate", Unknown("reset"), 1),
        ("reset_rate", Unknown("reset"), 1),
        ("reset_before_rate", Unknown("reset"), 0),
        ("hang_rate", Unknown("timeout"), 0),
        ("hang_after_rate", Unknown("timeout"), 1),
        ("error_rate", Unknown("500"), 0),
        ("error_after_rate", Unknown("500"), 1),
        ("refuse_rate", Refused("400", about_provider=True), 0),
        ("unauthorized_rate", Retry("401"), 0),
        ("too_many_rate", Retry("429"), 0),
    ],
)
async def test_each_fault_of_the_emulator_has_its_meaning(
    outside: Outside, api: SendingApi, knob: str, expected: Outcome, accepted: int
) -> None:
    outside.faults = Faults.model_validate({knob: 1})
    outcome = await api.send(LETTER, SHORT if "hang" in knob else PATIENCE)
    assert meaning(outcome) == expected
    assert outside.ledger.count == accepted
    outside.faults = Faults()
    assert meaning(await api.send(LETTER, PATIENCE)) == Sent("200")


async def test_a_message_for_which_no_connection_is_free_in_time_waits_for_another_try(
    outside: Outside,
) -> None:
    outside.faults = Faults(hang_rate=1)
    async with serving(outside) as address:
        api = SendingApi(address, TOKEN, 1)
        hanging = asyncio.create_task(api.send(LETTER, 3 * SHORT))
        await asyncio.sleep(0)  # lets it take the only connection
        assert meaning(await api.send(LETTER, SHORT)) == Retry("busy", about_provider=False)
        assert meaning(await hanging) == Unknown("timeout")
        await api.close()


async def test_an_api_that_is_down_is_tried_again_and_heard_when_it_closes(
    outside: Outside, api: SendingApi
) -> None:
    outside.faults = Faults(down="503")
    assert meaning(await api.send(LETTER, PATIENCE)) == Retry("503")
    outside.faults = Faults(down="close")
    assert meaning(await api.send(LETTER, PATIENCE)) == Unknown("reset")


async def test_a_wrong_token_is_no_fault_of_the_message(outside: Outside) -> None:
    async with serving(outside) as address:
        for token in ("another", ""):
            api = SendingApi(address, token, 4)
            assert meaning(await api.send(LETTER, PATIENCE)) == Retry("401")
            await api.close()


async def test_connections_are_kept_and_never_more_than_allowed(outside: Outside) -> None:
    peers = set()

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        peers.add(scope["client"])
        await outside(scope, receive, send)

    async with serving(noting) as address:
        api = SendingApi(address, TOKEN, 3)
        outcomes = await asyncio.gather(*(api.send(LETTER, PATIENCE) for _ in range(40)))
        assert {meaning(outcome) for outcome in outcomes} == {Sent("200")}
        assert 1 <= len(peers) <= 3
        await api.close()


async def test_a_cancelled_send_is_cancelled_and_leaves_the_connection() -> None:
    arrived, left = asyncio.Event(), asyncio.Event()

    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    async with serving(silent) as address, asyncio.timeout(PATIENCE):
        api = SendingApi(address, TOKEN, 4)
        sending = asyncio.create_task(api.send(LETTER, PATIENCE))
        await arrived.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await left.wait()
        await api.close()


async def test_after_closing_it_can_be_used_again(api: SendingApi) -> None:
    for _ in range(2):
        assert meaning(await api.send(LETTER, PATIENCE)) == Sent("200")
        await api.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
async def test_an_api_that_cannot_be_reached_got_nothing(host: str) -> None:
    api = SendingApi(f"http://{host}:{free_port()}", TOKEN, 4)
    assert meaning(await api.send(LETTER, PATIENCE)) == Retry("unreachable")
    await api.close()


async def test_a_connection_that_takes_too_long_got_nothing() -> None:
    # One connection that waits to be accepted fills the queue; the next gets no answer.
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as full,
        socket.create_connection(full.getsockname()),
    ):
        api = SendingApi(f"http://127.0.0.1:{full.getsockname()[1]}", TOKEN, 4)
        assert meaning(await api.send(LETTER, SHORT)) == Retry("unreachable")
        await api.close()


async def test_an_api_that_speaks_no_tls_got_nothing(outside: Outside) -> None:
    async with serving(outside) as address:
        api = SendingApi(address.replace("http:", "https:"), TOKEN, 4)
        assert meaning(await api.send(LETTER, PATIENCE)) == Retry("unreachable")
        await api.close()


@pytest.mark.parametrize("phone", ["", "+79001234567", "7 900", "٧٩٠٠", "12e3", "9" * 19, "9" * 40])
async def test_what_is_no_int64_is_no_phone(api: SendingApi, phone: str) -> None:
    outcome = await api.send(Envelope("a", 1, phone, "Hello"), PATIENCE)
    assert meaning(outcome) == Refused("address", undeliverable=True, asked=False)


async def test_a_text_that_is_no_unicode_is_refused(api: SendingApi) -> None:
    outcome = await api.send(Envelope("a", 1, "7900", "half a pair: \ud83d"), PATIENCE)
    assert meaning(outcome) == Refused("text", asked=False)


@pytest.mark.parametrize(
    ("address", "token"),
    [
        ("", TOKEN),
        ("127.0.0.1:8001", TOKEN),
        ("ftp://127.0.0.1", TOKEN),
        ("http://", TOKEN),
        ("http://user:secret@127.0.0.1", TOKEN),
        ("http://127.0.0.1/?key=1", TOKEN),
        ("http://127.0.0.1:port", TOKEN),
        ("http://127.0.0.1", "two\nlines"),
        ("http://127.0.0.1", "tökén"),
    ],
)
def test_settings_that_no_request_could_carry_are_refused_at_once(address: str, token: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        SendingApi(address, token, 4)
    assert "secret" not in str(refusal.value) and token not in str(refusal.value)
