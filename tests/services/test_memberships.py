import asyncio

import pytest
from bson import ObjectId

from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.client import Client
from models.group import Group
from services import groups, memberships
from services.memberships import Answer, Who
from tests import factories
from tests.factories import phone, with_email
from tests.services.interludes import Interludes
from tests.services.looking import Mistakes, errors_of, mistakes


def told(answer: Answer) -> Mistakes | None:
    return errors_of(answer) if isinstance(answer, InvalidInput) else None


async def listed(group_id: ObjectId) -> list[ObjectId]:
    found, more = await memberships.page(group_id, first=100, after=None)
    assert not more
    return [member.place[1] for member in found]


async def test_members_are_named_by_id_phone_or_address(parts: Parts) -> None:
    client_ids, user_ids = await factories.clients(3, said=with_email), await factories.users(1)
    group_id = await factories.group(parts)
    wanted = [
        Who(client_id=client_ids[0]),
        Who(phone=phone(1)),
        Who(email="c2@example.com"),
        Who(user_id=str(user_ids[0])),
    ]
    answers = await memberships.add(parts, "staff", wanted)
    assert answers == [*(("client", one) for one in client_ids), ("user", user_ids[0])]
    assert await listed(group_id) == [*client_ids, *user_ids]
    assert (await groups.sizes([group_id])) == {group_id: 4}


async def test_a_repeat_changes_nothing(parts: Parts) -> None:
    client_ids = await factories.clients(2)
    group_id = await factories.group(parts, clients=client_ids)
    wanted = [Who(client_id=one) for one in (*client_ids, *client_ids)]
    assert len(await memberships.add(parts, "staff", wanted)) == 4
    assert await listed(group_id) == client_ids
    for _ in range(2):
        await memberships.remove(parts, "staff", [Who(client_id=client_ids[0])])
    assert await listed(group_id) == client_ids[1:]


async def test_one_mistake_stops_no_other(parts: Parts) -> None:
    client_ids = await factories.clients(3, said=lambda number: {"email": "same@example.com"})
    group_id = await factories.group(parts)
    wanted = [
        Who(client_id=ObjectId()),
        Who(user_id=str(ObjectId())),
        Who(user_id="me"),
        Who(phone="123"),
        Who(phone=phone(99)),
        Who(email="nobody"),
        Who(email="same@example.com"),
        Who(),
        Who(client_id=client_ids[1]),
    ]
    answers = await memberships.add(parts, "staff", wanted)
    assert [told(answer) for answer in answers] == [
        {("clientId", Problem.NOT_FOUND)},
        {("userId", Problem.NOT_FOUND)},
        {("userId", Problem.INVALID)},
        {("phone", Problem.INVALID)},
        {("phone", Problem.NOT_FOUND)},
        {("email", Problem.INVALID)},
        {("email", Problem.CONFLICT)},
        {("members", Problem.BLANK)},
        None,
    ]
    assert await listed(group_id) == [client_ids[1]]


async def test_nobody_is_in_too_many_groups(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memberships, "MOST_GROUPS", 2)
    (client_id,) = await factories.clients(1)
    who = Who(client_id=client_id)
    for name in ("a", "b"):
        await factories.group(parts, name, [client_id])
    third = await factories.group(parts, "c")
    (answer,) = await memberships.add(parts, "c", [who])
    assert told(answer) == {("members", Problem.TOO_MANY)}
    assert await listed(third) == []
    (again,) = await memberships.add(parts, "b", [who])
    assert told(again) is None


async def test_the_number_of_members_in_a_call_is_bounded(parts: Parts) -> None:
    await factories.group(parts)
    many = [Who(client_id=ObjectId())] * 1_001
    assert await mistakes(memberships.add(parts, "staff", many)) == {("members", Problem.TOO_MANY)}
    assert await mistakes(memberships.add(parts, "staff", [])) == {("members", Problem.BLANK)}
    one = memberships.remove(parts, "none", many[:1])
    assert await mistakes(one) == {("group", Problem.NOT_FOUND)}


async def test_members_are_listed_page_by_page_clients_first(parts: Parts) -> None:
    client_ids, user_ids = await factories.clients(5), await factories.users(4)
    group_id = await factories.group(parts, clients=client_ids, users=user_ids)
    for size in (1, 2, 3, 5, 9):
        found: list[ObjectId] = []
        place, more = None, True
        while more:
            page, more = await memberships.page(group_id, first=size, after=place)
            found += [member.place[1] for member in page]
            place = page[-1].place
        assert found == [*client_ids, *user_ids]


async def test_nobody_comes_into_a_group_that_is_just_deleted(
    parts: Parts, interludes: Interludes
) -> None:
    (client_id,) = await factories.clients(1)
    await factories.group(parts)
    deleting: list[asyncio.Task[Group]] = []
    loop = asyncio.get_running_loop()
    interludes.before(
        "update",
        "clients",
        lambda: deleting.append(loop.create_task(groups.delete(parts, "staff"))),
    )
    await memberships.add(parts, "staff", [Who(client_id=client_id)])
    await deleting[0]
    client = await Client.get(client_id)
    assert client is not None
    assert client.groups == []
