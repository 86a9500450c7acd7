"""What may change about a mailing, and when."""

from functools import partial
from typing import Any

import pytest
from bson import ObjectId

from core import clock
from core.errors import Problem
from core.parts import Parts
from models.mailing import Mailing, MailingStatus
from rules.message import Status
from services import launch, mailings, messages, stats
from services.new_audience import NewAudience
from tests import factories
from tests.factories import HOUR, created, id_of, scheduled
from tests.services.interludes import Interludes
from tests.services.looking import jobs, mistakes

NEWER = {"$inc": {"version": 1}}
VIP = NewAudience(tags=("vip",))


async def test_a_change_that_changes_nothing_is_no_new_version(parts: Parts) -> None:
    made = await scheduled(parts)
    said = {"name": made.name, "text": made.text, "end_at": made.end_at}
    assert await mailings.update(parts, id_of(made), said) == made
    assert (await mailings.update(parts, id_of(made), {**said, "text": "New"})).version == 2


async def test_before_its_start_everything_about_a_mailing_can_change(parts: Parts) -> None:
    made = await scheduled(parts)
    start = clock.now() + 5 * HOUR
    changes = {
        "name": "Other",
        "text": "Stay!",
        "subject": "S",
        "start_at": start,
        "end_at": start + HOUR,
        "audience": VIP,
        "channels": ("email",),
    }
    changed = await mailings.update(parts, id_of(made), changes)
    assert await mailings.get(id_of(made)) == changed
    assert (changed.name, changed.text, changed.subject) == ("Other", "Stay!", "S")
    assert (changed.start_at, changed.end_at) == (start, start + HOUR)
    assert (changed.audience.tags, changed.channels) == (["vip"], ["email"])
    assert changed.version == 2


async def test_what_an_update_does_not_name_stays(parts: Parts) -> None:
    made = await scheduled(parts, tags=("vip",), operator_codes=("900",), subject="S")
    changed = await mailings.update(parts, id_of(made), {"text": "Stay!"})
    moved = {"text": "Stay!", "version": 2, "updated_at": changed.updated_at}
    assert changed.model_dump() == {**made.model_dump(), **moved}


async def test_a_start_that_is_moved_to_now_launches(parts: Parts) -> None:
    made = await scheduled(parts)
    await mailings.update(parts, id_of(made), {"start_at": clock.now()})
    assert await jobs(parts, "bulk") == [f"launch:{made.id}"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": ""}, {("name", Problem.BLANK)}),
        ({"end_at": clock.now()}, {("endAt", Problem.INVALID)}),
        ({"channels": ()}, {("channels", Problem.INVALID)}),
    ],
)
async def test_a_bad_update_is_named_and_changes_nothing(
    parts: Parts, changes: dict[str, Any], expected: set[tuple[str, Problem]]
) -> None:
    made = await scheduled(parts)
    assert await mistakes(mailings.update(parts, id_of(made), changes)) == expected
    assert await mailings.get(id_of(made)) == made


async def test_after_its_start_text_and_end_can_change_but_not_the_audience(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 2)
    end = clock.now() + 9 * HOUR
    changed = await mailings.update(parts, mailing_id, {"text": "Stay!", "end_at": end})
    assert (changed.text, changed.end_at) == ("Stay!", end)
    changes = {"start_at": clock.now(), "audience": VIP, "channels": ("email",)}
    assert await mistakes(mailings.update(parts, mailing_id, changes)) == {
        (field, Problem.NOT_ALLOWED_NOW) for field in ("startAt", "audience", "channels")
    }


@pytest.mark.parametrize("status", [MailingStatus.FINISHED, MailingStatus.CANCELLED])
async def test_a_mailing_that_is_over_can_not_change(parts: Parts, status: MailingStatus) -> None:
    made = await scheduled(parts)
    await mailings.collection().update_one({}, {"$set": {"status": status}})
    assert await mistakes(mailings.update(parts, id_of(made), {"text": "x"})) == {
        ("id", Problem.NOT_ALLOWED_NOW)
    }


