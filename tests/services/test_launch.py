from typing import Any

import pytest
from bson import Int64, ObjectId

from core import clock
from core.parts import Parts
from models.mailing import Mailing, MailingStatus
from models.message import Message
from rules import message
from services import launch, messages
from tests import factories
from tests.factories import HOUR, created, id_of, with_email
from tests.services.conftest import Happened
from tests.services.looking import rows, wholly_launched

BOTH = ("sending_api", "email")


async def test_every_client_gets_one_row_per_channel_over_several_batches(parts: Parts) -> None:
    client_ids = await factories.clients(2_500, said=with_email)
    mailing_id = id_of(await created(parts, channels=BOTH))
    assert await launch.launch(parts, mailing_id) == 5_000
    assert await wholly_launched(parts, mailing_id, client_ids, BOTH)
    made = await rows(mailing_id=mailing_id)
    assert len({row["number"] for row in made}) == 5_000
    assert {type(row["number"]) for row in made} == {Int64}


@pytest.mark.parametrize("count", [0, 1, 999, 1_000, 1_001])
async def test_the_edges_of_a_batch_make_no_difference(parts: Parts, count: int) -> None:
    client_ids = await factories.clients(count) if count else []
    mailing_id = id_of(await created(parts))
    assert await launch.launch(parts, mailing_id) == count
    assert await wholly_launched(parts, mailing_id, client_ids, ("sending_api",))


async def test_a_row_says_all_that_a_worker_needs(parts: Parts) -> None:
    (client_id,) = await factories.clients(1, said=with_email)
    mailing_id = id_of(await created(parts, channels=BOTH))
    await launch.launch(parts, mailing_id)
    by_channel = {row["channel"]: row for row in await rows(mailing_id=mailing_id)}
    row = by_channel["sending_api"]
    assert row["_id"] == message.message_id(str(mailing_id), str(client_id), "sending_api")
    assert row["number"] == message.number(row["_id"])
    assert (row["address"], row["status"]) == (factories.phone(0), "pending")
    assert (row["attempts"], row["maybe_sent"], row["why"]) == (0, False, "")
    assert by_channel["email"]["address"] == "c0@example.com"
    stored = await Message.get(row["_id"])
    assert stored is not None
    assert stored.number == row["number"]


async def test_a_client_without_an_address_gets_nothing_on_that_channel(parts: Parts) -> None:
    client_ids = await factories.clients(
        4, said=lambda number: with_email(number) if number % 2 else {"email": None}
    )
    mailing_id = id_of(await created(parts, channels=("email",)))
    assert await launch.launch(parts, mailing_id) == 2
    assert {row["client_id"] for row in await rows(mailing_id=mailing_id)} == {
        client_ids[1],
        client_ids[3],
    }


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"tags": ("vip",)}, [0, 2, 4]),
        ({"operator_codes": ("901",)}, [0, 1, 2]),
        ({"operator_codes": ("901",), "tags": ("vip", "new")}, [0, 2]),
        ({"tags": ("unknown",)}, []),
        ({"all": True}, [0, 1, 2, 3, 4, 5]),
    ],
)
async def test_only_the_audience_gets_messages(
    parts: Parts, said: dict[str, Any], expected: list[int]
) -> None:
    client_ids = await factories.clients(
        6,
        said=lambda number: {
            "operator_code": "901" if number < 3 else "902",
            "tags": [] if number % 2 else ["vip"],
        },
    )
    mailing_id = id_of(await created(parts, **said))
    await launch.launch(parts, mailing_id)
    chosen = [client_ids[number] for number in expected]
    assert await wholly_launched(parts, mailing_id, chosen, ("sending_api",))


async def test_a_second_launch_makes_nothing(parts: Parts) -> None:
    client_ids = await factories.clients(3)
    mailing_id = id_of(await created(parts))
    assert [await launch.launch(parts, mailing_id) for _ in range(2)] == [3, 0]
    assert await wholly_launched(parts, mailing_id, client_ids, ("sending_api",))


async def test_a_number_that_is_taken_is_replaced_by_the_next(parts: Parts) -> None:
    client_ids = await factories.clients(3, said=with_email)
    mailing_id = id_of(await created(parts, channels=BOTH))
    ids = [message.message_id(str(mailing_id), str(client_ids[1]), channel) for channel in BOTH]
    taken = [message.number(ids[0]), message.number(ids[0], 1), message.number(ids[1])]
    for place, number in enumerate(taken):
        row = {"_id": f"taken {place}", "number": Int64(number), "status": "sent"}
        await messages.collection().insert_one(row)
    await launch.launch(parts, mailing_id)
    assert await wholly_launched(parts, mailing_id, client_ids, BOTH)
    numbers = {row["_id"]: row["number"] for row in await rows(mailing_id=mailing_id)}
    assert numbers[ids[0]] == message.number(ids[0], 2)
    assert numbers[ids[1]] == message.number(ids[1], 1)


async def test_a_mailing_of_the_future_is_not_launched(parts: Parts) -> None:
    await factories.clients(3)
    mailing_id = id_of(
        await created(parts, start_at=clock.now() + HOUR, end_at=clock.now() + 2 * HOUR)
    )
    assert await launch.launch(parts, mailing_id) == 0
    stored = await Mailing.get(mailing_id)
    assert stored is not None
    assert stored.status is MailingStatus.SCHEDULED
    assert await rows(mailing_id=mailing_id) == []


async def test_the_start_is_judged_by_the_time_of_the_database(parts: Parts) -> None:
    await factories.clients(3)
    mailing_id = id_of(
        await created(parts, start_at=clock.now() + HOUR, end_at=clock.now() + 3 * HOUR)
    )
    parts.database_clock.observe(clock.now() + 2 * HOUR)
    assert await launch.launch(parts, mailing_id) == 3


async def test_an_unknown_mailing_is_not_launched(parts: Parts) -> None:
    assert await launch.launch(parts, ObjectId()) == 0


async def test_the_workers_of_the_bulk_lane_are_woken(parts: Parts, happened: Happened) -> None:
    mailing_id = await factories.launched(parts, 2)
    await parts.queue.close()
    jobs = await parts.redis.queued_jobs(queue_name="belfry:bulk")
    assert "pump:bulk:0" in {job.job_id for job in jobs}
    assert ("mailing.launched", {"mailing_id": str(mailing_id), "messages": 2}) in happened
