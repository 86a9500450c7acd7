import uuid
from datetime import timedelta

from bson import ObjectId

from core import clock
from core.parts import Parts
from models.attempt import Attempt
from models.message import Message
from rules.message import Status
from services import history, messages, paging
from tests import factories


async def tried(message_id: uuid.UUID, times: int) -> None:
    """Attempts of a message, stored newest first."""
    now = clock.now()
    rows = [
        {
            "message_id": message_id,
            "number": number,
            "channel": "sending_api",
            "address": "79991234567",
            "started_at": now + timedelta(seconds=number),
            "duration_ms": 1.5,
            "verdict": "not_accepted",
            "code": "503",
            "answer": "",
            "worker": "w1",
        }
        for number in range(times, 0, -1)
    ]
    await Attempt.get_pymongo_collection().insert_many(rows)


async def test_a_message_is_found_by_its_id(parts: Parts) -> None:
    await factories.launched(parts, 1)
    (row,) = await messages.collection().find().to_list()
    found = await history.message(row["_id"])
    assert found is not None
    assert (found.id, found.number, found.address) == (row["_id"], row["number"], row["address"])
    assert await history.message(uuid.uuid4()) is None


async def test_the_attempts_of_a_message_come_oldest_first(parts: Parts) -> None:
    message_id = uuid.uuid4()
    await tried(message_id, 5)
    await tried(uuid.uuid4(), 2)
    found = (await history.attempts([message_id]))[message_id]
    assert [one.number for one in found] == [1, 2, 3, 4, 5]


async def test_there_is_an_end_to_the_attempts_that_are_shown(parts: Parts) -> None:
    message_id = uuid.uuid4()
    await tried(message_id, history.MOST_ATTEMPTS + 5)
    assert len((await history.attempts([message_id]))[message_id]) == history.MOST_ATTEMPTS


async def test_the_messages_of_a_mailing_are_paged_by_status(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 7)
    ids = sorted(row["_id"] for row in await messages.collection().find().to_list())
    await messages.collection().update_one({"_id": ids[2]}, {"$set": {"status": "sent"}})
    await messages.collection().update_one({"_id": ids[5]}, {"$set": {"status": "failed"}})
    page = await paged(mailing_id, ())
    assert ([one.id for one in page.items], page.has_next) == (ids[:4], True)
    rest = await paged(mailing_id, (), after=ids[3])
    assert ([one.id for one in rest.items], rest.has_next) == (ids[4:], False)
    chosen = await paged(mailing_id, (Status.SENT, Status.FAILED))
    assert [one.id for one in chosen.items] == [ids[2], ids[5]]
    assert (await paged(ObjectId(), ())).items == []


async def test_each_mailing_gets_a_page_of_its_own(parts: Parts) -> None:
    many, few, none = await factories.launched(parts, 5), ObjectId(), ObjectId()
    moved = [row["_id"] for row in await messages.collection().find().limit(2).to_list()]
    await messages.collection().update_many({"_id": {"$in": moved}}, {"$set": {"mailing_id": few}})
    pages = await history.of_mailings([many, few, none], (), first=2, after=None)
    assert {one: (len(page.items), page.has_next) for one, page in pages.items()} == {
        many: (2, True),
        few: (2, False),
        none: (0, False),
    }
    assert all(one.mailing_id == few for one in pages[few].items)


async def paged(
    mailing_id: ObjectId, statuses: tuple[Status, ...], after: uuid.UUID | None = None
) -> paging.Page[Message]:
    pages = await history.of_mailings([mailing_id], statuses, first=4, after=after)
    return pages[mailing_id]
