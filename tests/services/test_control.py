"""Pause, resume, cancel and clone: what each does to a mailing in each of its states."""

import asyncio
from functools import partial
from typing import Any

import pytest
from bson import ObjectId

from core import clock
from core.errors import Problem
from core.parts import Parts
from models.mailing import LocalWindow, Mailing, MailingStatus
from rules.message import Status
from services import control, launch, mailings, stats
from services.control import Clone
from tests import factories
from tests.factories import HOUR, created, id_of, scheduled
from tests.services.interludes import Interludes
from tests.services.looking import jobs, mistakes, rows

NOT_NOW = {("id", Problem.NOT_ALLOWED_NOW)}
NINE_TO_NINE = LocalWindow(opens="09:00", closes="21:00")


async def stored(mailing_id: ObjectId) -> Mailing:
    """The mailing as it is now, deleted or not."""
    found = await Mailing.get(mailing_id)
    assert found is not None
    return found


async def in_state(parts: Parts, **values: Any) -> ObjectId:
    """A mailing of which these fields are as a test wants them."""
    mailing_id = id_of(await scheduled(parts))
    await mailings.collection().update_one({"_id": mailing_id}, {"$set": values})
    return mailing_id


@pytest.mark.parametrize("status", [MailingStatus.SCHEDULED, MailingStatus.RUNNING])
async def test_a_mailing_that_lives_can_be_paused(parts: Parts, status: MailingStatus) -> None:
    mailing_id = await in_state(parts, status=status)
    paused = await control.pause(parts, mailing_id, "o")
    assert (paused.status, paused.version) == (MailingStatus.PAUSED, 2)
    assert await stored(mailing_id) == paused


async def test_a_paused_mailing_that_is_paused_stays_as_it_is(parts: Parts) -> None:
    mailing_id = id_of(await scheduled(parts))
    first = await control.pause(parts, mailing_id, "o")
    assert await control.pause(parts, mailing_id, "o") == first


async def test_a_paused_mailing_does_not_start(parts: Parts) -> None:
    await factories.clients(2)
    mailing_id = id_of(await created(parts))
    await control.pause(parts, mailing_id, "o")
    assert await launch.launch(parts, mailing_id) == 0
    resumed = await control.resume(parts, mailing_id, "o")
    assert resumed.status is MailingStatus.SCHEDULED
    assert f"launch:{mailing_id}" in await jobs(parts, "bulk")
    assert await launch.launch(parts, mailing_id) == 2


async def test_a_started_mailing_runs_on_after_its_pause(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 2)
    await control.pause(parts, mailing_id, "o")
    assert (await control.resume(parts, mailing_id, "o")).status is MailingStatus.RUNNING
    assert "pump:bulk:0" in await jobs(parts, "bulk")


async def test_a_mailing_that_is_not_paused_stays_as_it_is_when_resumed(parts: Parts) -> None:
    made = await scheduled(parts)
    assert await control.resume(parts, id_of(made), "o") == made


async def test_a_cancelled_mailing_stays_on_the_list_and_its_messages_are_closed(
    parts: Parts,
) -> None:
    mailing_id = await factories.launched(parts, 3)
    cancelled = await control.cancel(parts, mailing_id, "o")
    assert cancelled.status is MailingStatus.CANCELLED
    assert await mailings.get(mailing_id) == cancelled
    assert {(row["status"], row["why"]) for row in await rows()} == {
        ("cancelled", "mailing cancelled")
    }
    counts = await stats.of_mailing(parts, mailing_id)
    assert counts == await stats.recount(mailing_id)
    assert counts.by_status[Status.CANCELLED] == 3
    assert await control.cancel(parts, mailing_id, "o") == cancelled


async def test_a_paused_mailing_can_be_cancelled(parts: Parts) -> None:
    mailing_id = id_of(await scheduled(parts))
    await control.pause(parts, mailing_id, "o")
    assert (await control.cancel(parts, mailing_id, "o")).status is MailingStatus.CANCELLED


@pytest.mark.parametrize("verb", [control.pause, control.resume, control.cancel])
@pytest.mark.parametrize(
    "values",
    [
        {"status": "finished", "settled": True},
        {"status": "running", "end_at": clock.now()},
        {"status": "paused", "end_at": clock.now()},
    ],
)
async def test_what_is_over_can_not_be_controlled(
    parts: Parts, verb: Any, values: dict[str, Any]
) -> None:
    mailing_id = await in_state(parts, **values)
    assert await mistakes(verb(parts, mailing_id, "o")) == NOT_NOW
    assert (await stored(mailing_id)).version == 1


@pytest.mark.parametrize("verb", [control.pause, control.resume])
async def test_a_cancelled_mailing_does_not_come_back(parts: Parts, verb: Any) -> None:
    mailing_id = await in_state(parts, status="cancelled")
    assert await mistakes(verb(parts, mailing_id, "o")) == NOT_NOW


@pytest.mark.parametrize("verb", [control.pause, control.resume, control.cancel])
async def test_what_is_unknown_or_deleted_is_not_found(parts: Parts, verb: Any) -> None:
    deleted = await in_state(parts, deleted_at=clock.now())
    for mailing_id in (deleted, ObjectId()):
        assert await mistakes(verb(parts, mailing_id, "o")) == {("id", Problem.NOT_FOUND)}


