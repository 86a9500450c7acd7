from math import inf, nan
from typing import Any

import orjson
import pytest
from bson import ObjectId

from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.message import Message
from models.user import User
from rules.message import Status
from services import inbox, kinds, notifications, users
from services.content import DEEPEST_DATA, LARGEST_DATA
from services.notifications import Notified
from tests.factories import kind, notification
from tests.services.conftest import EMAIL, Happened
from tests.services.looking import rows

BELL, MAIL, BOTH = "new_post", "registration", "new_login"


async def create(parts: Parts, user_id: object, key: str = BELL, **said: Any) -> Notified:
    return await notifications.create(parts, "sender", notification(user_id, key, **said))


async def mistakes(parts: Parts, **said: Any) -> set[tuple[str, Problem]]:
    """What is wrong with a request; nothing may have been written."""
    request = notification(**{"user_id": ObjectId(), **said})
    with pytest.raises(InvalidInput) as caught:
        await notifications.create(parts, "sender", request)
    assert await User.count() == 0
    assert await Message.count() == 0
    assert all(error.message for error in caught.value.errors)
    return {(error.field, error.code) for error in caught.value.errors}


async def test_a_notification_is_stored_with_all_that_was_said(parts: Parts) -> None:
    user_id, target = ObjectId(), ObjectId()
    data = {"text": "Привет", "$set": {"a.b": "$$NOW"}, "n": 2**63, "deep": [[{}]], "f": 0.1}
    made = await create(parts, user_id, "new_message", target_id=str(target), data=data)
    state = await inbox.load(user_id, with_items=True)
    assert state.items == (made.item,)
    assert made.item is not None
    assert orjson.loads(made.item["data"]) == data
    said = {name: made.item[name] for name in ("key", "target_id", "new", "seq")}
    assert said == {"key": "new_message", "target_id": str(target), "new": True, "seq": 1}
    assert (made.user_id, made.unread, made.seq, made.message_id) == (str(user_id), 1, 1, None)
    assert await rows() == []


async def test_a_kind_with_both_outlets_stores_and_queues_an_e_mail(parts: Parts) -> None:
    user_id = ObjectId()
    made = await create(parts, user_id, BOTH)
    (row,) = await rows()
    assert made.item is not None
    assert made.message_id == row["_id"]
    assert (row["status"], row["mailing_id"], row["user_id"]) == (Status.PENDING, None, user_id)
    assert (row["channel"], row["kind"], row["maybe_sent"]) == ("email", BOTH, False)
    assert (await inbox.load(user_id, with_items=False)).total == 1


async def test_a_kind_for_e_mail_alone_stores_nothing_in_the_inbox(parts: Parts) -> None:
    user_id = ObjectId()
    made = await create(parts, user_id, MAIL)
    (row,) = await rows()
    assert (made.item, made.message_id, made.unread) == (None, row["_id"], 0)
    assert (await inbox.load(user_id, with_items=True)).items == ()


@pytest.mark.parametrize("key", [BELL, MAIL, BOTH])
async def test_an_unknown_user_is_created_with_the_address_of_the_settings(
    parts: Parts, key: str
) -> None:
    user_id = ObjectId()
    await create(parts, user_id, key)
    user = await User.get(user_id)
    assert user is not None
    assert user.email == EMAIL
    assert [row["address"] for row in await rows()] == ([] if key == BELL else [EMAIL])


async def test_an_e_mail_goes_to_the_address_that_the_user_has(parts: Parts) -> None:
    user_id = ObjectId()
    await users.collection().insert_one({"_id": user_id, "email": "old@example.com"})
    await create(parts, user_id, MAIL)
    (row,) = await rows()
    assert row["address"] == "old@example.com"


@pytest.mark.parametrize("key", [MAIL, BOTH])
async def test_the_e_mail_names_the_key(parts: Parts, key: str) -> None:
    await create(parts, ObjectId(), key)
    (row,) = await rows()
    assert key in row["content"]["subject"]
    assert key in row["content"]["text"]


async def test_subject_and_body_come_from_the_templates_of_the_kind(parts: Parts) -> None:
    await kinds.create(
        parts, "o", kind(title="{{ data.name }}, {{ key }}!", body="{{ userId }} {{ targetId }}")
    )
    user_id, target = ObjectId(), ObjectId()
    made = await create(parts, user_id, "sale", target_id=str(target), data={"name": "Ann"})
    (row,) = await rows()
    assert row["content"] == {"subject": "Ann, sale!", "text": f"{user_id} {target}"}
    assert made.item is not None
    assert (made.item["title"], made.item["body"]) == ("Ann, sale!", f"{user_id} {target}")


