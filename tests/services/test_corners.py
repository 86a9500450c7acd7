"""What a hostile review found: each of these once went wrong."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId

from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.client import Client
from models.message import Message
from services import clients, kinds, launch, mailings, messages, notifications, users
from services.kinds import NewKind
from services.new_client import NewClient
from tests import factories
from tests.factories import notification


async def test_updates_of_one_client_at_once_keep_what_each_changed(parts: Parts) -> None:
    for number in range(10):
        made = await clients.create(parts, "o", NewClient(factories.phone(number), tags=("a", "b")))
        assert made.id is not None
        await asyncio.gather(
            clients.update(made.id, {"tags": ()}), clients.update(made.id, {"email": "a@b.example"})
        )
        found = await Client.get(made.id)
        assert found is not None
        assert (found.tags, found.email) == ([], "a@b.example")


async def test_a_title_of_several_lines_makes_a_subject_of_one(parts: Parts) -> None:
    title = "{{ data.text }}\n"
    await kinds.create(parts, "o", NewKind("note", in_app=True, email=True, title=title, body="x"))
    user_id = ObjectId()
    said = notification(user_id, key="note", data={"text": "Hello\r\nBcc: all\0"})
    created = await notifications.create(parts, "s", said)
    row = await Message.get(created.message_id)
    assert row is not None
    assert row.content is not None
    assert row.content.subject == "Hello Bcc: all"


async def test_words_that_an_inbox_has_no_room_for_are_refused(parts: Parts) -> None:
    body = "{{ data.text }}{{ data.text }}"
    await kinds.create(parts, "o", NewKind("long", in_app=True, email=False, body=body))
    user_id = ObjectId()
    said = notification(user_id, key="long", data={"text": "x" * 7_000})
    with pytest.raises(InvalidInput) as error:
        await notifications.create(parts, "s", said)
    assert [(at.field, at.code) for at in error.value.errors] == [("data", Problem.TOO_LONG)]
    assert await users.collection().find_one({"_id": user_id}) is None


async def test_many_e_mails_for_one_user_are_all_written(parts: Parts) -> None:
    user_id = ObjectId()
    batch = [notification(user_id, key="new_login") for _ in range(60)]
    answers = await notifications.create_many(parts, "s", batch)
    assert not any(isinstance(answer, InvalidInput) for answer in answers)
    assert await Message.find({"user_id": user_id}).count() == 60


async def test_a_claim_of_which_nothing_was_begun_leaves_no_trace(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 3)
    claimed = await messages.claim(parts, mailing_id, "sending_api", 10, "w")
    assert len(claimed) == 3
    await messages.give_back([one.id for one in claimed], claimed[0].token)
    rows = await Message.find({"mailing_id": mailing_id}).to_list()
    assert [(row.status, row.maybe_sent, row.lease) for row in rows] == [
        ("pending", False, None)
    ] * 3


async def test_a_lease_is_renewed_for_those_that_are_still_held(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 2)
    mine = await messages.claim(parts, mailing_id, "sending_api", 10, "w")
    before = [one.row["lease"]["until"] for one in mine]
    await messages.give_back([mine[0].id], mine[0].token)
    parts.database_clock.observe(datetime.now(UTC) + timedelta(seconds=5))
    assert await messages.renew(parts, mine) == 1
    after = [one.row["lease"]["until"] for one in mine]
    assert after[0] == before[0]
    assert after[1] > before[1]


async def test_a_launch_that_had_its_turn_is_continued_by_the_next(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(launch, "BATCH", 2)
    await factories.clients(5)
    made = await mailings.create(parts, "operator", factories.mailing())
    assert made.id is not None
    assert await launch.launch(parts, made.id) == 2
    monkeypatch.setattr(launch, "TURN_SECONDS", 60.0)
    assert await launch.launch(parts, made.id) == 3
