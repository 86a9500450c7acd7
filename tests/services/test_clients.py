import asyncio
from typing import Any

import pytest
from bson import ObjectId

from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.client import Client
from rules.message import Status
from services import clients, messages, stats
from services.new_client import NewClient
from tests import factories
from tests.factories import phone
from tests.services.interludes import Interludes
from tests.services.looking import errors_of, mistakes

ANN = NewClient("79991234567", tags=("vip",), time_zone="Europe/Moscow", email="ann@example.com")


async def test_a_client_is_stored_as_it_was_said(parts: Parts) -> None:
    made = await clients.create(parts, "o", ANN)
    assert made.id is not None
    assert await clients.get(made.id) == made
    said = made.model_dump(include={"phone", "tags", "time_zone", "email"})
    assert said == {
        "phone": "79991234567",
        "tags": ["vip"],
        "time_zone": "Europe/Moscow",
        "email": "ann@example.com",
    }


async def test_the_operator_code_is_read_off_the_phone_unless_it_is_given(parts: Parts) -> None:
    assert (await clients.create(parts, "o", NewClient("79261234567"))).operator_code == "926"
    ported = await clients.create(parts, "o", NewClient("79261234568", operator_code="903"))
    assert ported.operator_code == "903"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"phone": "89991234567"}, {("phone", Problem.INVALID)}),
        ({"phone": ""}, {("phone", Problem.INVALID)}),
        ({"operator_code": "9"}, {("operatorCode", Problem.INVALID)}),
        ({"operator_code": ""}, {("operatorCode", Problem.INVALID)}),
        ({"tags": ("",)}, {("tags", Problem.BLANK)}),
        ({"tags": ("x" * 65,)}, {("tags", Problem.TOO_LONG)}),
        ({"tags": tuple(f"t{number}" for number in range(51))}, {("tags", Problem.TOO_MANY)}),
        ({"time_zone": "Moscow"}, {("timeZone", Problem.INVALID)}),
        ({"email": "ann"}, {("email", Problem.INVALID)}),
        ({"email": ""}, {("email", Problem.INVALID)}),
        (
            {"telegram": "ann", "whatsapp": "+1 555", "viber": ""},
            {(way, Problem.INVALID) for way in ("telegram", "whatsapp", "viber")},
        ),
        (
            {"phone": "1", "operator_code": "x", "tags": ("",), "time_zone": "", "email": "@"},
            {
                ("phone", Problem.INVALID),
                ("operatorCode", Problem.INVALID),
                ("tags", Problem.BLANK),
                ("timeZone", Problem.INVALID),
                ("email", Problem.INVALID),
            },
        ),
    ],
)
async def test_every_mistake_in_a_client_is_named_and_none_is_stored(
    parts: Parts, said: dict[str, Any], expected: set[tuple[str, Problem]]
) -> None:
    new = NewClient(**{"phone": "79991234567", **said})
    assert await mistakes(clients.create(parts, "o", new)) == expected
    assert await Client.count() == 0


async def test_a_phone_belongs_to_one_client_even_in_a_race(parts: Parts) -> None:
    made = await asyncio.gather(
        *(clients.create(parts, "o", NewClient("79991234567")) for _ in range(8)),
        return_exceptions=True,
    )
    refused = [one for one in made if isinstance(one, InvalidInput)]
    assert [errors_of(one) for one in refused] == [{("phone", Problem.TAKEN)}] * 7
    assert await Client.count() == 1


async def test_a_batch_has_one_answer_per_client_in_its_order(parts: Parts) -> None:
    await clients.create(parts, "o", NewClient(phone(1)))
    batch = [
        NewClient(phone(0)),
        NewClient(phone(1)),  # taken before
        NewClient("bad", time_zone="bad"),
        NewClient(phone(2)),
        NewClient(phone(2)),  # taken by the one before it
        NewClient(phone(3)),
    ]
    answers = await clients.create_many(parts, "o", batch)
    assert [one.phone if isinstance(one, Client) else errors_of(one) for one in answers] == [
        phone(0),
        {("phone", Problem.TAKEN)},
        {("phone", Problem.INVALID), ("timeZone", Problem.INVALID)},
        phone(2),
        {("phone", Problem.TAKEN)},
        phone(3),
    ]
    for one in answers:
        if isinstance(one, Client):
            assert one.id is not None
            assert await clients.get(one.id) == one
    assert await Client.count() == 4


async def test_a_batch_may_be_empty_or_wholly_wrong(parts: Parts) -> None:
    assert await clients.create_many(parts, "o", []) == []
    answers = await clients.create_many(parts, "o", [NewClient("x"), NewClient("y")])
    assert all(isinstance(one, InvalidInput) for one in answers)
    assert await Client.count() == 0


