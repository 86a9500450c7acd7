"""The archive of an inbox: hidden and read, but kept (X9)."""

from bson import ObjectId

from core.parts import Parts
from services import inbox, notifications
from services.inbox import Changed
from services.notifications import Notified
from tests.factories import notification


async def made(parts: Parts, user_id: ObjectId) -> Notified:
    return await notifications.create(parts, "s", notification(user_id))


def id_of(one: Notified) -> str:
    assert one.item is not None
    item_id: str = one.item["id"]
    return item_id


async def test_the_archive_reads_and_hides_and_gives_back(parts: Parts) -> None:
    user_id = ObjectId()
    one, _ = await made(parts, user_id), await made(parts, user_id)
    done = await inbox.archive(parts, user_id, id_of(one), archived=True)
    assert (done.changed, done.unread, done.seq) == (True, 1, 3)
    assert (done.item["archived"], done.item["new"]) == (True, False)
    again = await inbox.archive(parts, user_id, id_of(one), archived=True)
    assert again == Changed(done.item, changed=False, unread=1, seq=3)
    state = await inbox.load(user_id, with_items=True)
    assert (state.total, state.unread, len(state.items or ())) == (1, 1, 2)
    back = await inbox.archive(parts, user_id, id_of(one), archived=False)
    assert (back.item["archived"], back.item["new"], back.seq) == (False, False, 4)
    assert (await inbox.load(user_id, with_items=False)).total == 2


async def test_what_never_was_in_the_archive_can_not_come_back_from_it(parts: Parts) -> None:
    user_id = ObjectId()
    one = await made(parts, user_id)
    done = await inbox.archive(parts, user_id, id_of(one), archived=False)
    assert done == Changed(done.item, changed=False, unread=1, seq=1)
