"""What a sender's own messages failed of, in order, and tried again (C4)."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from bson import ObjectId

from core import clock
from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.contact import Contact
from models.message import FAILED, Message
from rules.message import RETRYABLE, Status
from services import contacts, emails, failures, messages, own_retries
from services.contacts import NewContact
from tests.factories import HOUR, id_of
from tests.services.looking import jobs, mistakes, rows

NOW = clock.cut(clock.now())


async def given_up(count: int = 1, **said: Any) -> list[UUID]:
    """Personal messages that were given up, a second after each other."""
    made = [
        {
            "_id": uuid4(),
            "mailing_id": None,
            "channel": "viber",
            "address": "01234567890A=",
            "content": {"subject": "", "text": "Hello"},
            "status": Status.UNDELIVERABLE,
            "by": "o",
            "attempts": 1,
            "maybe_sent": False,
            "end_at": NOW,
            "due_at": NOW - HOUR,
            "planned_at": NOW - 2 * HOUR,
            "created_at": NOW - 2 * HOUR,
            "closed_at": NOW + timedelta(seconds=number),
            **said,
        }
        for number in range(count)
    ]
    await messages.collection().insert_many(made)
    return [row["_id"] for row in made]


async def listed(by: str = "o", **said: Any) -> list[UUID]:
    page = await failures.page(by, **{"first": 100, **said})
    return [message.id for message in page.items]


def test_what_failed_is_what_can_be_tried_again() -> None:
    assert set(FAILED) == RETRYABLE


async def test_a_sender_sees_its_own_that_failed_and_nothing_else(parts: Parts) -> None:
    mine = [(await given_up(status=status))[0] for status in FAILED]
    await given_up(by="p")
    await given_up(status=Status.SENT)
    await given_up(status=Status.CANCELLED)
    await given_up(status=Status.PENDING, closed_at=None)
    assert set(await listed()) == set(mine)
    assert len(await listed("p")) == 1


async def test_the_last_ones_come_first_in_pages_without_gap_or_double(parts: Parts) -> None:
    ids = await given_up(5)
    ids += sorted(await given_up(4, closed_at=NOW + HOUR))
    seen: list[UUID] = []
    after, more = None, True
    while more:
        page = await failures.page("o", first=2, after=after)
        seen += [message.id for message in page.items]
        after, more = failures.place(page.items[-1]), page.has_next
    assert seen == [*reversed(ids)]


async def test_only_those_since_a_time_are_listed(parts: Parts) -> None:
    ids = await given_up(4)
    assert await listed(since=NOW + timedelta(seconds=2)) == [ids[3], ids[2]]


async def test_a_page_reads_by_the_index_and_no_more_than_it_shows(parts: Parts) -> None:
    await given_up(300)
    await given_up(300, by="p")
    query = {"by": "o", "status": {"$in": list(FAILED)}}
    found = messages.collection().find(query).sort([("closed_at", -1), ("_id", -1)]).limit(11)
    plan = await found.explain()
    stats = plan["executionStats"]
    assert "failed" in str(plan["queryPlanner"]["winningPlan"])
    assert "SORT'" not in str(plan["queryPlanner"]["winningPlan"])
    assert stats["totalDocsExamined"] <= 11


async def test_a_sender_tries_its_own_again(parts: Parts) -> None:
    ids = await given_up(2)
    assert (await own_retries.retry(parts, ids, "o")).count == 2
    for row in await rows():
        assert (row["status"], row["planned_at"]) == ("pending", NOW - 2 * HOUR)
        assert row["end_at"] == row["due_at"] + emails.PERSONAL_LIFE
    assert await listed() == []
    assert "pump:personal:0" in await jobs(parts, "personal")


async def test_the_messages_of_others_and_of_mailings_are_unknown_to_it(parts: Parts) -> None:
    ids = await given_up()
    ids += await given_up(by="p")
    ids += await given_up(mailing_id=ObjectId(), by=None)
    assert await mistakes(own_retries.retry(parts, ids, "o")) == {
        ("messageIds.1", Problem.NOT_FOUND),
        ("messageIds.2", Problem.NOT_FOUND),
    }
    assert await rows(status="pending") == []


async def test_what_was_for_a_contact_that_is_gone_can_not_be_tried_again(parts: Parts) -> None:
    ann, bob = [await contacts.create(parts, "o", NewContact(name, viber="a1b2=")) for name in "AB"]
    ids = [(await given_up(contact_id=id_of(one), contact_name=one.name))[0] for one in (ann, bob)]
    await contacts.delete(parts, "o", id_of(ann))
    refused = own_retries.retry(parts, ids, "o")
    assert await mistakes(refused) == {("messageIds.0", Problem.NOT_ALLOWED_NOW)}
    assert (await own_retries.retry(parts, ids[1:], "o")).count == 1
    assert await Contact.count() == 1


@pytest.mark.parametrize("count", [0, 1_001])
async def test_a_list_of_messages_has_bounds(parts: Parts, count: int) -> None:
    problem = Problem.TOO_MANY if count else Problem.BLANK
    assert await mistakes(own_retries.retry(parts, [uuid4()] * count, "o")) == {
        ("messageIds", problem)
    }
    assert await Message.count() == 0


async def test_what_went_by_the_bulk_lane_is_an_operators_to_try_again(parts: Parts) -> None:
    (key,) = await given_up(mailing_id=ObjectId(), send_id=ObjectId())
    assert await listed() == [key]
    with pytest.raises(InvalidInput, match="retryMessages") as caught:
        await own_retries.retry(parts, [key], "o")
    assert caught.value.errors[0].code is Problem.NOT_ALLOWED_NOW
