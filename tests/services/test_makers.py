"""Who may change a notification that is out: whoever made it, and those who may change any."""

from bson import ObjectId

from core.errors import Problem
from core.parts import Parts
from services import notifications, revisions, users
from tests.factories import notification
from tests.services.looking import mistakes


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
