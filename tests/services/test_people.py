"""Saving how users are written to, whoever else writes to them at that moment."""

import asyncio
from typing import Any

import pytest
from bson import ObjectId

from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.user import User
from rules import ring
from services import messages, notifications, people, recipients, users
from services.new_user import NewUser
from tests import factories
from tests.factories import notification
from tests.services.conftest import EMAIL
from tests.services.interludes import Interludes
from tests.services.looking import errors_of, mistakes, rows

ANN = {"email": "ann@example.com", "locale": "de-AT", "time_zone": "Asia/Tokyo"}


def new(user_id: object = None, **said: Any) -> NewUser:
    return NewUser(str(user_id or ObjectId()), said)


async def save(parts: Parts, user_id: ObjectId, key: str | None = None, **said: Any) -> User:
    return await people.save(parts, "operator", new(user_id, **said), key)


async def stored(user_id: ObjectId) -> dict[str, Any]:
    row = await users.collection().find_one({"_id": user_id})
    assert row is not None
    return row


async def test_what_is_saved_can_be_read(parts: Parts) -> None:
    user_id = ObjectId()
    saved = await save(parts, user_id, **{**ANN, "locale": "DE-at"})
    assert (saved.email, saved.locale, saved.time_zone, saved.unread) == (*ANN.values(), 0)
    assert await people.get(user_id) == saved
    assert await people.get(ObjectId()) is None


async def test_a_user_without_a_zone_is_in_utc(parts: Parts) -> None:
    (user_id,) = await factories.users(1)
    found = await people.get(user_id)
    assert found is not None
    assert (found.time_zone, found.locale) == ("UTC", None)


async def test_a_user_made_here_is_one_made_by_a_notification(parts: Parts) -> None:
    told, saved = ObjectId(), ObjectId()
    await users.change(told, ring.touch(EMAIL), upsert=True)
    await save(parts, saved, locale="de")
    await save(parts, saved, locale=None)
    assert {**await stored(told), "_id": saved} == await stored(saved)


async def test_the_first_notification_keeps_what_was_saved(parts: Parts) -> None:
    user_id = ObjectId()
    await save(parts, user_id, **ANN)
    made = await notifications.create(parts, "s", notification(user_id, "new_login"))
    assert (made.seq, made.unread) == (1, 1)
    row = await stored(user_id)
    assert {name: row[name] for name in ANN} == ANN
    assert [one["address"] for one in await rows()] == [ANN["email"]]


async def test_what_is_left_out_stays_and_so_does_the_inbox(parts: Parts) -> None:
    user_id = ObjectId()
    await save(parts, user_id, **ANN)
    await notifications.create(parts, "s", notification(user_id, "new_post"))
    before = await stored(user_id)
    await save(parts, user_id, time_zone="Europe/Riga")
    await save(parts, user_id)
    assert await stored(user_id) == {**before, "time_zone": "Europe/Riga"}


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"email": "ann"}, ("email", Problem.INVALID)),
        ({"email": None}, ("email", Problem.BLANK)),
        ({"locale": "de_AT"}, ("locale", Problem.INVALID)),
        ({"time_zone": "Mars/North"}, ("timeZone", Problem.INVALID)),
        ({"time_zone": None}, ("timeZone", Problem.BLANK)),
    ],
)
async def test_a_mistake_is_named_and_makes_no_user(
    parts: Parts, said: dict[str, Any], wrong: tuple[str, Problem]
) -> None:
    assert await mistakes(save(parts, ObjectId(), **said)) == {wrong}
    assert await User.count() == 0


async def test_all_mistakes_are_named_at_once(parts: Parts) -> None:
    saving = people.save(parts, "o", new("x", email="", locale="?"))
    assert {field for field, _ in await mistakes(saving)} == {"userId", "email", "locale"}


