"""The pump when the end comes, or a change, or a stop, while messages are on their way."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from bson import ObjectId

from channels.email import Email
from channels.sending_api import SendingApi
from core import clock
from core.parts import Parts
from local.faults import Faults
from local.outside import Outside
from local.smtp_sink import Sink
from models.client import Client
from rules.message import Status
from services import clients, mailings, messages, notifications, objections, pump, sweep
from services.pump import Pump
from tests import factories
from tests.factories import notification
from tests.services.looking import PATIENCE, counted, rows, until
from tests.services.pumping import LONG, TOKEN, Turnstile, run

pytestmark = pytest.mark.usefixtures("impatient")

Noticed = Callable[[], Awaitable[None]]


async def test_nothing_of_an_ended_mailing_is_even_claimed(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    mailing_id = await factories.launched(parts, 3)
    await mailings.collection().update_one({}, {"$set": {"end_at": clock.now()}})
    assert await run(parts, api) == 0
    await sweep.sweep(parts, messages.BULK)
    assert await counted(parts, mailing_id) == {Status.EXPIRED: 3}
    assert outside.ledger.count == 0


async def test_when_the_end_comes_what_is_claimed_but_not_begun_expires(
    parts: Parts, outside: Turnstile, narrow: SendingApi, noticed: Noticed
) -> None:
    outside.let_in(1)
    mailing_id = await factories.launched(parts, 20)
    pumping = asyncio.create_task(run(parts, narrow))
    await until(lambda: outside.ledger.count > 0)
    await mailings.collection().update_one({}, {"$set": {"end_at": clock.now()}})
    await noticed()
    outside.let_in()
    handled = await pumping
    await sweep.sweep(parts, messages.BULK)
    counts = await counted(parts, mailing_id)
    assert counts[Status.SENT] == outside.ledger.count < handled < 20
    assert counts == {Status.SENT: counts[Status.SENT], Status.EXPIRED: 20 - counts[Status.SENT]}


@pytest.mark.parametrize(
    ("maybe_sent", "expected"), [(False, Status.EXPIRED), (True, Status.UNCERTAIN)]
)
async def test_a_personal_message_past_its_end_is_not_sent(
    parts: Parts, sink: Sink, email: Email, maybe_sent: bool, expected: Status
) -> None:
    await notifications.create(parts, "s", notification(ObjectId(), "new_login"))
    over = {"end_at": clock.now(), "maybe_sent": maybe_sent}
    await messages.collection().update_one({}, {"$set": over})
    assert await run(parts, email, messages.PERSONAL) == 1
    (row,) = await rows()
    assert (row["status"], row["why"], row["attempts"]) == (expected, "the end came first", 0)
    assert len(sink.mails) == 0


async def test_a_send_is_cut_off_at_the_end_and_then_uncertain(
    parts: Parts, outside: Turnstile, api: SendingApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objections, "LEAST_SECONDS", 0.0)
    outside.let_in(0)
    mailing_id = await factories.launched(parts, 1)
    soon = clock.now() + timedelta(seconds=2)
    await mailings.collection().update_one({}, {"$set": {"end_at": soon}})
    assert await run(parts, api) == 1
    assert {row["why"] for row in await rows()} == {"unknown: timeout"}
    await sweep.sweep(parts, messages.BULK)
    assert await counted(parts, mailing_id) == {Status.UNCERTAIN: 1}


async def test_of_a_mailing_deleted_meanwhile_nothing_more_is_begun(
    parts: Parts, outside: Turnstile, narrow: SendingApi, noticed: Noticed
) -> None:
    outside.let_in(1)
    mailing_id = await factories.launched(parts, 20)
    pumping = asyncio.create_task(run(parts, narrow))
    await until(lambda: outside.ledger.count > 0)
    await mailings.delete(parts, mailing_id)
    await noticed()
    outside.let_in()
    handled = await pumping
    released = [row for row in await rows() if row["status"] == "pending"]
    assert released
    assert {(row["attempts"], row["maybe_sent"]) for row in released} == {(0, False)}
    await sweep.sweep(parts, messages.BULK)
    counts = await counted(parts, mailing_id)
    assert counts[Status.SENT] == outside.ledger.count < handled < 20
    assert counts[Status.CANCELLED] == 20 - counts[Status.SENT]


async def test_a_new_text_reaches_what_has_not_left_yet(
    parts: Parts, outside: Turnstile, narrow: SendingApi, noticed: Noticed
) -> None:
    outside.let_in(1)
    mailing_id = await factories.launched(parts, 14, text="old")
    pumping = asyncio.create_task(run(parts, narrow))
    await until(lambda: outside.ledger.count > 0)
    await mailings.update(parts, mailing_id, {"text": "new"})
    await noticed()
    outside.let_in()
    await pumping
    texts = [entry["text"] for entry in outside.ledger.entries()]
    assert texts == sorted(texts, reverse=True)
    assert set(texts) == {"old", "new"}


async def test_a_message_goes_to_the_client_as_it_is_now(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    mailing_id = await factories.launched(parts, 3)
    moved, gone, _ = sorted(row["client_id"] for row in await rows())
    await clients.update(moved, {"phone": "79261234567"})
    await Client.get_pymongo_collection().delete_one({"_id": gone})
    await run(parts, api)
    assert {entry["phone"] for entry in outside.ledger.entries()} == {
        79261234567,
        int(factories.phone(2)),
    }
    row = await messages.collection().find_one({"client_id": gone})
    assert row is not None
    assert (row["status"], row["why"]) == ("cancelled", "client deleted or without address")
    row = await messages.collection().find_one({"client_id": moved})
    assert row is not None
    assert row["address"] == "79261234567"
    assert await counted(parts, mailing_id) == {Status.SENT: 2, Status.CANCELLED: 1}


async def test_a_client_that_lost_its_address_gets_nothing_on_that_channel(
    parts: Parts, sink: Sink, email: Email
) -> None:
    mailing_id = await factories.launched(parts, 2, channels=("email",))
    await Client.get_pymongo_collection().update_one({}, {"$set": {"email": None}})
    await run(parts, email)
    assert len(sink.mails) == 1
    assert await counted(parts, mailing_id) == {Status.SENT: 1, Status.CANCELLED: 1}


async def test_a_stopped_pump_finishes_what_is_under_way_and_gives_back_the_rest(
    parts: Parts, outside: Turnstile, narrow: SendingApi
) -> None:
    outside.let_in(1)
    mailing_id = await factories.launched(parts, 20)
    one = Pump(parts, messages.BULK, narrow, "w1")
    pumping = asyncio.create_task(one.run(LONG))
    await until(lambda: outside.ledger.count > 0)
    one.stop()
    outside.let_in()
    handled = await pumping
    counts = await counted(parts, mailing_id)
    assert counts == {Status.SENT: outside.ledger.count, Status.PENDING: 20 - outside.ledger.count}
    assert outside.ledger.count < handled < 20
    for row in await rows():
        assert "lease" not in row
        assert not row["maybe_sent"]
        assert row["attempts"] == (1 if row["status"] == "sent" else 0)


async def test_a_pump_whose_time_is_up_finishes_what_it_has_claimed(
    parts: Parts, outside: Turnstile, narrow: SendingApi
) -> None:
    outside.let_in(0)
    mailing_id = await factories.launched(parts, 20)
    pumping = asyncio.create_task(Pump(parts, messages.BULK, narrow, "w1").run(0.3))
    await asyncio.sleep(0.4)
    outside.let_in()
    handled = await pumping
    assert 0 < handled < 20
    assert await counted(parts, mailing_id) == {Status.SENT: handled, Status.PENDING: 20 - handled}


async def test_leases_are_renewed_while_messages_wait_for_their_turn(
    parts: Parts, outside: Turnstile, address: str
) -> None:
    """Two are claimed together, and sent one after the other."""
    short = replace(parts, settings=parts.settings.model_copy(update={"lease_seconds": 3}))
    outside.let_in(0)
    mailing_id = await factories.launched(parts, 2)
    api = SendingApi(address, TOKEN, 1)
    pumping = asyncio.create_task(run(short, api))
    async with asyncio.timeout(PATIENCE):
        while len(first := await held_until()) < 2:
            await asyncio.sleep(0.01)
        while await held_until() <= first:
            await asyncio.sleep(0.01)
    outside.let_in()
    await pumping
    await api.close()
    assert await counted(parts, mailing_id) == {Status.SENT: 2}
    assert {row["attempts"] for row in await rows()} == {1}


async def held_until() -> list[datetime]:
    """When the leases of the rows that are held end."""
    return [row["lease"]["until"] for row in await rows() if "lease" in row]


async def test_all_channels_of_a_lane_stop_together(
    parts: Parts, outside: Turnstile, narrow: SendingApi, email: Email
) -> None:
    outside.let_in(1)
    mailing_id = await factories.launched(parts, 20)
    stop = asyncio.Event()
    pumping = asyncio.create_task(
        pump.pump(parts, [narrow, email], messages.BULK, "w1", stop, LONG)
    )
    await until(lambda: outside.ledger.count > 0)
    stop.set()
    outside.let_in()
    async with asyncio.timeout(PATIENCE):
        await pumping
    counts = await counted(parts, mailing_id)
    assert counts == {Status.SENT: outside.ledger.count, Status.PENDING: 20 - outside.ledger.count}


async def test_a_pump_ends_though_a_library_takes_its_cancellation_for_something_else(
    parts: Parts, outside: Outside, api: SendingApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PyMongo does now and then; the keeper would go on, and the pump's slot be lost."""
    outside.faults = Faults(latency_seconds=0.2)
    mailing_id = await factories.launched(parts, 1)
    swallowed: list[bool] = []

    async def refresh(*_: object) -> None:
        try:
            await asyncio.sleep(0 if swallowed else LONG)
        except asyncio.CancelledError:
            swallowed.append(True)

    monkeypatch.setattr("services.sources.Sources.refresh", refresh)
    assert await run(parts, api) == 1
    assert swallowed == [True]
    assert await counted(parts, mailing_id) == {Status.SENT: 1}
