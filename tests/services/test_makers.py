"""Who may change a notification that is out: whoever made it, and those who may change any."""

from bson import ObjectId

from core.errors import Problem
from core.parts import Parts
from rules.message import Status
from services import messages, notifications, objections, revisions, users
from services.notifications import Notified
from services.revisions import Retracted
from tests.factories import notification
from tests.services.following import limited, ring
from tests.services.looking import mistakes, rows


async def made(parts: Parts, user_id: ObjectId) -> str:
    """A notification of the maker `s`; its id."""
    one = await notifications.create(parts, "s", notification(user_id))
    assert one.item is not None
    return str(one.item["id"])


async def test_a_maker_changes_and_takes_back_only_what_it_made(parts: Parts) -> None:
    user_id = ObjectId()
    item_id = await made(parts, user_id)
    for verb in (
        revisions.update(parts, user_id, item_id, {"data": {"a": 1}}, "another"),
        revisions.retract(parts, user_id, item_id, "another"),
    ):
        assert await mistakes(verb) == {("id", Problem.NOT_FOUND)}
    assert (await revisions.update(parts, user_id, item_id, {"data": {"a": 1}}, "s")).changed
    assert (await revisions.retract(parts, user_id, item_id, "s")).changed
    assert not (await revisions.retract(parts, user_id, item_id, "s")).changed


async def test_what_was_made_before_makers_were_kept_is_the_operators(parts: Parts) -> None:
    user_id = ObjectId()
    item_id = await made(parts, user_id)
    await users.collection().update_one({"_id": user_id}, {"$unset": {"inbox.0.by": 1}})
    verb = revisions.retract(parts, user_id, item_id, "s")
    assert await mistakes(verb) == {("id", Problem.NOT_FOUND)}
    assert (await revisions.retract(parts, user_id, item_id)).changed


async def pushed_out(parts: Parts, user_id: ObjectId) -> tuple[str, Notified]:
    """A notification with an e-mail that newer ones pushed out of the inbox, and its id."""
    small = limited(parts, 3)
    one = await notifications.create(small, "s", notification(user_id, "new_login"))
    await ring(small, user_id, 3)
    assert one.item is not None
    return str(one.item["id"]), one


async def test_the_e_mail_of_what_newer_ones_pushed_out_can_be_taken_back(parts: Parts) -> None:
    user_id = ObjectId()
    item_id, made = await pushed_out(parts, user_id)
    assert await revisions.retract(parts, user_id, item_id, "s") == Retracted(
        changed=True, unread=3, seq=4
    )
    (row,) = await rows(_id=made.message_id)
    assert (row["status"], row["why"]) == (Status.CANCELLED, objections.WITHDRAWN)
    assert await revisions.retract(parts, user_id, item_id, "s") == Retracted(
        changed=False, unread=3, seq=4
    )


async def test_nobody_else_takes_back_the_e_mail_of_what_was_pushed_out(parts: Parts) -> None:
    user_id = ObjectId()
    item_id, made = await pushed_out(parts, user_id)
    verb = revisions.retract(parts, user_id, item_id, "another")
    assert await mistakes(verb) == {("id", Problem.NOT_FOUND)}
    (row,) = await rows(_id=made.message_id)
    assert row["status"] == Status.PENDING
    assert (await revisions.retract(parts, user_id, item_id)).changed


async def test_what_was_pushed_out_and_mailed_is_out(parts: Parts) -> None:
    user_id = ObjectId()
    item_id, made = await pushed_out(parts, user_id)
    sent = {"$set": {"status": Status.SENT}}
    await messages.collection().update_one({"_id": made.message_id}, sent)
    verb = revisions.retract(parts, user_id, item_id, "s")
    assert await mistakes(verb) == {("id", Problem.NOT_FOUND)}
