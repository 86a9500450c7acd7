"""Old rows go once they are counted; what can still change stays, and statistics stay exact."""

import pytest
from bson import ObjectId

from core.errors import Invalid, InvalidInput, Problem
from core.parts import Parts
from models.attempt import Attempt
from models.ending import Ending
from services import mailings, reconcile, results, retries, stats
from tests import factories
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
from tests.services.claims import attempt, change
from tests.services.conftest import Happened
from tests.services.days import DAY, SATURDAY, SUNDAY, at, counts, ended, exists, roll_up, rows_of
from tests.services.looking import mistakes
from tests.services.pumping import claim


@pytest.fixture
def parts(parts: Parts) -> Parts:
    """Which keep messages for a month, and attempts for ever."""
    return keeping(parts, message_days=KEPT_DAYS, attempt_days=0)


async def test_a_personal_message_goes_when_it_is_old_enough(parts: Parts) -> None:
    (old,) = await ended(at(SATURDAY))
    (young,) = await ended(at(SUNDAY, "18:00"))
    assert await after(parts, at(SATURDAY)) == 1
    assert (await exists(old), await exists(young)) == (False, True)


async def test_zero_days_mean_for_ever(parts: Parts) -> None:
    await ended(at(SATURDAY))
    attempts = Attempt.get_pymongo_collection()
    await attempts.insert_one({"_id": ObjectId.from_datetime(at(SATURDAY))})
    assert await after(keeping(parts, message_days=0), at(SATURDAY), 100) == 0


async def test_what_is_not_rolled_up_yet_stays_however_old_it_is(parts: Parts) -> None:
    (old,) = await ended(at(SATURDAY))
    now = at(SATURDAY) + 60 * DAY
    assert await let_go(parts, now) == 0
    assert await exists(old)
    await roll_up(parts, now)
    assert await let_go(parts, now) == 1
    span = {"first": SATURDAY, "last": SATURDAY}
    assert await counts(parts, now=now, **span) == {(): 1}


async def test_what_is_open_stays_however_old_it_is(parts: Parts) -> None:
    moment = at(SATURDAY)
    (waiting,) = await ended(moment, status="pending", closed_at=None, sent_at=None)
    assert await after(parts, moment, 60) == 0
    assert await exists(waiting)


async def test_a_mailing_keeps_its_statistics_and_says_that_its_messages_are_gone(
    parts: Parts, happened: Happened
) -> None:
    mailing_id = await finished(parts)
    now = parts.database_clock.now()
    before = await stats.of_mailing(parts, mailing_id)
    assert await after(parts, now, KEPT_DAYS - 1) == 0
    assert await archived_at(mailing_id) is None
    assert await after(parts, now) == 3
    assert await archived_at(mailing_id) == now + (KEPT_DAYS + 1) * DAY
    assert await stats.of_mailing(parts, mailing_id) == before
    assert await rows_of(mailing_id) == 0
    assert await reconcile.reconcile(parts, mailing_id) == {}
    assert [each async for each in reconcile.reconcile_all(parts)] == []
    with pytest.raises(Invalid, match="kept no longer"):
        assert [each async for each in reconcile.reconcile_all(parts, mailing_id)]
    assert "counters.differ" not in {event for event, _ in happened}
    assert await counts(parts, first=now.date(), last=now.date(), now=now + 99 * DAY) == {(): 3}
    assert await mailings.collection().find_one({"rows_left": True}) is None


async def test_a_mailing_that_still_runs_keeps_all_its_messages(parts: Parts) -> None:
    now = parts.database_clock.now()
    mailing_id = await factories.launched(
        parts, 3, end_at=now + 90 * DAY, channels=("sending_api",)
    )
    (one, *_) = await claim(parts, mailing_id, 1)
    await results.write(parts, [change(one)])
    await after(parts, now, 60)
    assert await rows_of(mailing_id) == 3
    assert await archived_at(mailing_id) is None


@pytest.mark.parametrize("retry", [of_mailing, of_messages])
async def test_what_is_going_can_not_be_tried_again(parts: Parts, retry: Retry) -> None:
    mailing_id = await finished(parts)
    await mailings.collection().update_one(
        {"_id": mailing_id}, {"$set": {"archived_at": at(SATURDAY), "rows_left": True}}
    )
    with pytest.raises(InvalidInput, match="kept no longer, since 2026-01-31; clone") as refused:
        await retry(parts, mailing_id)
    assert [error.code for error in refused.value.errors] == [Problem.NOT_ALLOWED_NOW]


async def test_a_message_that_is_gone_can_not_be_tried_again(parts: Parts) -> None:
    (gone,) = await ended(at(SATURDAY), status="failed")
    await after(parts, at(SATURDAY))
    wrong = retries.of_messages(parts, [gone], "operator")
    assert await mistakes(wrong) == {("messageIds.0", Problem.NOT_FOUND)}


async def test_endings_left_behind_go_with_what_is_as_old(parts: Parts) -> None:
    mailing_id = await finished(parts)
    await of_mailing(parts, mailing_id)
    assert await Ending.count() == 1
    now = parts.database_clock.now()
    assert await after(parts, now) == 1, "the message is open again"
    assert await Ending.count() == 0
    assert await counts(parts, first=now.date(), last=now.date(), now=now + 99 * DAY) == {(): 3}


async def test_attempts_go_by_their_own_age(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 1, channels=("sending_api",))
    (one,) = await claim(parts, mailing_id)
    moments = [at(SATURDAY), at(SUNDAY)]
    found = [
        attempt(one, _id=ObjectId.from_datetime(moment), started_at=moment) for moment in moments
    ]
    await Attempt.get_pymongo_collection().insert_many(found)
    parts = keeping(parts, message_days=0, attempt_days=KEPT_DAYS)
    assert await after(parts, at(SATURDAY, "13:00"), KEPT_DAYS) == 1
    assert [each.started_at for each in await Attempt.find_all().to_list()] == [at(SUNDAY)]
    assert await rows_of(mailing_id) == 1
