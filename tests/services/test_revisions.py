"""A notification that is out can say something else, or be taken back, with its e-mail (X9)."""

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from bson import ObjectId

from core.errors import Problem
from core.parts import Parts
from rules.inbox import Item
from rules.message import Status
from services import inbox, kinds, messages, notifications, objections, revisions
from services.content import LARGEST_DATA, LARGEST_WORDS
from services.inbox import Changed
from services.notifications import Notified
from services.revisions import Retracted
from tests.factories import kind, notification
from tests.services.conftest import Happened
from tests.services.looking import mistakes, rows

BELL, BOTH = "new_post", "new_login"
SALE = {"title": "{{ data.name }} {{ targetId }}", "body": "{{ userId }}, {{ key }}"}


@pytest.fixture
async def selling(parts: Parts) -> Parts:
    """Parts with a kind `sale` that stores and mails, and whose words come from its data."""
    await kinds.create(parts, "operator", kind(**SALE))
    return parts


async def made(parts: Parts, user_id: ObjectId, key: str = BELL, **said: Any) -> Notified:
    return await notifications.create(parts, "s", notification(user_id, key, **said))


def id_of(one: Notified) -> str:
    assert one.item is not None
    item_id: str = one.item["id"]
    return item_id


async def items(user_id: ObjectId) -> Sequence[Item]:
    return (await inbox.load(user_id, with_items=True)).items or ()


async def test_other_data_make_other_words_and_the_rest_stays(selling: Parts) -> None:
    user_id, target = ObjectId(), str(ObjectId())
    first = await made(selling, user_id, "sale", data={"name": "Tea"}, target_id=target)
    await inbox.mark_read(selling, user_id, [id_of(first)])
    data = {"data": {"name": "Coffee"}}
    done = await revisions.update(selling, user_id, id_of(first), data)
    assert (done.changed, done.unread, done.seq) == (True, 0, 3)
    said = {name: done.item[name] for name in ("title", "body", "data", "new", "seq", "target_id")}
    assert said == {
        "title": f"Coffee {target}",
        "body": f"{user_id}, sale",
        "data": '{"name":"Coffee"}',
        "new": False,
        "seq": 1,
        "target_id": target,
    }
    (stored,) = await items(user_id)
    assert stored == done.item
    assert first.item is not None
    assert stored["updated_at"] >= stored["at"] == first.item["at"]


async def test_what_is_absent_stays_and_what_is_null_goes(parts: Parts) -> None:
    user_id, target = ObjectId(), str(ObjectId())
    one = await made(parts, user_id, data={"a": 1}, target_id=target)
    done = await revisions.update(parts, user_id, id_of(one), {"target_id": None})
    assert (done.item["target_id"], done.item["data"]) == (None, '{"a":1}')
    done = await revisions.update(parts, user_id, id_of(one), {"data": None, "target_id": target})
    assert (done.item["target_id"], done.item["data"]) == (target, None)


async def test_an_update_that_changes_nothing_makes_no_event(parts: Parts) -> None:
    user_id, data = ObjectId(), {"data": {"a": [1, None, "ж", 0.1]}}
    one = await made(parts, user_id, data=data["data"])
    done = await revisions.update(parts, user_id, id_of(one), data)
    assert done == Changed(done.item, changed=False, unread=1, seq=1)
    assert "updated_seq" not in done.item


async def test_concurrent_updates_of_parts_of_it_all_count(selling: Parts) -> None:
    user_id, targets = ObjectId(), [str(ObjectId()) for _ in range(8)]
    one = await made(selling, user_id, "sale", data={"name": "0"})
    updates: list[dict[str, Any]] = [{"target_id": target} for target in targets]
    updates += [{"data": {"name": str(number)}} for number in range(1, 9)]
    done = await asyncio.gather(
        *(revisions.update(selling, user_id, id_of(one), update) for update in updates)
    )
    assert sorted(each.seq for each in done) == list(range(2, 18))
    last = max(done, key=lambda each: each.seq).item
    assert last["title"] == f"{orjson.loads(last['data'])['name']} {last['target_id']}"
    assert list(await items(user_id)) == [last]


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"data": [1]}, ("data", Problem.INVALID)),
        ({"data": {}}, ("data", Problem.INVALID)),  # the title needs a name
        ({"data": {"name": "x" * LARGEST_DATA}}, ("data", Problem.TOO_LONG)),
        ({"target_id": "x"}, ("targetId", Problem.INVALID)),
    ],
)
async def test_what_could_not_be_created_can_not_come_by_an_update(
    selling: Parts, changes: dict[str, Any], mistake: tuple[str, Problem]
) -> None:
    user_id = ObjectId()
    one = await made(selling, user_id, "sale", data={"name": "Tea"})
    found = await mistakes(revisions.update(selling, user_id, id_of(one), changes))
    assert mistake in found
    assert list(await items(user_id)) == [one.item]


async def test_what_an_inbox_keeps_must_fit_into_it_though_its_kind_stores_no_more(
    selling: Parts,
) -> None:
    user_id = ObjectId()
    one = await made(selling, user_id, "sale", data={"name": "Tea"})
    await kinds.update(selling, "sale", {"in_app": False})
    large = {"data": {"name": "x" * (LARGEST_WORDS + 1)}}
    found = await mistakes(revisions.update(selling, user_id, id_of(one), large))
    assert found == {("data", Problem.TOO_LONG)}
    assert list(await items(user_id)) == [one.item]


