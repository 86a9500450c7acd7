"""The breaker: an outage of the provider uses up no attempts, and one message looks for its end."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from channels.channel import Outcome, Refused, Retry, Sent, Unknown
from core import clock
from core.parts import Parts
from rules.breaker import Gate
from services import breaker
from services.breaker import Breaker
from tests.services.conftest import Happened
from tests.services.pumping import API

pytestmark = pytest.mark.usefixtures("impatient")

PAUSE = 100.0
DOWN = Unknown("reset")


@pytest.fixture(autouse=True)
def _looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "LOOK_SECONDS", 0.0)


@pytest.fixture
def wary(parts: Parts) -> Parts:
    """A process whose breaker trips at half of four attempts, for at most 100 s."""
    return careful(parts)


def careful(parts: Parts) -> Parts:
    said = {"breaker_attempts": 4, "breaker_share": 0.5, "breaker_seconds": PAUSE}
    return replace(parts, settings=parts.settings.model_copy(update=said))


async def provider() -> dict[str, Any]:
    row = await breaker.collection().find_one({"_id": API})
    assert row is not None
    return row


async def noted(one: Breaker, *outcomes: Outcome, begun: float = 1e12) -> None:
    for outcome in outcomes:
        await one.note(outcome, begun)


def later(parts: Parts, seconds: float) -> None:
    """From now on the database's clock is so much ahead."""
    parts.database_clock.observe(clock.now() + timedelta(seconds=seconds))


async def tripped(parts: Parts, outcome: Outcome = DOWN) -> Breaker:
    one = Breaker(parts, API)
    await noted(one, *[outcome] * 4)
    assert not one.is_closed
    return one


async def probing(parts: Parts) -> Breaker:
    """A breaker, open before, whose probe is this one's."""
    one = await tripped(parts)
    later(parts, PAUSE)
    assert await one.try_probe(20)
    return one


async def test_a_prober_that_was_taken_for_dead_closes_nothing(
    wary: Parts, happened: Happened
) -> None:
    late = await probing(wary)
    later(wary, 2 * PAUSE)
    assert await Breaker(wary, API).try_probe(20)
    await noted(late, Sent("200"))
    assert (await provider())["state"] == "probing"
    assert "breaker.closed" not in [name for name, _ in happened]


async def test_a_provider_without_trouble_has_no_row(wary: Parts) -> None:
    one = Breaker(wary, API)
    assert await one.gate() is Gate.PASS
    seen: list[Outcome] = [Sent("200"), DOWN, Sent("200"), Sent("200")]
    await noted(one, *seen * 5)
    assert await breaker.collection().count_documents({}) == 0
    assert await breaker.closed_off(wary) == []


async def test_it_trips_at_the_share_of_the_last_attempts_and_says_so(
    wary: Parts, other: Parts, happened: Happened
) -> None:
    one, elsewhere = Breaker(wary, API), Breaker(careful(other), API)
    before = clock.now()
    await noted(one, DOWN, Sent("200"), Sent("200"))
    assert await one.gate() is await elsewhere.gate() is Gate.PASS
    await noted(one, DOWN)
    row = await provider()
    assert (row["state"], row["trips"], row["why"]) == ("open", 0, "unknown: reset")
    pause = timedelta(seconds=PAUSE)
    assert before + 0.75 * pause <= row["retry_at"] <= clock.now() + pause
    assert await one.gate() is await elsewhere.gate() is Gate.WAIT
    assert not one.is_closed and not elsewhere.is_closed
    assert await breaker.closed_off(other) == [API]
    opened = [fields for name, fields in happened if name == "breaker.opened"]
    assert opened == [{"channel": API, "why": "unknown: reset"}]


async def test_of_many_that_see_it_at_once_the_first_ones_pause_holds(
    wary: Parts, happened: Happened
) -> None:
    several = [Breaker(wary, API) for _ in range(8)]
    wishes = [Retry("503", after=100.0 + number) for number in range(8)]
    await asyncio.gather(
        *(noted(one, *[wish] * 4) for one, wish in zip(several, wishes, strict=True))
    )
    assert [name for name, _ in happened].count("breaker.opened") == 1
    first = (await provider())["retry_at"]
    await noted(several[0], *[Retry("503", after=3_000.0)] * 8)
    assert (await provider())["retry_at"] == first
    assert not any(one.is_closed for one in several)


async def test_the_wish_of_the_provider_is_the_least_pause(wary: Parts) -> None:
    before = clock.now()
    await tripped(wary, Retry("429", after=1_800.0))
    assert (await provider())["retry_at"] >= before + timedelta(seconds=1_799)


