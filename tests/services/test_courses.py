"""Courses: noted by time, thinned out, and by one worker only (M9)."""

import asyncio
from datetime import datetime, timedelta

import pytest
from bson import ObjectId

from core.parts import Parts
from models.course import Course
from rules.message import Fate, Status
from services import courses, messages, results
from services.results import Change
from tests import factories


class Clock:
    """The database's time, as a test says it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The moment said last."""
        return self.at


@pytest.fixture
def clock(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(parts.database_clock.now() + timedelta(seconds=1))
    monkeypatch.setattr(parts.database_clock, "now", clock.now)
    return clock


async def course(parts: Parts, mailing_id: ObjectId) -> list[tuple[int, int, int]]:
    (found,) = (await courses.of_mailings(parts, [mailing_id])).values()
    return [(point.sent, point.failed, point.open) for point in found]


async def deliver(parts: Parts, mailing_id: ObjectId, count: int, status: Status) -> None:
    claimed = await messages.claim(parts, mailing_id, "sending_api", count, "w1")
    fate = Fate(status, maybe_sent=False)
    await results.write(parts, [Change(one, fate) for one in claimed])


async def test_a_course_goes_from_the_start_over_what_was_noted_to_now(
    parts: Parts, clock: Clock
) -> None:
    mailing_id = await factories.launched(parts, 10)
    clock.at += timedelta(seconds=1)
    await deliver(parts, mailing_id, 3, Status.SENT)
    await courses.note(parts)
    await deliver(parts, mailing_id, 2, Status.UNDELIVERABLE)
    await courses.note(parts)  # not yet time
    clock.at += timedelta(seconds=1)
    await courses.note(parts)
    await deliver(parts, mailing_id, 4, Status.SENT)
    clock.at += timedelta(seconds=0.5)
    assert await course(parts, mailing_id) == [(0, 0, 0), (3, 0, 7), (3, 2, 5), (7, 2, 1)]
    assert (await courses.of_mailings(parts, [ObjectId()])).popitem()[1] == []


async def test_a_long_course_is_thinned_out_and_noted_less_often(
    parts: Parts, clock: Clock
) -> None:
    mailing_id = await factories.launched(parts, 1)
    begun = clock.at
    for _ in range(courses.MOST_POINTS + 1):
        await courses.note(parts)
        clock.at += timedelta(seconds=1)
    kept = await Course.get(mailing_id)
    assert kept is not None
    seconds = [(point.at - begun).total_seconds() for point in kept.points]
    assert seconds == [float(at) for at in range(0, courses.MOST_POINTS + 1, 2)]
    assert kept.every_seconds == 2
    await courses.note(parts)
    assert len((await Course.get(mailing_id) or kept).points) == len(kept.points)


async def test_of_several_workers_one_notes(parts: Parts, other: Parts, clock: Clock) -> None:
    mailing_id = await factories.launched(parts, 1)
    clock.at = other.database_clock.now() + timedelta(seconds=5)
    await asyncio.gather(*(courses.note(parts) for _ in range(8)))
    kept = await Course.get(mailing_id)
    assert kept is not None
    assert len(kept.points) == 1
