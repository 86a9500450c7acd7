"""The reconciler finds every difference between counters and rows, makes none up, mends none."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from bson import ObjectId

from channels.sending_api import SendingApi
from core.parts import Parts
from models.mailing import Counter
from rules.message import Status
from services import counters, mailings, messages, reconcile, stats, sweep
from tests import factories
from tests.services.conftest import Happened
from tests.services.interludes import Interludes
from tests.services.pumping import run

LONG = 60.0


async def tamper(mailing_id: ObjectId, **by: int) -> None:
    """Put counters off, as only a fault could."""
    change = {"$inc": {f"counts.{key}": count for key, count in by.items()}}
    shard = {"_id": f"{mailing_id}:0", "mailing_id": mailing_id}
    await Counter.get_pymongo_collection().update_one(shard, change, upsert=True)


def told(happened: Happened, name: str) -> list[Mapping[str, object]]:
    return [fields for event, fields in happened if event == name]


def compared(happened: Happened) -> list[object]:
    """The mailings that were compared, in order."""
    names = ("counters.reconciled", "counters.differ")
    return [fields["mailing_id"] for event, fields in happened if event in names]


async def turn(parts: Parts) -> int:
    return await reconcile.reconcile_due(parts, asyncio.Event(), LONG)


async def set_in(mailing_id: ObjectId, **values: Any) -> None:
    await mailings.collection().update_one({"_id": mailing_id}, {"$set": values})


def ago(parts: Parts, span: timedelta) -> datetime:
    return parts.database_clock.now() - span


async def test_what_is_exact_is_told_with_its_rows(parts: Parts, happened: Happened) -> None:
    mailing_id = await factories.launched(parts, 5)
    assert await reconcile.reconcile(parts, mailing_id) == {}
    assert told(happened, "counters.reconciled") == [{"mailing_id": str(mailing_id), "rows": 5}]
    assert told(happened, "counters.differ") == []


@pytest.mark.usefixtures("impatient")
async def test_deliveries_that_go_on_make_no_difference(parts: Parts, api: SendingApi) -> None:
    mailing_id = await factories.launched(parts, 400)
    pumping = asyncio.create_task(run(parts, api))
    sent: set[int] = set()
    while not pumping.done():
        assert await reconcile.reconcile(parts, mailing_id) == {}
        sent.add((await stats.of_mailing(parts, mailing_id)).by_status[Status.SENT])
    assert await pumping == 400
    assert len(sent) > 2
    assert await reconcile.reconcile(parts, mailing_id) == {}


async def test_both_sides_are_of_one_moment_whatever_happens_between_their_reads(
    parts: Parts, prepared: Any, interludes: Interludes
) -> None:
    mailing_id = await factories.launched(parts, 5)
    ended = partial(prepared.messages.update_many, {}, {"$set": {"status": "failed"}})
    interludes.before("aggregate", "messages", ended)
    assert await reconcile.reconcile(parts, mailing_id) == {}
    assert await reconcile.reconcile(parts, mailing_id) == {"open": 5, "failed": -5}


async def test_a_counter_that_is_off_is_told_and_nothing_is_mended(
    parts: Parts, happened: Happened
) -> None:
    mailing_id = await factories.launched(parts, 5)
    await tamper(mailing_id, open=2, sent=-1)
    before = await Counter.find_all().sort("_id").to_list()
    rows = await messages.collection().find().sort("_id").to_list()
    for _ in "12":
        assert await reconcile.reconcile(parts, mailing_id) == {"open": 2, "sent": -1}
    expected = {"mailing_id": str(mailing_id), "rows": 5, "differences": {"open": 2, "sent": -1}}
    assert told(happened, "counters.differ") == [expected] * 2
    assert told(happened, "counters.reconciled") == []
    assert await Counter.find_all().sort("_id").to_list() == before
    assert await messages.collection().find().sort("_id").to_list() == rows


async def test_rows_without_counters_and_counters_without_rows_are_differences(
    parts: Parts,
) -> None:
    mailing_id = await factories.launched(parts, 3)
    await messages.collection().delete_one({})
    assert await reconcile.reconcile(parts, mailing_id) == {"open": 1}
    await Counter.find_all().delete()
    assert await reconcile.reconcile(parts, mailing_id) == {"open": -2}
    assert await counters.read({}) == {}


async def test_a_turn_compares_each_live_mailing_once_in_its_interval(
    parts: Parts, other: Parts, happened: Happened
) -> None:
    expected = {str(await factories.launched(parts, 0)) for _ in range(6)}
    assert sum(await asyncio.gather(turn(parts), turn(other))) == 6
    assert sorted(map(str, compared(happened))) == sorted(expected)
    assert await turn(parts) == 0
    await mailings.collection().update_many(
        {}, {"$set": {"reconciled_at": ago(parts, reconcile.INTERVAL)}}
    )
    assert await turn(parts) == 6


async def test_who_waited_longest_comes_first(parts: Parts, happened: Happened) -> None:
    ids = [await factories.launched(parts, 0) for _ in range(3)]
    await set_in(ids[0], reconciled_at=ago(parts, reconcile.INTERVAL))
    await set_in(ids[1], reconciled_at=ago(parts, 2 * reconcile.INTERVAL))
    assert await turn(parts) == 3
    assert compared(happened) == [str(ids[2]), str(ids[1]), str(ids[0])]


async def test_a_settled_mailing_is_compared_for_a_day(parts: Parts, happened: Happened) -> None:
    late, old = [await factories.launched(parts, 0) for _ in "12"]
    day = reconcile.AFTERMATH
    await set_in(late, settled=True, settled_at=ago(parts, day - timedelta(hours=1)))
    await set_in(old, settled=True, settled_at=ago(parts, day))
    assert await turn(parts) == 1
    assert compared(happened) == [str(late)]


async def test_a_mailing_notes_when_it_settled(parts: Parts) -> None:
    before = ago(parts, timedelta(seconds=1))
    mailing_id = await factories.launched(parts, 0)
    await sweep.sweep(parts, messages.BULK)
    row = await mailings.collection().find_one({"_id": mailing_id})
    assert row is not None
    assert row["settled"]
    assert row["settled_at"] > before
    assert await turn(parts) == 1


async def test_the_mark_of_the_reconciler_is_no_change_of_the_mailing(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 1)
    before = await mailings.collection().find_one({"_id": mailing_id})
    await turn(parts)
    after = await mailings.collection().find_one({"_id": mailing_id})
    assert before is not None
    assert after is not None
    assert after.pop("reconciled_at") is not None
    before.pop("reconciled_at", None)
    assert after == before


async def test_a_turn_ends_when_told_and_when_its_time_is_up(parts: Parts) -> None:
    await factories.launched(parts, 0)
    stop = asyncio.Event()
    assert await reconcile.reconcile_due(parts, stop, 0) == 0
    stop.set()
    assert await reconcile.reconcile_due(parts, stop, LONG) == 0
    assert await turn(parts) == 1


async def test_mailings_that_take_too_long_do_not_stop_the_others(
    parts: Parts, happened: Happened, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [await factories.launched(parts, 0) for _ in range(3)]
    monkeypatch.setattr(reconcile, "RECOUNT_SECONDS", 1e-6)
    assert await turn(parts) == 3
    failed = told(happened, "reconcile.failed")
    assert {fields["mailing_id"] for fields in failed} == set(map(str, ids))
    assert all(fields["error"] for fields in failed)
    assert compared(happened) == []


async def test_all_mailings_or_one_are_compared_at_an_operators_word(parts: Parts) -> None:
    ids = [await factories.launched(parts, 0) for _ in range(3)]
    await set_in(ids[0], settled=True, settled_at=ago(parts, 9 * reconcile.AFTERMATH))
    await tamper(ids[1], sent=1)
    found = [pair async for pair in reconcile.reconcile_all(parts)]
    assert found == [(ids[0], {}), (ids[1], {"sent": 1}), (ids[2], {})]
    assert [pair async for pair in reconcile.reconcile_all(parts, ids[1])] == found[1:2]
    assert [pair async for pair in reconcile.reconcile_all(parts, ObjectId())] == []