async def test_an_e_mail_that_has_not_left_says_the_new_words(selling: Parts) -> None:
    user_id = ObjectId()
    one = await made(selling, user_id, "sale", data={"name": "Tea"})
    other = await made(selling, user_id, "sale", data={"name": "Milk"})
    await revisions.update(selling, user_id, id_of(one), {"data": {"name": "Cof\nfee"}})
    said = {row["_id"]: row["content"]["subject"] for row in await rows()}
    assert said == {one.message_id: "Cof fee None", other.message_id: "Milk None"}


async def test_a_retracted_one_counts_nowhere_and_its_place_is_free(parts: Parts) -> None:
    user_id = ObjectId()
    all_made = [await made(parts, user_id) for _ in "123"]
    assert await revisions.retract(parts, user_id, id_of(all_made[1])) == Retracted(
        changed=True, unread=2, seq=4
    )
    state = await inbox.load(user_id, with_items=True)
    assert (state.total, state.unread, state.floor) == (2, 2, 0)
    assert [item["id"] for item in state.items or ()] == [id_of(all_made[2]), id_of(all_made[0])]


async def test_retracting_again_changes_nothing(parts: Parts) -> None:
    user_id = ObjectId()
    one = await made(parts, user_id)
    done = await asyncio.gather(*(revisions.retract(parts, user_id, id_of(one)) for _ in "12345"))
    assert sum(each.changed for each in done) == 1
    assert {(each.unread, each.seq) for each in done} == {(0, 2)}


async def test_what_is_not_there_can_not_be_changed_or_retracted(parts: Parts) -> None:
    user_id = ObjectId()
    one = await made(parts, user_id)
    await revisions.retract(parts, user_id, id_of(one))
    for owner, item_id in ((ObjectId(), id_of(one)), (user_id, "unknown"), (user_id, "$seq")):
        assert await mistakes(revisions.retract(parts, owner, item_id)) == {
            ("id", Problem.NOT_FOUND)
        }
    for change in (
        revisions.update(parts, user_id, id_of(one), {"data": None}),
        inbox.archive(parts, user_id, id_of(one), archived=True),
        inbox.archive(parts, ObjectId(), id_of(one), archived=False),
    ):
        assert await mistakes(change) == {("id", Problem.NOT_FOUND)}


async def test_the_e_mail_of_a_retracted_one_is_cancelled_and_no_other(parts: Parts) -> None:
    user_id = ObjectId()
    one, other = await made(parts, user_id, BOTH), await made(parts, user_id, BOTH)
    await revisions.retract(parts, user_id, id_of(one))
    (row,) = await rows(_id=one.message_id)
    assert (row["status"], row["why"]) == (Status.CANCELLED, objections.WITHDRAWN)
    assert row["closed_at"] is not None
    (kept,) = await rows(_id=other.message_id)
    assert kept["status"] == Status.PENDING


async def test_one_that_may_have_been_mailed_ends_as_uncertain(parts: Parts) -> None:
    user_id = ObjectId()
    one = await made(parts, user_id, BOTH)
    await messages.collection().update_one({"_id": one.message_id}, {"$set": {"maybe_sent": True}})
    await revisions.retract(parts, user_id, id_of(one))
    (row,) = await rows(_id=one.message_id)
    assert row["status"] == Status.UNCERTAIN


async def test_an_e_mail_that_a_worker_holds_is_not_tried_a_second_time(parts: Parts) -> None:
    user_id = ObjectId()
    one = await made(parts, user_id, BOTH)
    (held,) = await messages.claim(parts, None, "email", 9, "w1")
    await revisions.retract(parts, user_id, id_of(one))
    (row,) = await rows(_id=one.message_id)
    assert (row["status"], row["withdrawn"]) == (Status.SENDING, True)
    await messages.give_back([held.id], held.token)
    (again,) = await messages.claim(parts, None, "email", 9, "w2")
    now = parts.database_clock.now()
    assert objections.find(held, None, now) is None
    change = objections.find(again, None, now)
    assert change is not None
    assert (change.fate.status, change.why) == (Status.CANCELLED, objections.WITHDRAWN)


async def test_an_e_mail_that_has_left_stays_sent(parts: Parts) -> None:
    user_id = ObjectId()
    one = await made(parts, user_id, BOTH)
    await messages.collection().update_one({"_id": one.message_id}, {"$set": {"status": "sent"}})
    assert (await revisions.retract(parts, user_id, id_of(one))).changed
    (row,) = await rows(_id=one.message_id)
    assert row["status"] == "sent"


async def test_retracting_while_others_write_loses_nothing(parts: Parts) -> None:
    user_id = ObjectId()
    first = [await made(parts, user_id, BOTH) for _ in range(16)]
    await asyncio.gather(
        *(revisions.retract(parts, user_id, id_of(one)) for one in first),
        *(made(parts, user_id, BOTH) for _ in range(16)),
    )
    state = await inbox.load(user_id, with_items=False)
    assert (state.total, state.unread, state.seq) == (16, 16, 48)
    statuses = [row["status"] for row in await rows()]
    assert (statuses.count("cancelled"), statuses.count("pending")) == (16, 16)


async def test_events_say_what_was_changed(parts: Parts, happened: Happened) -> None:
    user_id = ObjectId()
    one = await made(parts, user_id)
    await revisions.update(parts, user_id, id_of(one), {"data": {"a": 1}})
    await revisions.retract(parts, user_id, id_of(one))
    said = {"user_id": str(user_id), "item_id": id_of(one)}
    assert ("notification.updated", said) in happened
    assert ("notification.retracted", said) in happened