async def test_too_large_a_batch_is_refused_as_a_whole(parts: Parts) -> None:
    batch = [NewClient(phone(number)) for number in range(clients.LARGEST_BATCH + 1)]
    assert await mistakes(clients.create_many(parts, "o", batch)) == {("clients", Problem.TOO_MANY)}
    assert await Client.count() == 0
    assert len(await clients.create_many(parts, "o", batch[1:])) == await Client.count() == 1_000


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"email": None}, {"email": None}),
        ({"tags": ()}, {"tags": []}),
        ({"time_zone": "Asia/Tokyo"}, {"time_zone": "Asia/Tokyo"}),
        ({"operator_code": "903"}, {"operator_code": "903"}),
        ({"operator_code": None}, {"operator_code": "999"}),
        ({"phone": "79261234567"}, {"phone": "79261234567", "operator_code": "926"}),
        (
            {"phone": "79261234567", "operator_code": "903"},
            {"phone": "79261234567", "operator_code": "903"},
        ),
        (
            {"telegram": "-100123", "whatsapp": None, "viber": "01234567890A="},
            {"telegram": "-100123", "whatsapp": None, "viber": "01234567890A="},
        ),
    ],
)
async def test_an_update_changes_what_it_names_and_null_is_not_absent(
    parts: Parts, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    made = await clients.create(parts, "o", ANN)
    assert made.id is not None
    changed = await clients.update(made.id, changes)
    before = made.model_dump(exclude={"updated_at"})
    assert changed.model_dump(exclude={"updated_at"}) == {**before, **expected}
    assert await clients.get(made.id) == changed


async def test_an_operator_code_that_was_given_survives_other_changes(parts: Parts) -> None:
    made = await clients.create(parts, "o", NewClient("79261234567", operator_code="903"))
    assert made.id is not None
    changed = await clients.update(made.id, {"tags": ("new",)})
    assert changed.operator_code == "903"


async def test_every_mistake_in_an_update_is_named_and_nothing_changes(parts: Parts) -> None:
    made = await clients.create(parts, "o", ANN)
    assert made.id is not None
    changes = {"phone": "1", "tags": None, "time_zone": None, "email": "x"}
    assert await mistakes(clients.update(made.id, changes)) == {
        (field, Problem.INVALID) for field in ("phone", "tags", "timeZone", "email")
    }
    assert await clients.get(made.id) == made


async def test_an_update_can_not_take_the_phone_of_another(parts: Parts) -> None:
    made = await clients.create(parts, "o", ANN)
    await clients.create(parts, "o", NewClient("79261234567"))
    assert made.id is not None
    assert await mistakes(clients.update(made.id, {"phone": "79261234567"})) == {
        ("phone", Problem.TAKEN)
    }


async def test_an_unknown_client_is_not_found(parts: Parts) -> None:
    assert await clients.get(ObjectId()) is None
    for awaited in (clients.update(ObjectId(), {}), clients.delete(parts, ObjectId())):
        assert await mistakes(awaited) == {("id", Problem.NOT_FOUND)}


async def test_an_update_of_a_client_just_deleted_is_told_so(
    parts: Parts, prepared: Any, interludes: Interludes
) -> None:
    made = await clients.create(parts, "o", ANN)
    assert made.id is not None
    interludes.before("update", "clients", lambda: prepared.clients.delete_one({}))
    assert await mistakes(clients.update(made.id, {"tags": ()})) == {("id", Problem.NOT_FOUND)}


async def test_deleting_a_client_cancels_what_is_queued_and_moves_the_counters(
    parts: Parts,
) -> None:
    mailing_id = await factories.launched(parts, 3, channels=("sending_api", "email"))
    (client_id, *_) = [one.id for one in await Client.find_all().sort("_id").to_list()]
    assert client_id is not None
    deleted = await clients.delete(parts, client_id)
    assert deleted.id == client_id
    assert await clients.get(client_id) is None
    rows = await messages.collection().find({"client_id": client_id}).to_list()
    assert [(row["status"], row["why"]) for row in rows] == [("cancelled", "client deleted")] * 2
    counts = await stats.of_mailing(parts, mailing_id)
    assert counts == await stats.recount(mailing_id)
    assert counts.by_status[Status.CANCELLED] == 2
    assert counts.by_status[Status.PENDING] == 4


async def test_what_was_sent_to_a_deleted_client_stays_on_record(parts: Parts) -> None:
    await factories.launched(parts, 1)
    await messages.collection().update_many({}, {"$set": {"status": "sent"}})
    (client,) = await Client.find_all().to_list()
    assert client.id is not None
    await clients.delete(parts, client.id)
    assert [row["status"] for row in await messages.collection().find().to_list()] == ["sent"]