@pytest.mark.parametrize(
    "outcome",
    [
        Retry("450", about_provider=False),
        Unknown("lost", about_provider=False),
        Refused("550", undeliverable=True),
        Sent("200"),
    ],
)
async def test_trouble_with_one_recipient_says_nothing_against_the_provider(
    wary: Parts, outcome: Outcome
) -> None:
    one = Breaker(wary, API)
    await noted(one, *[outcome] * 20)
    assert one.is_closed and await one.gate() is Gate.PASS


async def test_the_same_refusal_for_many_opens_it(wary: Parts) -> None:
    one = await tripped(wary, Refused("400", about_provider=True))
    assert await one.gate() is Gate.WAIT


async def test_after_the_pause_exactly_one_of_many_may_probe(wary: Parts, other: Parts) -> None:
    several = [Breaker(one, API) for one in (wary, careful(other)) * 4]
    await tripped(wary)
    assert not any([await one.try_probe(20) for one in several])
    for process in (wary, other):
        later(process, PAUSE)
    assert {await one.gate() for one in several} == {Gate.PROBE}
    assert await breaker.closed_off(wary) == []
    tried = await asyncio.gather(*(one.try_probe(20) for one in several))
    assert tried.count(True) == 1
    assert {await one.gate() for one in several} == {Gate.WAIT}
    assert await breaker.closed_off(wary) == [API]


async def test_a_probe_that_succeeds_closes_it_for_all(
    wary: Parts, other: Parts, happened: Happened
) -> None:
    one, elsewhere = await probing(wary), Breaker(other, API)
    await noted(one, DOWN)
    later(wary, 10 * PAUSE)
    assert await one.try_probe(20)
    await elsewhere.look()
    await noted(one, Sent("200"))
    assert await one.gate() is await elsewhere.gate() is Gate.PASS
    row = await provider()
    assert (row["state"], row["trips"], row["probe"], row["why"]) == ("closed", 0, None, "")
    assert ("breaker.closed", {"channel": API}) in happened


async def test_each_failed_probe_makes_a_longer_pause(wary: Parts) -> None:
    short = wary.settings.model_copy(update={"breaker_seconds": 1.0})
    process = replace(wary, settings=short)
    one, ahead = await tripped(process), 0.0
    for trips, least in ((1, 1.5), (2, 3.0), (3, 6.0), (4, 12.0), (5, 24.0), (6, 45.0), (7, 45.0)):
        ahead += 3_600
        later(process, ahead)
        assert await one.try_probe(20)
        before = process.database_clock.now()
        await noted(one, DOWN)
        row = await provider()
        assert (row["state"], row["trips"], row["probe"]) == ("open", trips, None)
        assert row["retry_at"] >= before + timedelta(seconds=least)
        assert await one.gate() is Gate.WAIT


async def test_a_prober_that_died_is_succeeded_and_its_late_word_is_not_heard(wary: Parts) -> None:
    dead, next_one = await probing(wary), Breaker(wary, API)
    until = (await provider())["probe_until"]
    limit = timedelta(seconds=20 + wary.settings.lease_seconds)
    assert until <= wary.database_clock.now() + limit
    assert not await next_one.try_probe(20)
    wary.database_clock.observe(until)
    assert await next_one.gate() is Gate.PROBE
    assert await next_one.try_probe(20)
    mine = (await provider())["probe"]
    await noted(dead, DOWN)
    await dead.give_up_probe()
    assert (await provider())["probe"] == mine
    await noted(next_one, Sent("200"))
    assert await dead.gate() is Gate.PASS


async def test_a_probe_given_up_leaves_room_for_another_at_once(wary: Parts) -> None:
    one, next_one = await probing(wary), Breaker(wary, API)
    await one.give_up_probe()
    assert await next_one.gate() is Gate.PROBE
    assert await next_one.try_probe(20)


async def test_failures_begun_before_it_closed_don_t_trip_it_again(wary: Parts) -> None:
    prober, slow = await probing(wary), Breaker(wary, API)
    await slow.look()
    await noted(prober, Sent("200"))
    await slow.look()
    await noted(slow, *[DOWN] * 8, begun=slow._closed_since - 0.001)
    assert slow.is_closed
    await noted(slow, *[DOWN] * 4)
    row = await provider()
    assert (row["state"], row["trips"]) == ("open", 0)


async def test_what_it_saw_before_an_outage_does_not_count_after_it(wary: Parts) -> None:
    here, prober = Breaker(wary, API), await probing(wary)
    await noted(here, DOWN, DOWN, DOWN)
    await here.look()
    await noted(prober, Sent("200"))
    await here.look()
    await noted(here, DOWN, DOWN, DOWN)
    assert here.is_closed


async def test_the_breakers_of_two_channels_are_their_own(wary: Parts) -> None:
    await tripped(wary)
    assert await Breaker(wary, "email").gate() is Gate.PASS
    assert await breaker.closed_off(wary) == [API]
