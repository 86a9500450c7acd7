"""Viber's bot API: what is asked of it, and what each of its answers means."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from channels.channel import Outcome, Refused, Retry, Sent, Unknown
from channels.posting import Answer
from channels.viber import Viber
from core.errors import ConfigurationError
from core.settings import Settings, load
from local.faults import Dice, Faults
from local.messengers import Viber as Emulated
from local.outside import Outside
from local.serving import serving
from tests.channels.messengers import LETTER, PATIENCE, meaning

TOKEN = "445da6az1s345z78-dazcczb2542zv51a-e0vc5fva17480im9"
TO = replace(LETTER, address="01234567890A=")


def said(**changes: Any) -> Settings:
    return load(_env_file=None, viber_token=TOKEN, **changes)


@pytest.fixture
async def viber(outside: Outside) -> AsyncIterator[Viber]:
    async with serving(outside) as address:
        viber = Viber(said(viber_url=address, viber_name="Колокол"))
        yield viber
        await viber.close()


def working(outside: Outside) -> Emulated:
    emulated = outside.messengers["viber"]
    assert isinstance(emulated, Emulated)
    emulated.status = 0
    return emulated


async def test_a_text_arrives_at_its_receiver(outside: Outside, viber: Viber) -> None:
    ledger = working(outside).ledger
    assert isinstance(await viber.send(TO, PATIENCE), Sent)
    (entry,) = ledger.entries()
    assert (entry["to"], entry["text"]) == ("01234567890A=", "Звон")


async def test_the_emulated_one_always_fails(outside: Outside, viber: Viber) -> None:
    assert meaning(await viber.send(TO, PATIENCE)) == Refused("200:6", undeliverable=True)
    assert outside.messengers["viber"].ledger.count == 0


def test_the_request_is_the_one_of_the_bot_api() -> None:
    assert Viber(said(viber_name="Bell"))._content(TO) == {
        "receiver": "01234567890A=",
        "type": "text",
        "sender": {"name": "Bell"},
        "text": "Звон",
        "min_api_version": 1,
    }


def answered(status: int, content: Any) -> Outcome:
    return Viber(said())._verdict(Answer(status, {}, orjson.dumps(content)), content, "")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0, Sent("200")),
        *((code, Refused(f"200:{code}", undeliverable=True)) for code in (5, 6, 11, 21)),
        *((code, Refused(f"200:{code}", about_provider=True)) for code in (3, 4, 13, 14)),
        *((code, Retry(f"200:{code}")) for code in (2, 7, 10, 24, 99)),
        (12, Retry("200:12", about_provider=False)),
        *((what, Unknown("garbage")) for what in (None, True, "0", 0.0)),
    ],
)
def test_every_status_has_its_meaning(status: Any, expected: Outcome) -> None:
    assert answered(200, {"status": status, "status_message": "?"}) == expected


@pytest.mark.parametrize(
    ("knobs", "expected"),
    [
        ({"unauthorized_rate": 1}, Retry("200:2")),
        ({"too_many_rate": 1}, Retry("200:12", about_provider=False)),
        ({"refuse_rate": 1}, Refused("200:3", about_provider=True)),
        ({"error_rate": 1}, Unknown("500")),
        ({"garbage_after_rate": 1}, Unknown("garbage")),
        ({"cut_rate": 1}, Unknown("garbage")),
        ({"reset_rate": 1}, Unknown("reset")),
        ({"down": "503"}, Retry("503")),
    ],
)
async def test_what_goes_wrong_at_the_other_end_has_its_meaning(
    outside: Outside, viber: Viber, knobs: Any, expected: Outcome
) -> None:
    working(outside).dice = Dice(Faults(**knobs))
    assert meaning(await viber.send(TO, PATIENCE)) == expected


async def test_a_token_that_is_echoed_is_blotted_out() -> None:
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        said = next(value for name, value in scope["headers"] if name == b"x-viber-auth-token")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": said})

    async with serving(echo) as address:
        viber = Viber(said(viber_url=address))
        outcome = await viber.send(TO, PATIENCE)
        await viber.close()
    assert outcome == Unknown("garbage", "***")


def test_what_no_request_could_be_made_of_is_a_bad_setting() -> None:
    with pytest.raises(ConfigurationError, match="VIBER_TOKEN"):
        Viber(load(_env_file=None, viber_token="a\tb"))
    with pytest.raises(ConfigurationError, match="VIBER_URL"):
        Viber(said(viber_url="viber"))


async def test_what_nobody_needs_to_be_asked_for_is_refused_here() -> None:
    viber = Viber(said())
    for address, text, code in (
        ("", "x", "address"),
        ("a1=", " \n", "text"),
        ("a1=", "\ud800", "text"),
    ):
        outcome = await viber.send(replace(TO, address=address, text=text), PATIENCE)
        assert isinstance(outcome, Refused)
        assert (outcome.code, outcome.asked) == (code, False)
    long = await viber.send(replace(TO, text="x" * 7_001), PATIENCE)
    assert long == Refused("text", "the text has 7,001 characters; viber takes 7,000", asked=False)


async def test_one_that_is_not_set_up_waits_and_says_for_what() -> None:
    assert await Viber(load(_env_file=None)).send(TO, PATIENCE) == Retry("unset", "set VIBER_TOKEN")
