"""Single messages that ended are tried again (X7)."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from core import clock
from core.errors import Problem
from core.parts import Parts
from models.mailing import MailingStatus
from rules.message import Status
from services import emails, messages, retries
from tests.factories import HOUR
from tests.services.endings import ended
from tests.services.looking import counted, jobs, mistakes, rows

FAILED, EXPIRED = Status.FAILED, Status.EXPIRED


async def test_single_messages_are_tried_again_and_no_others(parts: Parts) -> None:
    mailing_id = await ended(parts, FAILED, FAILED, EXPIRED)
    chosen = [row["_id"] for row in await rows()][1:]
    retried = await retries.of_messages(parts, [*chosen, chosen[0]], "o")
    assert retried.count == 2
    assert retried.mailing is not None
    assert retried.mailing.status is MailingStatus.RUNNING
    assert {row["_id"] for row in await rows(status="pending")} == set(chosen)
    assert (await counted(parts, mailing_id))[Status.PENDING] == 2


async def test_an_email_of_a_notification_gets_its_time_anew(parts: Parts) -> None:
    personal: dict[str, Any] = {
        "_id": uuid4(),
        "mailing_id": None,
        "status": "expired",
        "channel": "email",
        "maybe_sent": False,
        "end_at": clock.now() - HOUR,
        "due_at": clock.now(),
        "created_at": clock.now(),
    }
    await messages.collection().insert_one(personal)
    assert await retries.of_messages(parts, [personal["_id"]], "o") == retries.Retried(1)
    (row,) = await rows()
    assert row["status"] == "pending"
    assert row["end_at"] == row["due_at"] + emails.PERSONAL_LIFE
    assert "pump:personal:0" in await jobs(parts, "personal")


async def test_every_wrong_message_is_named_and_none_is_tried(parts: Parts) -> None:
    await ended(parts, FAILED, Status.SENT)
    by_status = {row["status"]: row["_id"] for row in await rows()}
    ids = [by_status["failed"], by_status["sent"], uuid4()]
    assert await mistakes(retries.of_messages(parts, ids, "o")) == {
        ("messageIds.1", Problem.NOT_ALLOWED_NOW),
        ("messageIds.2", Problem.NOT_FOUND),
    }
    assert await rows(status="pending") == []


@pytest.mark.parametrize("count", [0, 1_001])
async def test_a_list_of_messages_has_bounds(parts: Parts, count: int) -> None:
    ids: list[UUID] = [uuid4()] * count
    problem = Problem.TOO_MANY if count else Problem.BLANK
    assert await mistakes(retries.of_messages(parts, ids, "o")) == {("messageIds", problem)}


async def test_messages_of_a_mailing_past_its_end_need_a_new_one(parts: Parts) -> None:
    await ended(parts, FAILED, end_at=clock.now())
    (row,) = await rows()
    refused = retries.of_messages(parts, [row["_id"]], "o")
    assert await mistakes(refused) == {("endAt", Problem.NOT_ALLOWED_NOW)}
    assert await rows(status="pending") == []
    retried = await retries.of_messages(parts, [row["_id"]], "o", clock.now() + HOUR)
    assert retried.count == 1
