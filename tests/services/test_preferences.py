"""What recipients mute, and that it is what then stays away from their inbox."""

import asyncio

import pytest
from bson import ObjectId

from core.errors import Problem
from core.parts import Parts
from rules.preferences import MOST
from services import inbox, kinds, notifications, preferences
from services.preferences import Owner, Whose, Wish
from tests import factories
from tests.factories import notification
from tests.services.looking import mistakes, rows

PROMO = ("promo", "email")


def user() -> Owner:
    return Owner(Whose.USER, ObjectId())


async def client() -> Owner:
    (client_id,) = await factories.clients(1)
    return Owner(Whose.CLIENT, client_id)


async def test_nothing_is_muted_at_first(parts: Parts) -> None:
    assert await preferences.muted(user()) == ()
    assert await preferences.muted(await client()) == ()


async def test_what_is_muted_is_kept_in_order_and_once(parts: Parts) -> None:
    for owner in (user(), await client()):
        wish = Wish(mute=[PROMO, (None, "email"), PROMO, ("news", None)])
        assert await preferences.change(parts, owner, wish, "u") == (
            *("*/email", "news/*", "promo/email"),
        )
        wish = Wish(mute=[("a", "in_app")], unmute=[PROMO, ("never", "email")])
        after = ("*/email", "a/in_app", "news/*")
        assert await preferences.change(parts, owner, wish, "u") == after
        assert await preferences.muted(owner) == after
        assert await preferences.change(parts, owner, Wish(muted=[PROMO]), "u") == ("promo/email",)
        assert await preferences.change(parts, owner, Wish(muted=[]), "u") == ()


async def test_changes_at_the_same_moment_are_all_kept(parts: Parts) -> None:
    owner = user()
    wishes = [Wish(mute=[(f"t{number}", "email")]) for number in range(20)]
    await asyncio.gather(*(preferences.change(parts, owner, wish, "u") for wish in wishes))
    assert len(await preferences.muted(owner)) == 20


async def test_an_unknown_user_is_made_and_an_unknown_client_is_not(parts: Parts) -> None:
    owner = user()
    await preferences.change(parts, owner, Wish(mute=[PROMO]), "u")
    made = await inbox.load(owner.id, with_items=True)
    assert (made.seq, made.unread, made.items) == (0, 0, ())
    nobody = Owner(Whose.CLIENT, ObjectId())
    missing = {("clientId", Problem.NOT_FOUND)}
    assert await mistakes(preferences.muted(nobody)) == missing
    assert await mistakes(preferences.change(parts, nobody, Wish(mute=[PROMO]), "u")) == missing


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (Wish(mute=[("Big Sale", "email")]), ("mute.0.topic", Problem.INVALID)),
        (Wish(muted=[PROMO, ("", "email")]), ("muted.1.topic", Problem.BLANK)),
        (Wish(muted=[PROMO], mute=[PROMO]), ("muted", Problem.INVALID)),
        (Wish(muted=[PROMO], unmute=[PROMO]), ("muted", Problem.INVALID)),
        (Wish(mute=[PROMO] * (MOST + 1)), ("mute", Problem.TOO_MANY)),
    ],
)
async def test_what_can_not_be_muted_is_a_mistake_at_its_place(
    parts: Parts, wish: Wish, expected: tuple[str, Problem]
) -> None:
    owner = user()
    assert await mistakes(preferences.change(parts, owner, wish, "u")) == {expected}
    assert await preferences.muted(owner) == ()


async def test_too_much_at_last_changes_nothing(parts: Parts) -> None:
    owner = user()
    full = [(f"t{number}", "email") for number in range(MOST)]
    before = await preferences.change(parts, owner, Wish(mute=full), "u")
    wish = Wish(mute=[("one.more", "email")])
    assert await mistakes(preferences.change(parts, owner, wish, "u")) == {
        ("mute", Problem.TOO_MANY)
    }
    assert await preferences.muted(owner) == before
    wish = Wish(mute=[("one.more", "email")], unmute=[("t0", "email")])
    assert len(await preferences.change(parts, owner, wish, "u")) == MOST


async def test_nobody_can_mute_what_is_critical_but_may_keep_what_was_muted_before(
    parts: Parts,
) -> None:
    owner = user()
    await preferences.change(parts, owner, Wish(mute=[("new_login", "email")]), "u")
    await kinds.update(parts, "new_login", {"critical": True})
    for wish, field in (
        (Wish(mute=[PROMO, ("new_login", None)]), "mute.1.topic"),
        (Wish(muted=[("new_login", "in_app")]), "muted.0.topic"),
    ):
        expected = {(field, Problem.NOT_ALLOWED_NOW)}
        assert await mistakes(preferences.change(parts, owner, wish, "u")) == expected
    wish = Wish(muted=[("new_login", "email"), PROMO])
    assert await preferences.change(parts, owner, wish, "u") == ("new_login/email", "promo/email")


async def muting(parts: Parts, *said: preferences.Mute) -> ObjectId:
    owner = user()
    await preferences.change(parts, owner, Wish(mute=said), "u")
    return owner.id


@pytest.mark.parametrize(
    ("entry", "placed"),
    [
        (("new_post", "in_app"), False),
        ((None, "in_app"), False),
        (("new_post", None), False),
        (("new_post", "email"), True),
        (("new_message", "in_app"), True),
    ],
)
async def test_a_muted_notification_is_not_placed_and_makes_no_event(
    parts: Parts, entry: preferences.Mute, placed: bool
) -> None:
    user_id = await muting(parts, entry)
    made = await notifications.create(parts, "s", notification(user_id, "new_post"))
    assert (made.item is not None, made.muted) == (placed, not placed)
    kept = await inbox.load(user_id, with_items=True)
    assert kept.items is not None
    assert (len(kept.items), kept.unread, kept.seq) == (placed, placed, placed)


async def test_a_repeat_of_a_muted_notification_gets_the_same_answer(parts: Parts) -> None:
    user_id = await muting(parts, ("new_post", "in_app"))
    new = notification(user_id, "new_post", idempotency_key="k")
    first = await notifications.create(parts, "s", new)
    assert first.muted
    await preferences.change(parts, Owner(Whose.USER, user_id), Wish(muted=[]), "u")
    assert await notifications.create(parts, "s", new) == first


async def test_what_is_critical_is_placed_whatever_was_muted(parts: Parts) -> None:
    user_id = await muting(parts, ("new_post", "in_app"), (None, None))
    await kinds.update(parts, "new_post", {"critical": True})
    made = await notifications.create(parts, "s", notification(user_id, "new_post"))
    assert (made.item is not None, made.muted) == (True, False)


async def test_of_a_kind_with_e_mail_only_the_muted_half_stays_away(parts: Parts) -> None:
    user_id = await muting(parts, ("new_login", "in_app"))
    made = await notifications.create(parts, "s", notification(user_id, "new_login"))
    assert (made.item, made.muted) == (None, True)
    (row,) = await rows()
    assert (row["_id"], row["topic"], row["status"]) == (made.message_id, "new_login", "pending")
