"""Which e-mails needn't leave, because their notification has been read (X10)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from bson import ObjectId
from pymongo.collection import Collection
from pymongo.database import Database

from core.parts import Parts
from services import inbox, kinds, messages, notifications, revisions, unread
from services.inbox import Marked
from services.messages import Claimed
from services.notifications import Notified
from tests import factories
from tests.factories import kind, notification
from tests.services.following import limited, ring
from tests.services.looking import jobs, rows

WAIT = 60


@pytest.fixture
async def reminding(parts: Parts) -> Parts:
    """Parts with a kind `reminder` whose e-mail waits a minute."""
    await kinds.create(parts, "o", kind("reminder", email_if_unread_after_seconds=WAIT))
    return parts


async def remind(parts: Parts, user_id: ObjectId) -> Notified:
    return await notifications.create(parts, "s", notification(user_id, "reminder"))


async def claim_all(parts: Parts) -> list[Claimed]:
    """Every personal e-mail, as if all waits were over."""
    over = {"$set": {"due_at": parts.database_clock.now() - timedelta(seconds=1)}}
    await messages.collection().update_many({"status": "pending"}, over)
    return await messages.claim(parts, None, "email", 1_000, "w1")


async def read(parts: Parts, user_id: ObjectId, *made: Notified) -> None:
    wanted = [one.item["id"] for one in made if one.item is not None]
    marked = await inbox.mark_read(parts, user_id, wanted)
    assert marked is not None
    assert marked.changed == len(made)


def ids(*made: Notified) -> set[UUID | None]:
    return {one.message_id for one in made}


async def test_the_e_mail_of_such_a_kind_waits_and_wakes_nobody(reminding: Parts) -> None:
    made = await remind(reminding, ObjectId())
    (row,) = await rows(_id=made.message_id)
    assert made.item is not None
    assert (row["unread_item"], row["why"]) == (made.item["id"], "waits to be read")
    assert row["due_at"] - row["created_at"] == timedelta(seconds=WAIT)
    assert await messages.claim(reminding, None, "email", 10, "w1") == []
    assert await jobs(reminding, messages.PERSONAL) == []


async def test_only_what_is_read_need_not_leave(reminding: Parts) -> None:
    ann, bob = ObjectId(), ObjectId()
    first, second = [await remind(reminding, ann) for _ in "12"]
    third, _ = [await remind(reminding, bob) for _ in "12"]
    await read(reminding, ann, first)
    await read(reminding, bob, third)
    claimed = await claim_all(reminding)
    assert len(claimed) == 4
    assert await unread.already_read(claimed) == ids(first, third)
    await read(reminding, ann, second)
    assert await unread.already_read(claimed) == ids(first, second, third)


async def test_what_all_read_up_to_a_cursor_need_not_leave(reminding: Parts) -> None:
    user_id = ObjectId()
    made = [await remind(reminding, user_id) for _ in "123"]
    await inbox.mark_read(reminding, user_id, up_to=made[1].seq)
    assert await unread.already_read(await claim_all(reminding)) == ids(*made[:2])


async def test_what_went_into_the_archive_need_not_leave(reminding: Parts) -> None:
    user_id = ObjectId()
    made = [await remind(reminding, user_id) for _ in "12"]
    assert made[0].item is not None
    await inbox.archive(reminding, user_id, made[0].item["id"], archived=True)
    assert await unread.already_read(await claim_all(reminding)) == ids(made[0])


async def test_what_is_retracted_while_a_worker_has_it_need_not_leave(reminding: Parts) -> None:
    user_id = ObjectId()
    made = [await remind(reminding, user_id) for _ in "12"]
    claimed = await claim_all(reminding)
    assert made[0].item is not None
    await revisions.retract(reminding, user_id, made[0].item["id"])
    assert await unread.already_read(claimed) == ids(made[0])


async def test_what_was_read_and_then_pushed_out_by_newer_ones_need_not_leave(
    reminding: Parts,
) -> None:
    small, user_id = limited(reminding, 3), ObjectId()
    made = [await remind(small, user_id) for _ in "123"]
    await read(small, user_id, made[0])
    assert made[1].item is not None
    await inbox.archive(small, user_id, made[1].item["id"], archived=True)
    await inbox.mark_read(small, user_id, up_to=made[2].seq)
    other = await remind(small, ObjectId())
    await ring(small, user_id, 3)
    assert await unread.already_read(await claim_all(reminding)) == ids(*made)
    (row,) = await rows(_id=other.message_id)
    assert not row.get("read")


async def test_only_an_e_mail_that_waits_is_told_of_what_is_read(
    reminding: Parts, profile: Collection[dict[str, Any]]
) -> None:
    user_id = ObjectId()
    first, waits = await ring(reminding, user_id), await remind(reminding, user_id)
    assert await inbox.mark_read(reminding, user_id, up_to=first) == Marked(1, 1, 3)
    plain = await notifications.create(reminding, "s", notification(user_id))
    await read(reminding, user_id, plain)
    told = {"ns": {"$regex": "messages$"}, "op": "update"}
    assert profile.count_documents(told) == 0
    await read(reminding, user_id, waits)
    assert profile.count_documents(told) == 1


async def test_what_newer_ones_pushed_out_counts_as_unread(reminding: Parts) -> None:
    small, user_id = limited(reminding, 2), ObjectId()
    made = [await remind(small, user_id) for _ in "123"]
    await inbox.mark_read(reminding, user_id, up_to=made[2].seq)
    assert await unread.already_read(await claim_all(reminding)) == ids(*made[1:])


async def test_an_e_mail_that_waits_for_nothing_leaves_though_it_is_read(parts: Parts) -> None:
    user_id = ObjectId()
    made = await notifications.create(parts, "s", notification(user_id, "new_login"))
    await read(parts, user_id, made)
    claimed = await claim_all(parts)
    assert [one.id for one in claimed] == [made.message_id]
    assert await unread.already_read(claimed) == set()


async def test_a_user_who_is_gone_has_read_nothing(reminding: Parts) -> None:
    made = await remind(reminding, ObjectId())
    claimed = await claim_all(reminding)
    assert [one.id for one in claimed] == [made.message_id]
    await reminding.mongo.get_default_database().users.delete_many({})
    assert await unread.already_read(claimed) == set()


async def test_messages_of_mailings_wait_for_nobody(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 2)
    claimed = await messages.claim(parts, mailing_id, "sending_api", 10, "w1")
    assert len(claimed) == 2
    assert await unread.already_read(claimed) == set()


@pytest.fixture
def profile(prepared: Database[dict[str, Any]]) -> Iterator[Collection[dict[str, Any]]]:
    """MongoDB's own record of every operation from now on."""
    prepared.command("profile", 2)
    yield prepared["system.profile"]
    prepared.command("profile", 0)
    prepared.drop_collection("system.profile")


async def test_one_query_looks_for_all_and_brings_no_inbox_along(
    reminding: Parts, profile: Collection[dict[str, Any]]
) -> None:
    users = [ObjectId() for _ in range(5)]
    for user_id in users:
        large = {"text": "x" * 10_000}
        made = notification(user_id, "reminder", data=large)
        await read(reminding, user_id, await notifications.create(reminding, "s", made))
    claimed = await claim_all(reminding)
    before = profile.count_documents({"ns": {"$regex": "users$"}})
    assert len(await unread.already_read(claimed)) == len(users)
    (query,) = profile.find({"ns": {"$regex": "users$"}}).skip(before)
    assert query["responseLength"] < 2_000
