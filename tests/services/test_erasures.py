"""Erasing persons: nothing names them afterwards, and every count is what it was."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from core import clock, failpoints
from core.errors import InvalidInput
from core.parts import Parts
from models.erasure import Erasure, Person
from rules import erasure
from rules.message import Status
from rules.suppression import Reason
from services import (
    erasing,
    erasures,
    mailings,
    messages,
    notifications,
    reconcile,
    retries,
    suppressions,
)
from services.suppressions import NewSuppression
from tests import factories
from tests.services import days
from tests.services.traces import EMAIL, NAME, PHONE, TELEGRAM, database, lived, traces


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request does all that it can, however slow the machine is."""
    monkeypatch.setattr(erasures, "AT_ONCE_SECONDS", 60.0)
    monkeypatch.setattr(erasures, "TURN_SECONDS", 60.0)


async def go_on(parts: Parts) -> None:
    await erasures.go_on(parts, time.monotonic() + 60)


async def erase(parts: Parts, client_id: ObjectId) -> Erasure:
    names = [str(client_id), "an opaque id"]
    return await erasures.erase(parts, Person.CLIENT, client_id, names, "admin")


async def counts(parts: Parts) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = [{"$group": {"_id": "$status", "count": {"$sum": 1}}}]
    found = await messages.collection().aggregate([*groups, {"$sort": {"_id": 1}}])
    return await found.to_list()


async def test_nothing_names_an_erased_client_and_all_counts_stay(parts: Parts) -> None:
    client_id, mailing_id = await lived(parts)
    before = await messages.collection().count_documents({})
    assert len(await traces(parts)) >= 7
    found = await erase(parts, client_id)
    assert (found.messages, found.done_at is None, found.addresses) == (3, False, [])
    assert await traces(parts) == []
    assert await messages.collection().count_documents({}) == before
    assert await reconcile.reconcile(parts, mailing_id) == {}
    by_status = {row["_id"]: row["count"] for row in await counts(parts)}
    assert by_status == {"cancelled": 1, "failed": 1, "sent": 1}
    assert (await messages.collection().find_one({"status": "failed"}) or {})[
        "why"
    ] == "refused: 550"
    attempts = await database(parts)["attempts"].find().to_list()
    assert {(row["address"], row["answer"], row["code"]) for row in attempts} == {
        ("", erasure.ERASED, "550")
    }
    rows = await messages.collection().find({"erased": True}).to_list()
    assert not {name for row in rows for name in row} & LINKS


LINKS = {"client_id", "user_id", "contact_id", "contact_name", "unread_item", "content", "lease"}


async def test_opt_outs_outlive_their_owner(parts: Parts) -> None:
    client_id, _ = await lived(parts)
    await erase(parts, client_id)
    assert await suppressions.listed("email", [EMAIL]) == {EMAIL: Reason.MANUAL}
    assert await suppressions.listed("telegram", [TELEGRAM]) == {TELEGRAM: Reason.UNSUBSCRIBED}
    assert await suppressions.listed("sending_api", [PHONE]) == {}
    await suppressions.resubscribe("telegram", TELEGRAM)
    assert await suppressions.listed("telegram", [TELEGRAM]) == {}
    (removed,) = await suppressions.remove("op", [NewSuppression("email", EMAIL)])
    assert not isinstance(removed, InvalidInput)
    assert await suppressions.listed("email", [EMAIL]) == {}


async def test_a_repeat_changes_nothing_and_an_unknown_one_is_told(parts: Parts) -> None:
    client_id, _ = await lived(parts)
    first = await erase(parts, client_id)
    again = await erase(parts, client_id)
    assert (again.id, again.done_at, again.messages) == (first.id, first.done_at, 3)
    with pytest.raises(InvalidInput, match="no such client"):
        await erase(parts, ObjectId())


async def test_a_client_that_was_deleted_before_is_erased_by_its_messages(parts: Parts) -> None:
    client_id, _ = await lived(parts)
    await database(parts)["clients"].delete_one({"_id": client_id})
    assert (await erase(parts, client_id)).done_at is not None
    left = await traces(parts)
    assert [row.partition(":")[0] for row in left] == ["contacts"], "no message told its handle"


@pytest.mark.parametrize(
    "place",
    ["erasures.begun", "erasing.written:1", "erasing.written:2", "erasing.written:3"]
    + [f"erasing.committed:{count}" for count in range(1, 5)],
)
async def test_wherever_a_process_dies_the_sweep_goes_on(parts: Parts, place: str) -> None:
    client_id, mailing_id = await lived(parts)

    def die() -> None:
        raise KeyboardInterrupt

    failpoints.arm(place, testing=True, act=die)
    try:
        with pytest.raises(KeyboardInterrupt):
            await erase(parts, client_id)
    finally:
        failpoints.arm("", testing=True)
    await go_on(parts)
    (found,) = await Erasure.find_all().to_list()
    assert (found.done_at is None, found.messages) == (False, 3)
    assert await traces(parts) == []
    assert await reconcile.reconcile(parts, mailing_id) == {}