async def test_a_kind_without_templates_mails_its_key(parts: Parts) -> None:
    await kinds.create(parts, "o", kind("bare", in_app=False))
    await create(parts, ObjectId(), "bare")
    (row,) = await rows()
    assert row["content"] == {"subject": "bare", "text": "bare"}


async def test_a_missing_variable_is_a_mistake_before_anything_is_written(parts: Parts) -> None:
    await kinds.create(parts, "o", kind(title="{{ data.name }}", body="{{ data.price }}"))
    assert await mistakes(parts, key="sale", data={"name": "x"}) == {("data", Problem.INVALID)}


@pytest.mark.parametrize("user_id", ["", "1", "z" * 24, "6" * 23, "6" * 25, "\ud800" * 24])
async def test_a_bad_user_id_is_named(parts: Parts, user_id: str) -> None:
    assert await mistakes(parts, user_id=user_id) == {("userId", Problem.INVALID)}


async def test_a_bad_target_id_is_named(parts: Parts) -> None:
    assert await mistakes(parts, target_id="x") == {("targetId", Problem.INVALID)}


@pytest.mark.parametrize("key", ["unknown", "", "$where", "\0", "k" * 10_000])
async def test_an_unknown_kind_is_named(parts: Parts, key: str) -> None:
    assert await mistakes(parts, key=key) == {("key", Problem.NOT_FOUND)}


@pytest.mark.parametrize(
    "data",
    [[], "text", 1, True, {"n": 2**64}, {"t": "\ud800"}, {"t": object()}, {"n": [inf]}, {"n": nan}],
)
async def test_data_that_are_no_json_object_are_named(parts: Parts, data: object) -> None:
    assert await mistakes(parts, data=data) == {("data", Problem.INVALID)}


@pytest.mark.parametrize("levels", [DEEPEST_DATA + 1, 253, 254, 255, 2_000])
async def test_data_that_are_too_deep_are_named(parts: Parts, levels: int) -> None:
    assert await mistakes(parts, data=deep(levels)) == {("data", Problem.INVALID)}


async def test_data_may_be_as_deep_as_the_limit(parts: Parts) -> None:
    made = await create(parts, ObjectId(), data=deep(DEEPEST_DATA))
    assert made.item is not None
    assert orjson.loads(made.item["data"]) == deep(DEEPEST_DATA)


def deep(levels: int) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for _ in range(levels - 1):
        nested = {"a": nested, "b": []}
    return nested


async def test_data_may_be_as_long_as_the_limit_and_no_longer(parts: Parts) -> None:
    frame = len('{"t":""}')
    too_long = {"t": "x" * (LARGEST_DATA - frame + 1)}
    assert await mistakes(parts, data=too_long) == {("data", Problem.TOO_LONG)}
    made = await create(parts, ObjectId(), data={"t": "x" * (LARGEST_DATA - frame)})
    assert made.item is not None
    assert len(made.item["data"]) == LARGEST_DATA


async def test_every_mistake_is_told_at_once(parts: Parts) -> None:
    assert await mistakes(parts, user_id="x", target_id="y", data=[], key="unknown") == {
        ("userId", Problem.INVALID),
        ("targetId", Problem.INVALID),
        ("data", Problem.INVALID),
        ("key", Problem.NOT_FOUND),
    }


async def test_the_workers_of_the_personal_lane_are_woken_for_an_e_mail_only(parts: Parts) -> None:
    await create(parts, ObjectId(), BELL)
    await parts.queue.close()
    assert await parts.redis.queued_jobs(queue_name="belfry:personal") == []
    await create(parts, ObjectId(), MAIL)
    await parts.queue.close()
    (job,) = await parts.redis.queued_jobs(queue_name="belfry:personal")
    assert job.function == "pump"


async def test_an_event_says_what_was_created(parts: Parts, happened: Happened) -> None:
    user_id = ObjectId()
    made = await create(parts, user_id, BOTH)
    said = {"user_id": str(user_id), "key": BOTH, "seq": 1, "message_id": made.message_id}
    assert ("notification.created", said) in happened