async def test_a_mailing_past_its_end_can_not_change(parts: Parts) -> None:
    made = await scheduled(parts)
    await mailings.collection().update_one({}, {"$set": {"end_at": clock.now()}})
    assert await mistakes(mailings.update(parts, id_of(made), {"text": "x"})) == {
        ("id", Problem.NOT_ALLOWED_NOW)
    }


async def test_of_updates_at_the_same_moment_both_hold(
    parts: Parts, prepared: Any, interludes: Interludes
) -> None:
    made = await scheduled(parts)
    other = {"$set": {"name": "Other"}, "$inc": {"version": 1}}
    interludes.before("update", "mailings", lambda: prepared.mailings.update_one({}, other))
    updated = await mailings.update(parts, id_of(made), {"text": "x"})
    assert (updated.name, updated.text, updated.version) == ("Other", "x", 3)


async def test_an_update_of_what_never_holds_still_is_a_conflict(
    parts: Parts, prepared: Any, interludes: Interludes
) -> None:
    made = await scheduled(parts)
    interludes.always(
        "update", "mailings", partial(prepared.mailings.update_one, {}, NEWER), times=mailings.TRIES
    )
    assert await mistakes(mailings.update(parts, id_of(made), {"text": "x"})) == {
        ("id", Problem.CONFLICT)
    }
    assert (await mailings.get(id_of(made))).text == made.text  # type: ignore[union-attr]


async def test_a_launch_at_the_same_moment_wins_over_a_new_audience(
    parts: Parts, prepared: Any, interludes: Interludes
) -> None:
    made = await scheduled(parts)
    running = {"$set": {"status": "running"}}
    interludes.before("update", "mailings", lambda: prepared.mailings.update_one({}, running))
    assert await mistakes(mailings.update(parts, id_of(made), {"audience": VIP})) == {
        ("audience", Problem.NOT_ALLOWED_NOW)
    }


async def test_a_deleted_mailing_is_gone_and_what_was_queued_is_cancelled(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 5)
    deleted = await mailings.delete(parts, mailing_id)
    assert (deleted.status, deleted.deleted_at is not None) == (MailingStatus.CANCELLED, True)
    assert await mailings.get(mailing_id) is None
    assert await mailings.count(()) == 0
    rows = await messages.collection().find().to_list()
    assert [(row["status"], row["why"]) for row in rows] == [("cancelled", "mailing deleted")] * 5
    counts = await stats.of_mailing(parts, mailing_id)
    assert counts == await stats.recount(mailing_id)
    assert counts.by_status[Status.CANCELLED] == 5


async def test_a_mailing_deleted_before_its_start_never_starts(parts: Parts) -> None:
    await factories.clients(3)
    made = await created(parts)
    await mailings.delete(parts, id_of(made))
    assert await launch.launch(parts, id_of(made)) == 0
    assert await messages.collection().count_documents({}) == 0


async def test_a_finished_mailing_stays_finished_when_it_is_deleted(parts: Parts) -> None:
    made = await created(parts)
    done = {"status": MailingStatus.FINISHED, "settled": True}
    await mailings.collection().update_one({}, {"$set": done})
    await mailings.delete(parts, id_of(made))
    stored = await Mailing.get(id_of(made))
    assert stored is not None
    assert stored.status is MailingStatus.FINISHED


async def test_an_unknown_or_deleted_mailing_is_not_found(parts: Parts) -> None:
    made = await created(parts)
    await mailings.delete(parts, id_of(made))
    for mailing_id in (ObjectId(), id_of(made)):
        for awaited in (
            mailings.update(parts, mailing_id, {"text": "x"}),
            mailings.delete(parts, mailing_id),
        ):
            assert await mistakes(awaited) == {("id", Problem.NOT_FOUND)}
