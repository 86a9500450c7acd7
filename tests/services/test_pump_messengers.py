"""Mailings by messengers: each client where it has a handle, and what faults make of that (C5)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from channels.channel import Channel
from channels.registry import close_channels, open_channels
from core import clock
from core.parts import Parts
from core.settings import load
from local.faults import Dice, Faults
from local.outside import Outside
from models.attempt import Attempt
from rules.message import Status
from services import launch, messages
from tests import factories
from tests.services.looking import counted, rows
from tests.services.pumping import run

pytestmark = pytest.mark.usefixtures("impatient")

TOKENS = {name: f"{name}-secret-0a1b2c" for name in ("telegram", "whatsapp", "viber")}


@pytest.fixture
def settings(settings: Any, address: str) -> Any:
    said = {f"{name}_token": token for name, token in TOKENS.items()}
    urls = {"telegram_url": address, "whatsapp_url": f"{address}/v23.0", "viber_url": address}
    usual = settings.model_dump(include={"db_uri", "redis_url", "breaker_attempts"})
    rates = {"telegram_rate": 0, "whatsapp_rate": 0}
    return load(_env_file=None, **usual, **said, **urls, **rates, whatsapp_phone_id="1")


@pytest.fixture
async def channels(parts: Parts) -> Any:
    opened = open_channels(parts.settings)
    yield opened
    await close_channels(opened)


def handles(number: int) -> dict[str, Any]:
    """Every client is on Telegram, every second on WhatsApp, the first on Viber."""
    return {
        "telegram": f"{4711 + number}",
        "whatsapp": None if number % 2 else factories.phone(number),
        "viber": "01234567890A=" if number == 0 else None,
    }


async def launched(parts: Parts, *by: str, count: int = 4) -> ObjectId:
    await factories.clients(count, said=handles)
    mailing_id = factories.id_of(await factories.created(parts, channels=by))
    await launch.launch(parts, mailing_id)
    return mailing_id


async def test_a_mailing_reaches_each_client_by_every_messenger_that_it_has(
    parts: Parts, channels: dict[str, Channel], outside: Outside
) -> None:
    mailing_id = await launched(parts, *TOKENS)
    handled = [await run(parts, channels[name]) for name in TOKENS]
    assert handled == [4, 2, 1]
    expected = {Status.SENT: 6, Status.UNDELIVERABLE: 1}
    assert await counted(parts, mailing_id) == expected
    sent = {one["to"] for one in outside.messengers["telegram"].ledger.entries()}
    assert sent == {f"{4711 + number}" for number in range(4)}


async def test_a_telegram_that_asks_for_a_pause_gets_it(
    parts: Parts, channels: dict[str, Channel], outside: Outside
) -> None:
    telegram = outside.messengers["telegram"]
    telegram.dice = Dice(Faults(too_many_rate=1, retry_after_seconds=900))
    before = clock.now()
    await launched(parts, "telegram")
    assert await run(parts, channels["telegram"]) == 4
    for row in await rows():
        assert row["due_at"] >= before + timedelta(seconds=900)
        assert (row["why"], row["maybe_sent"]) == ("not_accepted: 429", False)


async def test_a_lost_answer_is_tried_again_and_may_arrive_twice(
    parts: Parts, channels: dict[str, Channel], outside: Outside
) -> None:
    whatsapp = outside.messengers["whatsapp"]
    whatsapp.dice = Dice(Faults(reset_rate=1))
    mailing_id = await launched(parts, "whatsapp", count=1)
    assert await run(parts, channels["whatsapp"]) == 1
    (row,) = await rows()
    assert (row["status"], row["maybe_sent"], row["why"]) == ("pending", True, "unknown: reset")
    whatsapp.dice = Dice()
    await messages.collection().update_many({}, {"$set": {"due_at": clock.now()}})
    assert await run(parts, channels["whatsapp"]) == 1
    assert await counted(parts, mailing_id) == {Status.SENT: 1}
    assert whatsapp.ledger.count == 2


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize(
    "faults",
    [Faults(reset_rate=1), Faults(cut_rate=1), Faults(unauthorized_rate=1), Faults(error_rate=1)],
)
async def test_no_token_is_in_what_is_kept_of_an_attempt(
    parts: Parts, channels: dict[str, Channel], outside: Outside, name: str, faults: Faults
) -> None:
    outside.messengers[name].dice = Dice(faults)
    await launched(parts, name, count=1)
    assert await run(parts, channels[name]) == 1
    (attempt,) = await Attempt.find_all().to_list()
    assert attempt.provider == "127.0.0.1"
    kept = f"{await rows()} {attempt}"
    assert not [token for token in TOKENS.values() if token in kept]


async def test_one_that_is_not_set_up_in_the_worker_waits_until_it_is(parts: Parts) -> None:
    await launched(parts, "viber", count=1)
    bare = load(_env_file=None, db_uri=parts.settings.db_uri)
    channels = open_channels(bare)
    assert await run(replace(parts, settings=bare), channels["viber"]) == 1
    await close_channels(channels)
    (row,) = await rows()
    assert (row["status"], row["why"]) == ("pending", "not_accepted: unset")


@pytest.fixture(autouse=True)
def nothing_logged(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """No token in anything that is written out meanwhile."""
    yield
    said = "".join(capfd.readouterr())
    assert not [token for token in TOKENS.values() if token in said]
