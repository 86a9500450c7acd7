"""Each day that is over is rolled up once, whoever dies, comes twice or comes late."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from bson import ObjectId
from pymongo.errors import ConnectionFailure

from core import failpoints
from core.parts import Parts
from models.rollup import RolledDay, Rollup
from rules.history import Key
from services import mailings, rollups
from tests import factories
from tests.services.conftest import Happened
from tests.services.days import DAY, FRIDAY, SATURDAY, SUNDAY, at, counts, ended, roll_up
from tests.services.interludes import Interludes

AFTER = at(SUNDAY, "01:00")
"""When Saturday is over for certain."""
STATUS = Key.STATUS


class Killed(BaseException):
    """What a process dies of."""


async def stored() -> list[dict[str, Any]]:
    rows = Rollup.get_pymongo_collection()
    return await rows.find({}, {"_id": 0, "run": 0}).sort("messages").to_list()


async def test_a_day_is_over_an_hour_after_its_end(parts: Parts) -> None:
    await ended(at(SATURDAY))
    assert await rollups.due(at(SUNDAY, "00:59")) == []
    assert await rollups.due(at(SUNDAY, "01:00")) == [SATURDAY]


async def test_without_any_message_there_is_nothing_to_do(parts: Parts) -> None:
    assert await roll_up(parts, AFTER) == 0
    assert await RolledDay.count() == 0


async def test_what_is_alike_is_counted_together(parts: Parts) -> None:
    said: dict[str, Any] = {"kind": "login", "provider": "mail.example.com"}
    await ended(at(SATURDAY, "00:00"), 2, **said)
    await ended(at(SATURDAY, "23:59"), attempts=3, **said)
    await ended(at(SATURDAY), status="failed", **said)
    assert await roll_up(parts, AFTER) == 1
    of = {"channel": "email", "template": None, "topic": "login", "provider": "mail.example.com"}
    day = at(SATURDAY, "00:00")
    nothing = {"slot": None, "delay_ms": 0, "longest_ms": None}
    assert await stored() == [
        {"day": day, "of": {**of, "status": "failed"}, "messages": 1, "attempts": 1, **nothing},
        {
            "day": day,
            "of": {**of, "status": "sent"},
            "slot": 19,
            "messages": 3,
            "attempts": 5,
            "delay_ms": 3_000,
            "longest_ms": 1_000,
        },
    ]


async def test_messages_of_a_mailing_have_its_template_and_topic(parts: Parts) -> None:
    mailing = factories.id_of(await factories.created(parts))
    said = {"template": {"id": ObjectId(), "slug": "feast", "version": 1}, "topic": "news"}
    await mailings.collection().update_one({"_id": mailing}, {"$set": said})
    own = {"template": {"id": ObjectId(), "slug": "code", "version": 3}, "topic": "login"}
    await ended(at(SATURDAY), 2, mailing_id=mailing)
    await ended(at(SATURDAY), 1, **own)
    expected = {("code", "login"): 1, ("feast", "news"): 2}
    assert await counts(parts, Key.TEMPLATE, Key.TOPIC, now=AFTER) == expected
    await roll_up(parts, AFTER)
    assert await counts(parts, Key.TEMPLATE, Key.TOPIC, now=AFTER) == expected


async def test_a_delay_counts_from_when_it_was_due_at_first_and_is_never_less_than_none(
    parts: Parts,
) -> None:
    moment = at(SATURDAY)
    await ended(moment, first_due_at=moment - timedelta(minutes=5))
    await ended(moment, due_at=moment + timedelta(minutes=5))
    await roll_up(parts, AFTER)
    assert sorted(row["longest_ms"] for row in await stored()) == [0, 300_000]


async def test_days_missed_while_nothing_ran_are_caught_up_oldest_first(
    parts: Parts, happened: Happened
) -> None:
    await ended(at(FRIDAY - 5 * DAY))
    await ended(at(SATURDAY))
    assert await roll_up(parts, AFTER) == 7
    days = [fields["day"] for event, fields in happened if event == "day.rolled_up"]
    assert days == [f"2026-01-{day}" for day in range(25, 32)]
    assert await roll_up(parts, AFTER) == 0
    assert await counts(parts, Key.DAY, first=FRIDAY - 9 * DAY, now=AFTER) == {
        FRIDAY - 5 * DAY: 1,
        SATURDAY: 1,
    }


async def test_two_workers_at_once_count_each_day_once(parts: Parts, other: Parts) -> None:
    for back in range(8):
        await ended(at(SATURDAY - back * DAY), 3)
    done = await asyncio.gather(*(roll_up(one, AFTER) for one in (parts, other, parts, other)))
    assert sum(done) == 8
    assert await Rollup.count() == 8
    assert await counts(parts, now=AFTER, first=FRIDAY - 9 * DAY) == {(): 24}


@pytest.mark.parametrize("place", ["rollups.claimed", "rollups.inserted", "rollups.named"])
async def test_who_dies_at_any_place_has_counted_nothing_or_all(parts: Parts, place: str) -> None:
    await ended(at(SATURDAY), 3)

    def die() -> None:
        raise Killed

    failpoints.arm(place, testing=True, act=die)
    with pytest.raises(Killed):
        await roll_up(parts, AFTER)
    assert await counts(parts, now=AFTER) == {(): 3}
    assert await roll_up(parts, AFTER) == 0, "the lease runs, or it is done"
    later = AFTER + rollups.LEASE
    assert await roll_up(parts, later) == (place != "rollups.named")
    assert await counts(parts, now=later) == {(): 3}
    assert await roll_up(parts, later + DAY) == 1, "the next day"


async def test_who_comes_too_late_counts_nothing(
    parts: Parts, prepared: Any, interludes: Interludes
) -> None:
    """A worker that stood still writes after another one has rolled up its day."""
    await ended(at(SATURDAY), 3)
    taken = {"$set": {"lease_until": AFTER - DAY, "lease_token": None}}
    interludes.before("insert", "rollups", partial(prepared.rolled_days.update_one, {}, taken))
    assert not await rollups.roll_up(parts, SATURDAY, AFTER)
    assert await rollups.roll_up(parts, SATURDAY, AFTER)
    assert await Rollup.count() == 2
    assert await counts(parts, now=AFTER) == {(): 3}


async def test_rows_that_are_not_all_there_do_not_count(
    parts: Parts, prepared: Any, interludes: Interludes, happened: Happened
) -> None:
    await ended(at(SATURDAY), 3)

    def lose() -> None:
        interludes.before("aggregate", "rollups", partial(prepared.rollups.delete_many, {}))

    interludes.before("insert", "rollups", lose)
    assert await roll_up(parts, AFTER) == 0
    assert ("rollup.failed", {"day": "2026-01-31", "error": "0 of 1 rows"}) in happened
    assert await counts(parts, now=AFTER) == {(): 3}


async def test_a_database_that_goes_away_ends_no_turn(parts: Parts, happened: Happened) -> None:
    await ended(at(FRIDAY))
    await ended(at(SATURDAY))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rollups, "_store", lambda *_: _fails())
        assert await roll_up(parts, AFTER) == 0
    assert [event for event, _ in happened].count("rollup.failed") == 2
    assert await roll_up(parts, AFTER + rollups.LEASE) == 2


async def _fails() -> bool:
    raise ConnectionFailure


async def test_a_worker_that_stops_begins_no_other_day(parts: Parts) -> None:
    await ended(at(FRIDAY))
    stop = asyncio.Event()
    stop.set()
    assert await rollups.roll_up_due(parts, AFTER, stop, 60) == 0
