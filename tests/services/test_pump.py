"""The pump against the real emulators: what they take, and what the rows say of it."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest
from bson import ObjectId

from channels.channel import Envelope, Outcome, Sent
from channels.email import Email
from channels.sending_api import SendingApi
from core.parts import Parts
from local.outside import Outside
from local.smtp_sink import Sink
from models.attempt import Attempt
from rules.message import Status
from services import messages, notifications, pump, stats
from tests import factories
from tests.factories import notification
from tests.services.conftest import EMAIL
from tests.services.looking import PATIENCE, counted, rows
from tests.services.pumping import LONG, run

pytestmark = pytest.mark.usefixtures("impatient")


async def test_every_message_is_sent_once_and_on_record(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    mailing_id = await factories.launched(parts, 200, text="Звон")
    assert await run(parts, api) >= 200  # what a slow machine gave back unbegun was taken twice
    assert (outside.ledger.count, outside.ledger.repeats) == (200, 0)
    stored = {row["number"]: row for row in await rows()}
    for entry in outside.ledger.entries():
        row = stored.pop(entry["id"])
        assert (str(entry["phone"]), entry["text"]) == (row["address"], "Звон")
        assert (row["status"], row["attempts"], "lease" in row) == ("sent", 1, False)
        assert row["sent_at"] is not None
    assert await counted(parts, mailing_id) == {Status.SENT: 200}
    assert await Attempt.find({"verdict": "accepted", "code": "200"}).count() == 200


async def test_several_pumps_send_nothing_twice(
    parts: Parts, other: Parts, outside: Outside, api: SendingApi
) -> None:
    mailing_id = await factories.launched(parts, 300)
    handled = await asyncio.gather(*(run(process, api) for process in (parts, other, parts)))
    assert sum(handled) >= 300
    assert (outside.ledger.count, outside.ledger.repeats) == (300, 0)
    assert await counted(parts, mailing_id) == {Status.SENT: 300}


async def test_statistics_add_up_at_any_time_while_a_pump_runs(
    parts: Parts, api: SendingApi
) -> None:
    mailing_id = await factories.launched(parts, 300)
    pumping = asyncio.create_task(run(parts, api))
    sending: set[int] = set()
    while not pumping.done():
        counts = await stats.of_mailing(parts, mailing_id)
        assert counts.total == 300
        assert min(counts.by_status.values()) >= 0
        sending.add(counts.by_status[Status.SENDING])
    assert await pumping == 300
    assert len(sending) > 1
    assert await counted(parts, mailing_id) == {Status.SENT: 300}


async def test_with_nothing_due_a_pump_ends_at_once(parts: Parts, api: SendingApi) -> None:
    assert await run(parts, api) == 0
    assert await run(parts, api, messages.PERSONAL) == 0


class Turns:
    """A way out that notes what came, how many at once, and may fail on the way."""

    name, provider, concurrency, secrets = "sending_api", "example.com", 4, ()

    def __init__(self, fails: Callable[[Envelope], bool] = lambda envelope: False) -> None:
        self.texts: list[str] = []
        self.most = self._now = 0
        self._fails = fails

    async def send(self, envelope: Envelope, timeout_seconds: float) -> Outcome:
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(0.001)
        self._now -= 1
        if self._fails(envelope):
            raise ZeroDivisionError
        self.texts.append(envelope.text)
        return Sent("200")

    async def close(self) -> None:
        pass


async def test_mailings_take_turns(parts: Parts) -> None:
    await factories.launched(parts, 40, text="first")
    await factories.launched(parts, 0, text="second")  # to the same clients
    turns = Turns()
    await run(parts, turns)
    assert Counter(turns.texts) == {"first": 40, "second": 40}
    assert set(turns.texts[:24]) == {"first", "second"}


async def test_no_more_are_under_way_than_the_channel_bears(parts: Parts) -> None:
    await factories.launched(parts, 40)
    turns = Turns()
    await run(parts, turns)
    assert turns.most == Turns.concurrency


async def test_a_message_that_breaks_its_channel_stops_no_other(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 12)
    bad = {row["number"] for row in (await rows())[:3]}
    await run(parts, Turns(lambda envelope: envelope.number in bad))
    assert await counted(parts, mailing_id) == {Status.SENT: 9, Status.PENDING: 3}
    broken = await messages.collection().find({"status": "pending"}).to_list()
    assert {row["number"] for row in broken} == bad
    assert {(row["why"], row["maybe_sent"]) for row in broken} == {("unknown: internal", True)}


async def test_the_e_mail_of_a_notification_arrives_with_its_key(
    parts: Parts, sink: Sink, email: Email
) -> None:
    made = await notifications.create(parts, "s", notification(ObjectId(), "new_login"))
    assert await run(parts, email, messages.PERSONAL) == 1
    (mail,) = sink.to(EMAIL)
    assert mail.headers["Subject"] == "new_login"
    assert "new_login" in mail.text
    assert str(made.message_id) in mail.headers["Message-ID"]
    (row,) = await rows()
    assert (row["status"], row["attempts"]) == ("sent", 1)


async def test_lanes_leave_each_others_messages_alone(
    parts: Parts, sink: Sink, email: Email
) -> None:
    await factories.launched(parts, 3, channels=("email",))
    await notifications.create(parts, "s", notification(ObjectId(), "new_login"))
    assert await run(parts, email, messages.PERSONAL) == 1
    assert [mail.recipients for mail in sink.mails] == [(EMAIL,)]
    assert await run(parts, email, messages.BULK) == 3
    assert len(sink.mails) == 4


async def test_all_channels_of_a_lane_are_pumped_side_by_side(
    parts: Parts, outside: Outside, sink: Sink, api: SendingApi, email: Email
) -> None:
    mailing_id = await factories.launched(parts, 10, channels=("sending_api", "email"))
    async with asyncio.timeout(PATIENCE):
        handled = await pump.pump(parts, [api, email], messages.BULK, "w1", asyncio.Event(), LONG)
    assert handled == 20
    assert (outside.ledger.count, len(sink.mails)) == (10, 10)
    assert await counted(parts, mailing_id) == {Status.SENT: 20}