async def test_a_change_at_the_same_moment_is_kept(
    parts: Parts, prepared: Any, interludes: Interludes
) -> None:
    mailing_id = id_of(await scheduled(parts))
    other = {"$set": {"text": "Other"}, "$inc": {"version": 1}}
    interludes.before("update", "mailings", lambda: prepared.mailings.update_one({}, other))
    paused = await control.pause(parts, mailing_id, "o")
    assert (paused.text, paused.status, paused.version) == ("Other", MailingStatus.PAUSED, 3)


async def test_a_mailing_that_never_holds_still_is_a_conflict(
    parts: Parts, prepared: Any, interludes: Interludes
) -> None:
    mailing_id = id_of(await scheduled(parts))
    newer = partial(prepared.mailings.update_one, {}, {"$inc": {"version": 1}})
    interludes.always("update", "mailings", newer, times=mailings.TRIES)
    assert await mistakes(control.pause(parts, mailing_id, "o")) == {("id", Problem.CONFLICT)}


async def test_of_many_that_pause_and_resume_at_once_all_are_answered(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 2)
    said = [verb(parts, mailing_id, "o") for verb in (control.pause, control.resume)]
    answers = await asyncio.gather(*said)
    assert {one.status for one in answers} <= {MailingStatus.PAUSED, MailingStatus.RUNNING}
    assert (await stored(mailing_id)).version == max(one.version for one in answers)


async def test_a_paused_mailing_can_be_changed_as_before_its_pause(parts: Parts) -> None:
    waiting = id_of(await scheduled(parts))
    await control.pause(parts, waiting, "o")
    changed = await mailings.update(parts, waiting, {"channels": ("email",)})
    assert (changed.channels, changed.status) == (["email"], MailingStatus.PAUSED)
    running = await factories.launched(parts, 1)
    await control.pause(parts, running, "o")
    assert (await mailings.update(parts, running, {"text": "Stay!"})).text == "Stay!"
    assert await mistakes(mailings.update(parts, running, {"channels": ("email",)})) == {
        ("channels", Problem.NOT_ALLOWED_NOW)
    }


async def test_a_window_is_stored_and_taken_away(parts: Parts) -> None:
    made = await scheduled(parts, window=NINE_TO_NINE)
    assert (await stored(id_of(made))).window == NINE_TO_NINE
    without = await mailings.update(parts, id_of(made), {"window": None})
    assert (without.window, without.redue) == (None, False)


async def test_another_window_for_a_started_mailing_asks_for_new_times(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 1)
    assert not (await mailings.update(parts, mailing_id, {"text": "Stay!"})).redue
    changed = await mailings.update(parts, mailing_id, {"window": NINE_TO_NINE})
    assert (changed.window, changed.redue) == (NINE_TO_NINE, True)


@pytest.mark.parametrize(
    ("said", "at"),
    [("09.00-21:00", "window.from"), ("09:00-25:00", "window.to"), ("09:00-09:00", "window")],
)
async def test_a_window_that_is_none_is_refused(parts: Parts, said: str, at: str) -> None:
    wrong = created(parts, window=LocalWindow(opens=said[:5], closes=said[6:]))
    assert await mistakes(wrong) == {(at, Problem.INVALID)}


async def test_a_clone_says_the_same_at_another_time(parts: Parts) -> None:
    said = {"subject": "S", "tags": ("vip",), "channels": ("email",), "window": NINE_TO_NINE}
    source = await scheduled(parts, topic="promo", **said)
    start = clock.now() + 9 * HOUR
    made = await control.clone(parts, "o", Clone(id_of(source), start, start + HOUR))
    assert made.id != source.id
    assert (made.name, made.start_at, made.end_at) == ("Feast (copy)", start, start + HOUR)
    same = {"text", "subject", "audience", "channels", "window", "topic"}
    assert made.model_dump(include=same) == source.model_dump(include=same)
    assert (made.status, made.version, made.created_by) == (MailingStatus.SCHEDULED, 1, "o")


@pytest.mark.parametrize("status", list(MailingStatus))
async def test_a_mailing_in_any_state_can_be_cloned_and_starts_anew(
    parts: Parts, status: MailingStatus
) -> None:
    source = await in_state(parts, status=status, settled=True)
    now = clock.now()
    made = await control.clone(parts, "o", Clone(source, now, now + HOUR, name="Again"))
    assert (made.name, made.status) == ("Again", MailingStatus.SCHEDULED)
    assert await jobs(parts, "bulk") == [f"launch:{made.id}"]


async def test_a_long_name_has_room_for_its_mark(parts: Parts) -> None:
    source = id_of(await scheduled(parts, name="x" * 200))
    now = clock.now()
    made = await control.clone(parts, "o", Clone(source, now, now + HOUR))
    assert len(made.name) == 200
    assert made.name.endswith("x (copy)")


async def test_a_clone_with_mistakes_is_refused(parts: Parts) -> None:
    source = id_of(await scheduled(parts))
    now = clock.now()
    assert await mistakes(control.clone(parts, "o", Clone(source, now, now))) == {
        ("endAt", Problem.INVALID)
    }
    await mailings.delete(parts, source)
    assert await mistakes(control.clone(parts, "o", Clone(source, now, now + HOUR))) == {
        ("id", Problem.NOT_FOUND)
    }


async def test_a_clone_repeated_under_its_key_is_one(parts: Parts) -> None:
    source = id_of(await scheduled(parts))
    now = clock.now()
    wanted = Clone(source, now, now + HOUR)
    made = [await control.clone(parts, "o", wanted, "k") for _ in range(2)]
    await mailings.update(parts, source, {"text": "Other"})
    made.append(await control.clone(parts, "o", wanted, "k"))
    assert {one.id for one in made} == {made[0].id}
    assert await Mailing.count() == 2
