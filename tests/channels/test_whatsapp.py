"""WhatsApp's Cloud API: what is asked of it, and what each of its answers means."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from channels.channel import Outcome, Refused, Retry, Sent, Unknown
from channels.posting import Answer
from channels.whatsapp import WhatsApp
from core.errors import ConfigurationError
from core.settings import Settings, load
from local.faults import Dice, Faults
from local.outside import Outside
from local.serving import serving
from tests.channels.messengers import LETTER, PATIENCE, meaning

TOKEN = "EAAJB-a-token-of-the-cloud"
TO = replace(LETTER, address="79991234567")


def said(**changes: Any) -> Settings:
    return load(_env_file=None, whatsapp_token=TOKEN, whatsapp_phone_id="106540", **changes)


@pytest.fixture
async def whatsapp(outside: Outside) -> AsyncIterator[WhatsApp]:
    async with serving(outside) as address:
        whatsapp = WhatsApp(said(whatsapp_url=f"{address}/v23.0"))
        yield whatsapp
        await whatsapp.close()


async def test_a_text_arrives_at_its_phone(outside: Outside, whatsapp: WhatsApp) -> None:
    assert isinstance(await whatsapp.send(TO, PATIENCE), Sent)
    (entry,) = outside.messengers["whatsapp"].ledger.entries()
    assert (entry["to"], entry["text"]) == ("79991234567", "Звон")


def test_the_request_is_the_one_of_the_cloud_api() -> None:
    whatsapp = WhatsApp(said(whatsapp_url="https://graph.facebook.com/v23.0/"))
    assert whatsapp._address == "https://graph.facebook.com/v23.0/106540/messages"
    assert whatsapp._content(TO) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "79991234567",
        "type": "text",
        "text": {"preview_url": False, "body": "Звон"},
    }


def answered(status: int, content: Any, headers: dict[str, str] | None = None) -> Outcome:
    answer = Answer(status, headers or {}, orjson.dumps(content))
    return WhatsApp(said())._verdict(answer, content, "")


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 131026, Refused("400:131026", undeliverable=True)),
        (400, 131030, Refused("400:131030", undeliverable=True)),
        (403, 130497, Refused("403:130497", undeliverable=True)),
        (400, 131047, Refused("400:131047")),
        (400, 131049, Refused("400:131049")),
        (401, 190, Retry("401:190")),
        (401, 0, Retry("401:0")),
        (403, 200, Retry("403:200")),
        (400, 33, Retry("400:33")),
        (400, 133010, Retry("400:133010")),
        (429, 130429, Retry("429:130429")),
        (400, 80007, Retry("400:80007")),
        (400, 131048, Retry("400:131048")),
        (400, 131056, Retry("400:131056", about_provider=False)),
        (500, 131000, Retry("500:131000")),
        (503, 131016, Retry("503:131016")),
        (400, 100, Refused("400", about_provider=True)),
        (400, 131009, Refused("400", about_provider=True)),
        (500, 999999, Unknown("500")),
        (200, 999999, Refused("400", about_provider=True)),
    ],
)
def test_every_refusal_has_its_meaning(status: int, code: int, expected: Outcome) -> None:
    assert answered(status, {"error": {"message": "no", "code": code}}) == expected


def test_a_wait_is_the_one_that_the_header_asks_for() -> None:
    busy = {"error": {"code": 130429}}
    assert answered(429, busy, {"Retry-After": "9"}) == Retry("429:130429", after=9.0)


@pytest.mark.parametrize(
    "content",
    [{}, {"messages": []}, {"messages": [{"id": 1}]}, {"messages": "x"}, {"error": {"code": "1"}}],
)
def test_a_200_without_a_messages_id_is_garbage(content: Any) -> None:
    assert answered(200, content) == Unknown("garbage")


@pytest.mark.parametrize(
    ("knobs", "expected", "accepted"),
    [
        ({"unauthorized_rate": 1}, Retry("401:190"), 0),
        ({"too_many_rate": 1, "retry_after_seconds": 9}, Retry("429:130429", after=9.0), 0),
        ({"refuse_rate": 1}, Refused("400", about_provider=True), 0),
        ({"error_rate": 1}, Unknown("500"), 0),
        ({"error_after_rate": 1}, Unknown("500"), 1),
        ({"garbage_before_rate": 1}, Unknown("garbage"), 0),
        ({"cut_rate": 1}, Unknown("garbage"), 1),
        ({"break_rate": 1}, Unknown("reset"), 1),
        ({"reset_rate": 1}, Unknown("reset"), 1),
        ({"down": "503"}, Retry("503:131016"), 0),
    ],
)
async def test_what_goes_wrong_at_the_other_end_has_its_meaning(
    outside: Outside, whatsapp: WhatsApp, knobs: Any, expected: Outcome, accepted: int
) -> None:
    outside.messengers["whatsapp"].dice = Dice(Faults(**knobs))
    assert meaning(await whatsapp.send(TO, PATIENCE)) == expected
    assert outside.messengers["whatsapp"].ledger.count == accepted


async def test_a_silence_ends_with_the_time_that_is_given(
    outside: Outside, whatsapp: WhatsApp
) -> None:
    outside.messengers["whatsapp"].dice = Dice(Faults(hang_rate=1))
    assert meaning(await whatsapp.send(TO, 0.3)) == Unknown("timeout")


async def test_a_token_that_is_echoed_is_blotted_out() -> None:
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        said = next(value for name, value in scope["headers"] if name == b"authorization")
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": said})

    async with serving(echo) as address:
        whatsapp = WhatsApp(said(whatsapp_url=address))
        outcome = await whatsapp.send(TO, PATIENCE)
        await whatsapp.close()
    assert outcome == Retry("401", "Bearer ***")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"whatsapp_phone_id": "1/2"}, "WHATSAPP_PHONE_ID"),
        ({"whatsapp_phone_id": "٣"}, "WHATSAPP_PHONE_ID"),
        ({"whatsapp_token": "a b"}, "WHATSAPP_TOKEN"),
        ({"whatsapp_url": "https://x?y=1"}, "WHATSAPP_URL"),
    ],
)
def test_what_no_request_could_be_made_of_is_a_bad_setting(
    changes: dict[str, str], named: str
) -> None:
    usual = {"whatsapp_token": TOKEN, "whatsapp_phone_id": "1"}
    with pytest.raises(ConfigurationError, match=named):
        WhatsApp(load(_env_file=None, **{**usual, **changes}))
