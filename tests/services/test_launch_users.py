"""Launches to groups, segments and users: whom they reach, and that a death costs nobody."""

import asyncio
from typing import Any

import pytest

from core.parts import Parts
from models.mailing import Mailing
from rules.message import Status, message_id
from services import launch, mailings, memberships, segments
from services.memberships import Who
from services.new_audience import NewAudience
from services.segments import NewSegment
from tests import factories
from tests.factories import created, id_of, with_email
from tests.services.interludes import Interludes, cut_off_at
from tests.services.looking import counted, rows

BOTH = ("sending_api", "email")
Made = set[tuple[Any, Any, str]]


async def made_for(mailing_id: Any) -> Made:
    found = await rows(mailing_id=mailing_id)
    keys = {(row.get("client_id"), row.get("user_id"), row["channel"]) for row in found}
    assert len(keys) == len(found)
    return keys


async def test_a_group_is_its_clients_by_every_channel_and_its_users_by_email(
    parts: Parts,
) -> None:
    client_ids = await factories.clients(4, said=with_email)
    user_ids = await factories.users(3, lambda number: {"email": ""} if number == 2 else {})
    await factories.group(parts, "staff", client_ids[:2], user_ids[1:])
    mailing_id = id_of(await created(parts, channels=BOTH, groups=("staff",)))
    assert await launch.launch(parts, mailing_id) == 5
    clients = {(one, None, channel) for one in client_ids[:2] for channel in BOTH}
    assert await made_for(mailing_id) == clients | {(None, user_ids[1], "email")}
    (row,) = await rows(user_id=user_ids[1])
    assert row["_id"] == message_id(str(mailing_id), f"user:{user_ids[1]}", "email")
    assert row["address"] == "u1@example.com"
    assert await counted(parts, mailing_id) == {Status.PENDING: 5}


@pytest.mark.parametrize(
    ("said", "clients", "users"),
    [
        ({"all": True}, 3, 0),
        ({"all_users": True}, 0, 2),
        ({"all": True, "all_users": True}, 3, 2),
    ],
)
async def test_everyone_is_who_was_asked_for(
    parts: Parts, said: dict[str, bool], clients: int, users: int
) -> None:
    await factories.clients(3, said=with_email)
    await factories.users(2)
    mailing_id = id_of(await created(parts, channels=("email",), **said))
    assert await launch.launch(parts, mailing_id) == clients + users
    found = await made_for(mailing_id)
    assert sum(client is not None for client, _, _ in found) == clients


async def test_without_email_no_user_is_reached(parts: Parts) -> None:
    await factories.users(2)
    mailing_id = id_of(await created(parts, all_users=True))
    assert await launch.launch(parts, mailing_id) == 0
    stored = await Mailing.get(mailing_id)
    assert stored is not None
    assert stored.launch.expanded


async def test_a_launch_over_clients_and_users_cut_off_at_any_command_is_continued(
    parts: Parts, interludes: Interludes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What kill -9 leaves, but for the connection: each round dies one command later."""
    monkeypatch.setattr(launch, "BATCH", 3)
    client_ids, user_ids = await factories.clients(4, said=with_email), await factories.users(6)
    await factories.group(parts, "staff", client_ids, user_ids)
    expected: Made = {(one, None, "email") for one in client_ids}
    expected |= {(None, one, "email") for one in user_ids}
    cut_off = 0
    while True:
        mailing_id = id_of(await created(parts, channels=("email",), groups=("staff",)))
        task = asyncio.create_task(launch.launch(parts, mailing_id))
        await cut_off_at(parts, interludes, cut_off, task)
        await launch.launch(parts, mailing_id)
        assert await made_for(mailing_id) == expected
        assert await counted(parts, mailing_id) == {Status.PENDING: 10}
        if not task.cancelled():
            break
        cut_off += 1
    assert cut_off > 20  # looks, start, and for each of five batches: read, rows, counts, commit


async def test_a_segment_is_what_it_says_when_the_launch_begins(
    parts: Parts, interludes: Interludes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "BATCH", 2)
    client_ids = await factories.clients(
        6, said=lambda number: {"tags": ["vip", "new"][: number % 2 + 1]}
    )
    new = NewSegment("friends", NewAudience(tags=("none",)))
    await segments.create(parts, "o", new)
    mailing_id = id_of(await created(parts, segments=("friends",)))
    await segments.update(parts, "friends", {"filter": NewAudience(tags=("vip",))})
    loop, tasks = asyncio.get_running_loop(), []
    change = {"filter": NewAudience(tags=("new",))}
    interludes.before(
        "insert",
        "messages",
        lambda: tasks.append(loop.create_task(segments.update(parts, "friends", change))),
    )
    assert await launch.launch(parts, mailing_id) == 6
    await tasks[0]
    assert {row["client_id"] for row in await rows(mailing_id=mailing_id)} == set(client_ids)


async def test_who_joins_a_group_before_the_launch_is_in_it(parts: Parts) -> None:
    client_ids = await factories.clients(2)
    await factories.group(parts, "staff", client_ids[:1])
    mailing_id = id_of(await created(parts, groups=("staff",)))
    await memberships.add(parts, "staff", [Who(client_id=client_ids[1])])
    await memberships.remove(parts, "staff", [Who(client_id=client_ids[0])])
    await launch.launch(parts, mailing_id)
    assert await made_for(mailing_id) == {(client_ids[1], None, "sending_api")}


async def test_a_name_that_stands_for_nothing_any_more_is_nobody(
    parts: Parts, prepared: Any
) -> None:
    await factories.clients(2)
    await factories.group(parts, "staff")
    mailing_id = id_of(await created(parts, groups=("staff",)))
    prepared.groups.delete_many({})  # nobody can do that through Belfry
    assert await launch.launch(parts, mailing_id) == 0
    stored = await mailings.get(mailing_id)
    assert stored is not None
    assert stored.launch.expanded
