"""Every ending of a message is known: the last one by its row, those before it by themselves."""

from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from core import clock
from core.parts import Parts
from models.ending import Ending
from rules.message import Fate, Status
from services import messages, reclaiming, results, retries
from tests import factories
from tests.services.claims import FAILED, attempt, change, pending, reclaimed
from tests.services.looking import row_of, rows
from tests.services.pumping import API, claim

FIRST, SECOND = "first.example.com", "second.example.com"
UNCERTAIN = Fate(Status.UNCERTAIN, maybe_sent=True)


async def left_behind() -> list[dict[str, Any]]:
    return await Ending.get_pymongo_collection().find({}, {"_id": 0}).sort("closed_at").to_list()


async def put_back(parts: Parts, mailing_id: ObjectId) -> None:
    await retries.of_mailing(parts, mailing_id, [Status.FAILED], "operator")


async def test_a_message_that_is_tried_again_leaves_its_ending_behind(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 1)
    (first,) = await claim(parts, mailing_id)
    said = attempt(first, provider=FIRST)
    await results.write(parts, [change(first, FAILED, attempt=said)])
    ended = await row_of(first)
    assert (ended["provider"], await left_behind()) == (FIRST, [])
    await put_back(parts, mailing_id)
    assert await left_behind() == [
        {
            "message_id": first.id,
            "mailing_id": mailing_id,
            "channel": API,
            "template": None,
            "topic": None,
            "status": "failed",
            "provider": FIRST,
            "attempts": 1,
            "closed_at": ended["closed_at"],
        }
    ]
    row = await row_of(first)
    assert (row["attempts"], row["attempts_before"], row.get("closed_at")) == (1, 1, None)


async def test_of_several_endings_each_counts_only_its_own_attempts(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 1)
    for tries in (1, 2, 1):
        for left in reversed(range(tries)):
            (one,) = await claim(parts, mailing_id)
            await results.write(parts, [change(one, pending() if left else FAILED)])
        await put_back(parts, mailing_id)
    assert [ending["attempts"] for ending in await left_behind()] == [1, 2, 1]


async def test_single_messages_that_are_tried_again_leave_theirs_behind_too(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 2)
    ended = await claim(parts, mailing_id)
    await results.write(parts, [change(one, FAILED) for one in ended])
    await messages.collection().update_one(
        {"_id": ended[0].id},
        {"$set": {"kind": "login", "template": {"id": ObjectId(), "slug": "code", "version": 2}}},
    )
    await retries.of_messages(parts, [ended[0].id], "operator")
    (ending,) = await left_behind()
    assert ending["message_id"] == ended[0].id
    assert (ending["topic"], ending["template"]) == ("login", "code")


async def test_a_success_that_comes_late_leaves_the_doubt_behind(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reclaiming, "QUARANTINE_AFTER", 1)
    mailing_id = await factories.launched(parts, 1)
    (slow,) = await claim(parts, mailing_id)
    await reclaimed(parts)
    doubtful = await row_of(slow)
    await results.write(parts, [change(slow)])
    (ending,) = await left_behind()
    assert (ending["status"], ending["attempts"]) == ("uncertain", 1)
    assert ending["closed_at"] == doubtful["closed_at"]
    row = await row_of(slow)
    assert (row["status"], row["attempts"] - row["attempts_before"]) == ("sent", 1)


async def test_a_doubt_and_its_end_in_one_batch_are_two_endings(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 1)
    (old,) = await claim(parts, mailing_id)
    await reclaimed(parts)
    (new,) = await claim(parts, mailing_id)
    assert await results.write(parts, [change(new, UNCERTAIN), change(old)]) == 2
    assert [ending["status"] for ending in await left_behind()] == ["uncertain"]
    assert (await row_of(new))["status"] == "sent"


async def test_when_it_was_due_at_first_is_known_after_any_number_of_tries(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 1)
    ((due_at,),) = [[row["due_at"]] for row in await rows()]
    for _ in "12":
        (one,) = await claim(parts, mailing_id)
        await results.write(parts, [change(one, pending())])
        row = await row_of(one)
        assert row["first_due_at"] == due_at < row["due_at"]
    (one,) = await claim(parts, mailing_id)
    await results.write(parts, [change(one, FAILED)])
    await put_back(parts, mailing_id)
    assert "first_due_at" not in await row_of(one)


async def test_who_was_asked_last_stands_in_the_row(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 1)
    for provider in (FIRST, FIRST, SECOND):
        (one,) = await claim(parts, mailing_id)
        said = attempt(one, provider=provider)
        await results.write(parts, [change(one, pending(), attempt=said)])
        assert (await row_of(one))["provider"] == provider


async def test_what_is_written_hours_late_has_ended_just_now(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 2)
    soon, late = await claim(parts, mailing_id)
    now = clock.now()
    times = {soon.id: now - timedelta(minutes=5), late.id: now - timedelta(hours=5)}
    await results.write(parts, [change(one, at=times[one.id]) for one in (soon, late)])
    assert (await row_of(soon))["closed_at"] >= times[soon.id]
    row = await row_of(late)
    assert row["closed_at"] >= now - results.LATEST - timedelta(seconds=1)
