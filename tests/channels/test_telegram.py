"""Telegram's Bot API: what is asked of it, and what each of its answers means."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from channels.channel import Envelope, Outcome, Refused, Retry, Sent, Unknown
from channels.posting import Answer
from channels.telegram import Telegram
from core.errors import ConfigurationError
from core.settings import Settings, load
from local.faults import Dice, Faults
from local.outside import Outside
from local.serving import serving
from tests.channels.messengers import LETTER, PATIENCE, meaning

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
TO = replace(LETTER, address="4711")


def said(**changes: Any) -> Settings:
    return load(_env_file=None, telegram_token=TOKEN, **changes)


@pytest.fixture
async def telegram(outside: Outside) -> AsyncIterator[Telegram]:
    async with serving(outside) as address:
        telegram = Telegram(said(telegram_url=address))
        yield telegram
        await telegram.close()


async def test_a_text_arrives_in_its_chat(outside: Outside, telegram: Telegram) -> None:
    outcome = await telegram.send(TO, PATIENCE)
    assert isinstance(outcome, Sent)
    (entry,) = outside.messengers["telegram"].ledger.entries()
    assert (entry["to"], entry["text"]) == ("4711", "Звон")
    assert outside.ledger.count == 0


async def test_a_channel_goes_by_its_name_and_a_group_by_its_number() -> None:
    telegram = Telegram(said())
    assert telegram._content(replace(TO, address="@bells")) == {"chat_id": "@bells", "text": "Звон"}
    assert telegram._content(replace(TO, address="-100123"))["chat_id"] == -100123


def answered(status: int, **content: Any) -> Outcome:
    body = orjson.dumps(content)
    return Telegram(said())._verdict(Answer(status, {}, body), content, "")


@pytest.mark.parametrize(
    ("code", "description", "expected"),
    [
        (400, "Bad Request: chat not found", Refused("400", undeliverable=True)),
        (400, "Bad Request: PEER_ID_INVALID", Refused("400", undeliverable=True)),
        (400, "Bad Request: CHAT_WRITE_FORBIDDEN", Refused("400", undeliverable=True)),
        (400, "Bad Request: message is too long", Refused("400", about_provider=True)),
        (401, "Unauthorized", Retry("401")),
        (404, "Not Found", Retry("401")),
        (403, "Forbidden: bot was blocked by the user", Refused("403", undeliverable=True)),
        (403, "Forbidden: user is deactivated", Refused("403", undeliverable=True)),
        (429, "Too Many Requests: retry after 7", Retry("429")),
        (500, "Internal Server Error", Unknown("500")),
        (502, "Bad Gateway", Unknown("502")),
        ("x", "?", Unknown("garbage")),
    ],
)
def test_every_refusal_has_its_meaning(code: Any, description: str, expected: Outcome) -> None:
    status = code if isinstance(code, int) else 400
    assert answered(status, ok=False, error_code=code, description=description) == expected


@pytest.mark.parametrize(
    ("parameters", "after"),
    [
        ({"retry_after": 7}, 7.0),
        ({"retry_after": 10**9}, 3_600.0),
        *(({"retry_after": wait}, None) for wait in (-1, "7", None)),
        ({}, None),
        ([], None),
    ],
)
def test_a_wait_is_the_one_that_telegram_asks_for(parameters: Any, after: float | None) -> None:
    content = {"ok": False, "error_code": 429, "parameters": parameters}
    assert answered(429, **content) == Retry("429", after=after)


@pytest.mark.parametrize("ok", ["true", 1, None])
def test_an_ok_that_is_no_truth_value_is_garbage(ok: Any) -> None:
    assert answered(200, ok=ok, result={}) == Unknown("garbage")


@pytest.mark.parametrize(
    ("knobs", "expected", "accepted"),
    [
        ({"unauthorized_rate": 1}, Retry("401"), 0),
        ({"too_many_rate": 1, "retry_after_seconds": 9}, Retry("429", after=9.0), 0),
        ({"refuse_rate": 1}, Refused("400", about_provider=True), 0),
        ({"error_rate": 1}, Unknown("500"), 0),
        ({"error_after_rate": 1}, Unknown("500"), 1),
        ({"garbage_before_rate": 1}, Unknown("garbage"), 0),
        ({"garbage_after_rate": 1}, Unknown("garbage"), 1),
        ({"cut_rate": 1}, Unknown("garbage"), 1),
        ({"break_rate": 1}, Unknown("reset"), 1),
        ({"reset_rate": 1}, Unknown("reset"), 1),
        ({"reset_before_rate": 1}, Unknown("reset"), 0),
        ({"down": "503"}, Retry("503"), 0),
        ({"down": "close"}, Unknown("reset"), 0),
    ],
)
async def test_what_goes_wrong_at_the_other_end_has_its_meaning(
    outside: Outside, telegram: Telegram, knobs: Any, expected: Outcome, accepted: int
) -> None:
    outside.messengers["telegram"].dice = Dice(Faults(**knobs))
    assert meaning(await telegram.send(TO, PATIENCE)) == expected
    assert outside.messengers["telegram"].ledger.count == accepted


async def test_a_silence_ends_with_the_time_that_is_given(
    outside: Outside, telegram: Telegram
) -> None:
    outside.messengers["telegram"].dice = Dice(Faults(hang_after_rate=1))
    assert meaning(await telegram.send(TO, 0.3)) == Unknown("timeout")


async def test_the_token_is_in_no_outcome(outside: Outside, telegram: Telegram) -> None:
    assert telegram.secrets == (TOKEN,)
    knobs: list[dict[str, Any]] = [{"reset_rate": 1}, {"hang_rate": 1}, {"down": "close"}]
    for each in knobs:
        outside.messengers["telegram"].dice = Dice(Faults(**each))
        assert TOKEN not in repr(await telegram.send(TO, 0.3))
    unreachable = Telegram(said(telegram_url="http://127.0.0.1:9"))
    outcome = await unreachable.send(TO, PATIENCE)
    assert (outcome.code, TOKEN in repr(outcome)) == ("unreachable", False)
    await unreachable.close()


async def test_a_token_that_is_echoed_is_blotted_out(telegram: Telegram) -> None:
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    async with serving(echo) as address:
        telegram = Telegram(said(telegram_url=address))
        outcome = await telegram.send(TO, PATIENCE)
        await telegram.close()
    assert outcome == Retry("404", "/bot***/sendMessage")


@pytest.mark.parametrize("token", ["a b", "a/b", "a%2Fb", "a?b", "ä", "a\nb", "x" * 257])
def test_a_token_that_would_be_another_address_is_a_bad_setting(token: str) -> None:
    with pytest.raises(ConfigurationError, match="TELEGRAM_TOKEN") as refused:
        Telegram(load(_env_file=None, telegram_token=token))
    assert token not in str(refused.value).removeprefix("TELEGRAM_TOKEN: ") or len(token) < 3


def test_a_bad_address_is_a_bad_setting() -> None:
    with pytest.raises(ConfigurationError, match="TELEGRAM_URL"):
        Telegram(said(telegram_url="ftp://telegram"))


def test_the_longest_text_is_the_vendors() -> None:
    assert Telegram(said())._objection(Envelope("i", 1, "4711", "x" * 4_096)) is None
    assert Telegram(said())._objection(Envelope("i", 1, "4711", "x" * 4_097)) == Refused(
        "text", "the text has 4,097 characters; telegram takes 4,096", asked=False
    )