async def test_of_many_one_mistake_stops_no_other(parts: Parts) -> None:
    one, other = ObjectId(), ObjectId()
    batch = [new(one, email="1@example.com"), new(one, email="2@example.com"), new("x"), new(other)]
    first, twice, bad, last = await people.save_many(parts, "o", batch)
    assert isinstance(first, User) and isinstance(last, User)
    assert (first.email, last.email) == ("1@example.com", EMAIL)
    assert isinstance(twice, InvalidInput) and isinstance(bad, InvalidInput)
    assert errors_of(twice) == {("userId", Problem.TAKEN)}
    assert errors_of(bad) == {("userId", Problem.INVALID)}


async def test_a_thousand_are_saved_at_a_time_and_no_more(parts: Parts) -> None:
    batch = [new(locale="de") for _ in range(1_000)]
    answers = await people.save_many(parts, "o", batch, "k")
    assert [str(one.id) for one in answers if isinstance(one, User)] == [it.user_id for it in batch]
    too_many = people.save_many(parts, "o", [*batch, new()])
    assert await mistakes(too_many) == {("users", Problem.TOO_MANY)}
    assert await people.save_many(parts, "o", []) == []


async def test_a_repeat_of_a_key_changes_nothing(parts: Parts) -> None:
    user_id, mistaken = ObjectId(), new("x", email="@")
    batch = [new(user_id, **ANN), mistaken]
    first = await people.save_many(parts, "o", batch, "k")
    await save(parts, user_id, email="bo@example.com")
    again = await people.save_many(parts, "o", batch, "k")
    assert again[0] == first[0]
    assert [errors_of(one[1]) for one in (first, again) if isinstance(one[1], InvalidInput)] == [
        {("userId", Problem.INVALID), ("email", Problem.INVALID)}
    ] * 2
    assert (await stored(user_id))["email"] == "bo@example.com"
    assert await mistakes(people.save_many(parts, "o", batch[:1], "k")) == {
        ("idempotencyKey", Problem.CONFLICT)
    }


@pytest.mark.parametrize("key", [None, "k"])
async def test_a_user_that_is_made_at_the_same_moment_is_saved_all_the_same(
    parts: Parts, prepared: Any, interludes: Interludes, key: str | None
) -> None:
    user_id = ObjectId()
    row = {"_id": user_id, "seq": 4, "unread": 2, "email": "old@example.com"}
    interludes.before("update", "users", lambda: prepared.users.insert_one(row))
    saved = await save(parts, user_id, key, email=ANN["email"])
    assert (saved.email, saved.unread) == (ANN["email"], 2)
    assert (await stored(user_id))["seq"] == 4


async def test_notifications_and_saves_of_the_same_new_users_all_succeed(parts: Parts) -> None:
    ids = [ObjectId() for _ in range(40)]
    batch = [new(one, **ANN) for one in ids]
    told = (notifications.create(parts, "s", notification(one, "new_post")) for one in ids)
    saved = (people.save_many(parts, "o", batch, key) for key in (None, "k", "l", None))
    await asyncio.gather(*told, *saved)
    for user in await User.find_all().to_list():
        assert (user.email, user.seq, user.unread) == (ANN["email"], 1, 1)
    assert await User.count() == len(ids)


async def test_an_e_mail_that_waits_goes_to_the_address_saved_last(parts: Parts) -> None:
    user_id = ObjectId()
    await notifications.create(parts, "s", notification(user_id, "new_login"))
    await save(parts, user_id, **ANN)
    (claimed,) = await messages.claim(parts, None, "email", 10, "w")
    await recipients.look_up([claimed], "email")
    assert (claimed.row["address"], claimed.row["stored_address"]) == (ANN["email"], EMAIL)
    assert (claimed.row["zone"], claimed.row["locale"]) == (ANN["time_zone"], ANN["locale"])


async def test_an_e_mail_to_a_user_who_is_gone_goes_where_it_was_meant_to_go(parts: Parts) -> None:
    user_id = ObjectId()
    await notifications.create(parts, "s", notification(user_id, "new_login"))
    await users.collection().delete_one({"_id": user_id})
    (claimed,) = await messages.claim(parts, None, "email", 10, "w")
    await recipients.look_up([claimed], "email")
    assert (claimed.row["address"], claimed.row["zone"]) == (EMAIL, "UTC")
