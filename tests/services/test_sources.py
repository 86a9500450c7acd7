"""Where messages come from: mailings take turns, and those that stand still are passed over."""

import asyncio
from collections.abc import Collection
from datetime import timedelta
from itertools import groupby

import pytest
from bson import ObjectId

from channels.sending_api import SendingApi
from core import clock
from core.parts import Parts
from local.faults import Faults
from local.outside import Outside
from models.mailing import MailingStatus
from rules.message import Status
from services import control, mailings, messages, sources
from services.messages import BULK, PERSONAL, Claimed
from services.pump import Pump
from services.sources import Sources
from tests import factories
from tests.services.claims import personal_row
from tests.services.interludes import Interludes
from tests.services.looking import counted, until
from tests.services.pumping import API, LONG, Turnstile, run

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture(autouse=True)
def _looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What changed a moment ago is seen, for the sake of time."""
    monkeypatch.setattr(sources, "LOOK_SECONDS", 0.0)


def of(parts: Parts, lane: str = BULK, channel: str = API) -> Sources:
    return Sources(parts, lane, channel, "w1")


async def three(parts: Parts, count: int = 20) -> list[ObjectId]:
    """Mailings to the same clients."""
    first = await factories.launched(parts, count, text="0")
    return [first, *[await factories.launched(parts, 0, text=text) for text in ("1", "2")]]


async def turns(from_: Sources, limit: int = 5, most: int = 100) -> list[ObjectId | None]:
    """The mailings of the batches that it gives, one after the other."""
    given: list[ObjectId | None] = []
    while len(given) < most and (claimed := await from_.take(limit)):
        (one,) = {claim.mailing_id for claim in claimed}
        assert len(claimed) <= limit
        given.append(one)
    return given


async def test_mailings_take_turns_batch_by_batch(parts: Parts) -> None:
    ids = await three(parts)
    assert await turns(of(parts)) == ids * 4


async def test_in_the_ledger_no_mailing_waits_for_anothers_end(
    parts: Parts, outside: Outside, narrow: SendingApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.pace.MOST", 2 * narrow.concurrency)
    ids = await three(parts)
    assert await run(parts, narrow) == 60
    texts = [entry["text"] for entry in outside.ledger.entries()]
    last = {text: len(texts) - 1 - texts[::-1].index(text) for text in "012"}
    for text in "012":
        assert texts.index(text) < min(last.values())
    longest = max(len(list(same)) for _, same in groupby(texts))
    assert longest <= 2 * 2 * narrow.concurrency
    for mailing_id in ids:
        assert await counted(parts, mailing_id) == {Status.SENT: 20}


async def test_one_that_comes_later_joins_in(
    parts: Parts, outside: Turnstile, narrow: SendingApi
) -> None:
    outside.let_in(1)
    await factories.launched(parts, 60, text="large")
    pumping = asyncio.create_task(run(parts, narrow))
    await until(lambda: outside.ledger.count > 0)
    await factories.clients(1, 1_000, lambda _: {"tags": ["late"]})
    await factories.launched(parts, 0, text="late", tags=("late",))
    outside.let_in()
    await pumping
    texts = [entry["text"] for entry in outside.ledger.entries()]
    assert "late" in texts[:-10]


@pytest.mark.parametrize(
    "stop",
    [
        {"status": MailingStatus.PAUSED},
        {"status": MailingStatus.CANCELLED},
        {"status": MailingStatus.SCHEDULED},
        {"status": MailingStatus.FINISHED, "settled": True},
        {"settled": True},
        {"end_at": clock.now() - timedelta(hours=1)},
    ],
)
async def test_what_stands_still_is_passed_over(parts: Parts, stop: dict[str, object]) -> None:
    still, *others = await three(parts, 10)
    await mailings.collection().update_one({"_id": still}, {"$set": stop})
    assert await turns(of(parts)) == others * 2
    assert (await counted(parts, still)) == {Status.PENDING: 10}


async def test_an_empty_mailing_is_passed_over(parts: Parts) -> None:
    empty, *others = await three(parts, 10)
    later = {"$set": {"due_at": clock.now() + timedelta(minutes=5)}}
    await messages.collection().update_many({"mailing_id": empty}, later)
    assert await turns(of(parts)) == others * 2


async def test_a_channel_that_a_mailing_does_not_use_asks_it_for_nothing(parts: Parts) -> None:
    await three(parts)
    both = await factories.launched(parts, 0, channels=(API, "email"))
    assert set(await turns(of(parts, channel="email"))) == {both}


async def test_a_mailing_paused_right_before_the_claim_gives_nothing(parts: Parts) -> None:
    """The list of what runs is older than the pause."""
    first, second, third = await three(parts, 10)
    looked = of(parts)
    await looked._look()
    looked._look_at = float("inf")
    await control.pause(parts, first, "o")
    await control.cancel(parts, second, "o")
    assert await turns(looked) == [third, third]


async def test_the_personal_lane_has_one_source(parts: Parts) -> None:
    await three(parts)
    await personal_row()
    personal = of(parts, PERSONAL)
    assert await turns(personal) == [None]
    assert personal.mailings == {}
    assert None not in await turns(of(parts))


async def test_with_nothing_to_do_nothing_is_taken(parts: Parts) -> None:
    assert await of(parts).take(10) == []
    assert await of(parts).take(1, suspects=True) == []
    assert await of(parts, PERSONAL).take(10) == []


async def test_a_mailing_claimed_of_while_the_others_are_read_again_is_not_forgotten(
    parts: Parts, interludes: Interludes
) -> None:
    """It was paused meanwhile, so that it is on the list of what runs no more."""
    mailing_id = await factories.launched(parts, 3)
    here = of(parts)
    held: dict[object, Claimed] = {}
    (one, *_) = await here.take(1)
    view: Collection[Claimed] = held.values()

    def claimed_and_paused() -> None:
        held[one.id] = one
        here._turns.clear()

    interludes.before("find", "mailings", claimed_and_paused)
    await here.refresh(view)
    assert set(here.mailings) == {mailing_id}
    held.clear()
    await here.refresh(view)
    assert here.mailings == {}


async def test_what_is_held_is_read_again_and_the_rest_forgotten(parts: Parts) -> None:
    ids = await three(parts, 10)
    here = of(parts)
    held = [one for _ in ids for one in await here.take(2)]
    for mailing_id in ids:
        await mailings.update(parts, mailing_id, {"text": "new"})
    await control.pause(parts, ids[0], "o")
    await control.pause(parts, ids[1], "o")
    await here._look()
    await here.refresh([one for one in held if one.mailing_id != ids[1]])
    assert set(here.mailings) == {ids[0], ids[2]}
    assert {row["text"] for row in here.mailings.values()} == {"new"}


async def test_mailings_that_start_and_stop_all_the_time_lose_no_message(
    parts: Parts, outside: Outside, narrow: SendingApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.pump.KEEPER_SECONDS", 0.001)
    outside.faults = Faults(latency_seconds=0.005)
    ids = await three(parts, 30)
    pump = Pump(parts, BULK, narrow, "w1")
    pumping = asyncio.create_task(pump.run(LONG))
    for _ in range(8):
        for act in (control.pause, control.resume):
            await asyncio.gather(*(act(parts, mailing_id, "o") for mailing_id in ids))
    await pumping
    await run(parts, narrow)
    for mailing_id in ids:
        assert await counted(parts, mailing_id) == {Status.SENT: 30}
    assert (outside.ledger.count, outside.ledger.repeats) == (90, 0)
