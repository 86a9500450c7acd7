from dataclasses import replace
from functools import partial

import pytest
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from core import clock, mongo
from core.parts import Parts
from models.message import Content, Message
from services import emails
from services.emails import Email
from services.letters import Letter
from tests.factories import HOUR

USER = ObjectId()
SAID = {"subject": "Login", "text": "Was it you?"}
NEWS = Email("n1", USER, "ann@example.com", "new_login", Letter(SAID))


async def add(parts: Parts, email: Email = NEWS) -> Message:
    now = parts.database_clock.now()
    work = partial(emails.add, email=email, now=now)
    row_id = await mongo.in_transaction(parts.mongo, work)
    row = await Message.get(row_id)
    assert row is not None
    return row


async def test_an_e_mail_is_a_personal_message_that_is_due_at_once(parts: Parts) -> None:
    before = clock.now()
    row = await add(parts)
    assert (row.mailing_id, row.user_id, row.channel, row.kind) == (
        None,
        USER,
        "email",
        "new_login",
    )
    assert row.content == Content(**SAID)
    assert (row.status, row.address, row.attempts) == ("pending", "ann@example.com", 0)
    assert before <= row.due_at <= clock.now()
    assert row.end_at == row.created_at + emails.PERSONAL_LIFE
    assert (row.why, row.unread_item) == ("", None)


async def test_an_e_mail_that_waits_is_due_when_its_wait_is_over(parts: Parts) -> None:
    row = await add(parts, replace(NEWS, wait=HOUR))
    assert (row.status, row.why, row.unread_item) == ("pending", "waits to be read", "n1")
    assert row.due_at == row.created_at + HOUR
    assert row.end_at == row.due_at + emails.PERSONAL_LIFE


async def test_one_notification_can_not_queue_its_e_mail_twice(parts: Parts) -> None:
    await add(parts)
    with pytest.raises(DuplicateKeyError):
        await add(parts)
    assert await Message.count() == 1


async def test_notifications_and_users_have_e_mails_of_their_own(parts: Parts) -> None:
    others = [
        NEWS,
        Email("n2", USER, "ann@example.com", "new_login", Letter(SAID)),
        Email("n1", ObjectId(), "ann@example.com", "new_login", Letter(SAID)),
    ]
    assert len({(await add(parts, email)).id for email in others}) == 3
