"""Old rows go while others act, die or come late: nothing is lost, and nothing stays."""

import asyncio
from typing import Any

import pytest

from core import failpoints
from core.parts import Parts
from services import mailings, messages, reconcile, retention
from tests.services.aging import (
    KEPT_DAYS,
    Retry,
    after,
    archived_at,
    finished,
    keeping,
    let_go,
    of_mailing,
    of_messages,
)
from tests.services.days import DAY, SATURDAY, at, ended, exists, roll_up, rows_of


@pytest.fixture
def parts(parts: Parts) -> Parts:
    """Which keep messages for a month, and attempts for ever."""
    return keeping(parts, message_days=KEPT_DAYS, attempt_days=0)


@pytest.mark.parametrize("retry", [of_mailing, of_messages])
async def test_what_is_tried_again_just_before_stays(
    parts: Parts, interludes: Any, prepared: Any, retry: Retry
) -> None:
    """The retry comes between the look and the mark."""
    mailing_id = await finished(parts)
    now = parts.database_clock.now()
    await roll_up(parts, now + 40 * DAY)
    reopened = {"$set": {"settled": False}}

    def meanwhile() -> None:
        prepared.mailings.update_one({"_id": mailing_id}, reopened)

    interludes.before("update", "mailings", meanwhile)
    assert await let_go(parts, now + 40 * DAY) == 0
    assert await archived_at(mailing_id) is None
    await mailings.collection().update_one({"_id": mailing_id}, {"$set": {"settled": True}})
    await retry(parts, mailing_id)
    assert await let_go(parts, now + 40 * DAY) == 1, "the ending that was left behind"
    assert await rows_of(mailing_id) == 3


async def test_a_single_message_that_is_tried_again_just_before_stays(
    parts: Parts, interludes: Any, prepared: Any
) -> None:
    (doomed,) = await ended(at(SATURDAY), status="failed")
    now = at(SATURDAY) + 40 * DAY
    await roll_up(parts, now)
    again = {"$set": {"status": "pending"}, "$unset": {"closed_at": ""}}

    def meanwhile() -> None:
        prepared.messages.update_one({}, again)

    interludes.before("delete", "messages", meanwhile)
    assert await let_go(parts, now) == 0
    assert await exists(doomed)


async def test_what_is_known_late_to_be_sent_stays_as_long_as_anything_from_then(
    parts: Parts,
) -> None:
    mailing_id = await finished(parts)
    now = parts.database_clock.now()
    late = now + 20 * DAY
    await messages.collection().update_one({"status": "sent"}, {"$set": {"closed_at": late}})
    await after(parts, now)
    assert await rows_of(mailing_id) == 1
    await after(parts, late)
    assert await rows_of(mailing_id) == 0
    assert await mailings.collection().find_one({"rows_left": True}) is None


@pytest.mark.parametrize("place", ["retention.archived", "retention.deleted"])
async def test_who_dies_at_any_place_leaves_work_that_others_do(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    mailing_id = await finished(parts, 5)
    now = parts.database_clock.now() + 40 * DAY
    await roll_up(parts, now)

    def die() -> None:
        raise ZeroDivisionError

    failpoints.arm(place, testing=True, act=die)
    with pytest.raises(ZeroDivisionError):
        await let_go(parts, now)
    left = await rows_of(mailing_id)
    assert left == (5 if place == "retention.archived" else 3)
    assert await reconcile.reconcile(parts, mailing_id) == {}
    assert await let_go(parts, now) == left
    assert await rows_of(mailing_id) == 0


async def test_two_workers_at_once_delete_what_one_would(parts: Parts) -> None:
    mailing_id = await finished(parts, 50)
    await ended(at(SATURDAY), 50)
    now = parts.database_clock.now() + 40 * DAY
    await roll_up(parts, now)
    gone = await asyncio.gather(*(let_go(parts, now) for _ in range(3)))
    assert sum(gone) == 100
    assert await rows_of(mailing_id) == 0


async def test_a_turn_has_an_end_and_the_next_goes_on(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 10)
    await ended(at(SATURDAY), 25)
    now = at(SATURDAY) + 40 * DAY
    await roll_up(parts, now)
    turns = [await retention.let_go(parts, now, asyncio.Event(), 0) for _ in range(4)]
    assert turns == [10, 10, 5, 0]
