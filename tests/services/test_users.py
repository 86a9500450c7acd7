import asyncio

from bson import ObjectId

from core.parts import Parts
from models.user import User
from rules import ring
from services import users


async def test_of_many_that_make_the_same_user_at_once_none_fails(parts: Parts) -> None:
    user_id = ObjectId()
    heads = await asyncio.gather(
        *(users.change(user_id, ring.touch(f"u{n}@example.com"), upsert=True) for n in range(64))
    )
    assert len({head["email"] for head in heads if head is not None}) == 1
    assert await User.count() == 1


async def test_a_head_has_no_items(parts: Parts) -> None:
    stages = ring.place_item({"id": "i", "new": True}, 5, "u@example.com")
    head = await users.change(ObjectId(), stages, upsert=True)
    assert head is not None
    assert set(head) == {"_id", "email", "seq", "unread", "floor", "touched"}
