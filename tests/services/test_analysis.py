"""The history counts every ending once, whether by roll-ups or by rows."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from core.errors import Problem, Unavailable
from core.parts import Parts
from models.ending import Ending
from rules.history import MOST_DAYS, MOST_LINES, Key
from rules.message import Status
from services import analysis, messages, results, retries, rollups
from tests import factories
from tests.services.claims import FAILED, change
from tests.services.days import DAY, FRIDAY, SATURDAY, SUNDAY, asked, at, counts, ended, roll_up
from tests.services.interludes import Interludes
from tests.services.looking import mistakes
from tests.services.pumping import claim

NIGHT = at(SUNDAY, "00:30")
"""Friday is rolled up, Saturday is not yet."""
LATER = at(SUNDAY, "13:00")


async def test_messages_around_midnight_count_on_their_days(parts: Parts) -> None:
    midnight = at(SATURDAY, "00:00")
    await ended(midnight - timedelta(milliseconds=1), 1)
    await ended(midnight, 2)
    await ended(midnight + DAY - timedelta(milliseconds=1), 4)
    await ended(midnight + DAY, 8)
    expected = {FRIDAY: 1, SATURDAY: 6, SUNDAY: 8}
    for now in (NIGHT, LATER):
        assert await counts(parts, Key.DAY, now=now) == expected
        await roll_up(parts, now)
        assert await counts(parts, Key.DAY, now=now) == expected
    assert await rollups.due(LATER) == []


async def test_a_message_that_was_tried_again_counts_once_per_ending(parts: Parts) -> None:
    """It failed on one day, and was sent on the next: before and after each roll-up."""
    mailing_id = await factories.launched(parts, 2, channels=("sending_api",))
    now = parts.database_clock.now()
    first = now.date() - DAY
    ask = partial(counts, parts, Key.DAY, Key.STATUS, first=first, last=first + DAY, now=now)
    claimed = await claim(parts, mailing_id)
    await results.write(parts, [change(one, FAILED) for one in claimed])
    yesterday = {"$set": {"closed_at": now - DAY}}
    await messages.collection().update_many({}, yesterday)
    assert await ask() == {(first, "failed"): 2}
    await retries.of_mailing(parts, mailing_id, [Status.FAILED], "operator")
    assert await ask() == {(first, "failed"): 2}
    (one, _) = await claim(parts, mailing_id)
    await results.write(parts, [change(one)])
    expected = {(first, "failed"): 2, (now.date(), "sent"): 1}
    assert await ask() == expected
    assert await rollups.roll_up(parts, first, now)
    assert await ask() == expected
    found = await asked(parts, Key.STATUS, first=first, last=now.date(), now=now)
    assert [line.attempts for line in found.lines] == [2, 1]


@pytest.mark.parametrize("moment", ["rolled_days", "messages", "endings", "rollups"])
async def test_a_retry_or_a_roll_up_in_the_middle_of_a_question_loses_nothing(
    parts: Parts, prepared: Any, interludes: Interludes, moment: str
) -> None:
    await ended(at(SATURDAY), 3, status="failed", sent_at=None)

    def meanwhile() -> None:
        row = prepared.messages.find_one_and_delete({"status": "failed"})
        past = {"message_id": row["_id"], "topic": None, "template": None}
        same = {name: row[name] for name in ("channel", "status", "attempts", "closed_at")}
        prepared.endings.insert_one(past | same)

    command = "find" if moment == "rolled_days" else "aggregate"
    if moment == "rollups":
        await ended(at(FRIDAY))
        await roll_up(parts, at(SATURDAY, "02:00"))
    interludes.before(command, moment, meanwhile)
    assert (await counts(parts, Key.STATUS, now=LATER))["failed"] == 3
    assert (await counts(parts, Key.STATUS, now=LATER))["failed"] == 3
    assert await Ending.count() == 1


async def test_the_future_is_empty_and_days_before_the_first_cost_nothing(parts: Parts) -> None:
    await ended(at(SATURDAY))
    late = SUNDAY + 30 * DAY
    assert await counts(parts, Key.DAY, last=late, now=LATER) == {SATURDAY: 1}
    long_ago = SUNDAY - 3_000 * DAY
    assert await counts(parts, Key.DAY, first=long_ago, now=LATER) == {SATURDAY: 1}
    assert await counts(parts, Key.DAY, first=late, last=late, now=LATER) == {}


async def whole(parts: Parts) -> None:
    """Saturday by its rows."""


async def halves(parts: Parts) -> None:
    """Saturday by its roll-up."""
    assert await roll_up(parts, LATER)


@pytest.mark.parametrize("before", [whole, halves])
async def test_any_keys_group_and_any_filter_narrows(
    parts: Parts, before: Callable[[Parts], Awaitable[None]]
) -> None:
    await ended(at(SATURDAY), 1, provider="a.example.com")
    await ended(at(SATURDAY), 2, provider="b.example.com", topic="news")
    await ended(at(SATURDAY), 4, channel="sending_api", status="failed")
    await before(parts)
    ask = partial(counts, parts, now=LATER)
    assert await ask() == {(): 7}
    assert await ask(Key.CHANNEL) == {"email": 3, "sending_api": 4}
    assert await ask(Key.TOPIC) == {None: 5, "news": 2}
    assert await ask(Key.PROVIDER, Key.DAY) == {
        (None, SATURDAY): 4,
        ("a.example.com", SATURDAY): 1,
        ("b.example.com", SATURDAY): 2,
    }
    assert await ask(Key.STATUS, only={Key.STATUS: ("sent",)}) == {"sent": 3}
    chosen = {Key.CHANNEL: ("email",), Key.PROVIDER: ("b.example.com", "c.example.com")}
    assert await ask(only=chosen) == {(): 2}
    assert await ask(only={Key.TEMPLATE: ("none",)}) == {}


async def test_lines_are_bounded_and_the_answer_says_so(parts: Parts) -> None:
    for day in (FRIDAY, SATURDAY, SUNDAY):
        await ended(at(day), 1, topic="b")
        await ended(at(day), 1, topic="a")
    await roll_up(parts, NIGHT)
    ask = partial(asked, parts, Key.DAY, Key.TOPIC, now=LATER)
    full = await ask(limit=6)
    assert (len(full.lines), full.truncated) == (6, False)
    for limit in range(1, 6):
        part = await ask(limit=limit)
        assert part.truncated
        assert part.lines == full.lines[:limit]


async def test_delays_of_rows_and_roll_ups_add_up(parts: Parts) -> None:
    for day, seconds in ((FRIDAY, 1), (SATURDAY, 3), (SUNDAY, 8)):
        await ended(at(day), due_at=at(day) - timedelta(seconds=seconds))
    await roll_up(parts, NIGHT)
    (line,) = (await asked(parts, now=LATER)).lines
    assert (line.average_ms, line.longest_ms) == (4_000, 8_000)
    median = line.percentile_ms(0.5)
    assert median is not None
    assert 2_000 < median < 4_500


async def test_every_mistake_of_a_question_is_named(parts: Parts) -> None:
    wrong = asked(parts, first=SUNDAY, last=SATURDAY, limit=0, now=LATER)
    assert await mistakes(wrong) == {("to", Problem.INVALID), ("limit", Problem.INVALID)}
    far = asked(parts, first=SUNDAY - MOST_DAYS * DAY, limit=MOST_LINES + 1, now=LATER)
    assert await mistakes(far) == {("from", Problem.INVALID), ("limit", Problem.INVALID)}


async def test_a_question_that_takes_too_long_is_told_what_to_do(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    for topic in range(100):
        await ended(at(SATURDAY), topic=str(topic))
    sum_up = {"input": {"$range": [0, 200_000]}, "initialValue": 0, "in": {"$add": ["$$this", 1]}}
    slow = {"$match": {"$expr": {"$reduce": sum_up}}}
    monkeypatch.setattr(analysis, "LIMIT_MS", 20)
    monkeypatch.setattr(analysis, "_stages", lambda _: [slow])
    with pytest.raises(Unavailable, match="ask for fewer days"):
        await asked(parts, now=LATER)