async def test_while_one_process_is_at_it_no_other_is(parts: Parts) -> None:
    client_id, _ = await lived(parts)
    ticket = (await erase(parts, client_id)).id
    rows = Erasure.get_pymongo_collection()
    held = {"done_at": None, "lease_until": clock.now() + timedelta(minutes=1)}
    await rows.update_one({"_id": ticket}, {"$set": held})
    await go_on(parts)
    assert (await rows.find_one({"_id": ticket}) or {})["done_at"] is None
    await rows.update_one({"_id": ticket}, {"$set": {"lease_until": None}})
    await go_on(parts)
    assert (await rows.find_one({"_id": ticket}) or {})["done_at"] is not None


async def test_a_message_under_way_ends_first(parts: Parts) -> None:
    client_id, _ = await lived(parts)
    api = {"channel": "sending_api"}
    await messages.collection().update_one(api, {"$set": {"status": "sending"}})
    found = await erase(parts, client_id)
    assert found.done_at is None
    row = await messages.collection().find_one(api)
    assert row is not None and row["client_id"] == client_id
    ended = {"status": "sent", "closed_at": clock.now(), "address": PHONE}
    await messages.collection().update_one(api, {"$set": ended})
    await go_on(parts)
    assert await traces(parts) == []
    assert (await messages.collection().find_one(api) or {})["status"] == Status.SENT


async def test_many_messages_go_in_batches(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "BATCH", 2)
    monkeypatch.setattr(erasing, "SCANNED", 3)
    client_id, _ = await lived(parts)
    await days.ended(clock.now(), 7, client_id=client_id, address=EMAIL)
    await days.ended(clock.now(), 7, address=EMAIL)
    listed = await factories.created(parts)
    await mailings.collection().update_one({"_id": listed.id}, {"$set": {"listed": True}})
    await days.ended(clock.now(), 4, address=EMAIL, mailing_id=listed.id)
    assert (await erase(parts, client_id)).messages == 3 + 18
    assert await traces(parts) == []


async def test_what_went_to_the_same_address_of_somebody_else_stays(parts: Parts) -> None:
    client_id, _ = await lived(parts)
    other = ObjectId()
    (theirs,) = await days.ended(clock.now(), user_id=other, address=EMAIL)
    await erase(parts, client_id)
    row = await messages.collection().find_one({"_id": theirs})
    assert row is not None and row["address"] == EMAIL


async def test_the_address_of_whom_none_is_known_is_nobodys(parts: Parts) -> None:
    """Else the first such user that is erased would take the messages of all others along."""
    user_id = ObjectId()
    await notifications.create(parts, "a test", factories.notification(user_id, "new_login"))
    (other,) = await days.ended(clock.now(), address=parts.settings.email)
    found = await erasures.erase(parts, Person.USER, user_id, [str(user_id)], "admin")
    assert (found.done_at is None, found.messages) == (False, 1)
    row = await messages.collection().find_one({"_id": other})
    assert row is not None and row["address"] == parts.settings.email


async def test_an_erased_message_is_not_sent_when_it_is_tried_again(parts: Parts) -> None:
    client_id, mailing_id = await lived(parts)
    await erase(parts, client_id)
    retried = await retries.of_mailing(parts, mailing_id, [Status.FAILED], "op")
    assert retried.count == 1
    row = await messages.collection().find_one({"mailing_id": mailing_id, "status": "pending"})
    assert row is not None and row["erased"] and row["address"] == ""


async def test_a_user_goes_with_its_inbox_contacts_and_sessions(parts: Parts) -> None:
    user_id = ObjectId()
    new = factories.notification(user_id, "new_login", data={"name": NAME})
    await notifications.create(parts, "a test", new)
    await database(parts)["users"].update_one({"_id": user_id}, {"$set": {"email": EMAIL}})
    mine = {"owner": str(user_id), "name": "Bob", "key": "bob", "viber": "x"}
    await database(parts)["contacts"].insert_one(mine)
    await database(parts)["sessions"].insert_one(
        {"subject": str(user_id), "name": NAME, "hash": b"1"}
    )
    async with parts.wakeups.listen(str(user_id)) as bell, asyncio.timeout(30):
        found = await erasures.erase(parts, Person.USER, user_id, [str(user_id)], "admin")
        while b"{}" not in (await bell.take() or []):
            pass
    assert found.done_at is not None and found.messages == 1
    assert await traces(parts) == []
    for name in ("users", "contacts", "sessions"):
        assert await database(parts)[name].count_documents({}) == 0
    row = await messages.collection().find_one({})
    assert row is not None and row["status"] == "cancelled" and "user_id" not in row
