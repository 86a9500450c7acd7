import asyncio
import time

import pytest
from bson import ObjectId

from core.errors import Problem
from core.parts import Parts
from models.client import Client
from models.group import Group
from models.user import User
from services import control, groups, mailings, messages, segments, sweep
from services.groups import NewGroup
from services.new_audience import NewAudience
from services.segments import NewSegment
from tests import factories
from tests.factories import id_of, mailing
from tests.services.interludes import Interludes, cut_off_at
from tests.services.looking import mistakes

FOREVER = time.monotonic() + 3_600


async def members_of(group_id: ObjectId) -> int:
    return (await groups.sizes([group_id]))[group_id]


async def test_a_group_is_stored_as_it_was_said(parts: Parts) -> None:
    made = await groups.create(parts, "o", NewGroup("press", " Press ", "Who writes of us"))
    assert (made.name, made.title, made.description) == ("press", "Press", "Who writes of us")
    assert (await groups.create(parts, "o", NewGroup("staff"))).title == "staff"
    assert await groups.get("press") == made
    assert [one.name for one in (await groups.page(first=1, after=None)).items] == ["press"]
    assert await groups.count() == 2


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"name": ""}, {("name", Problem.BLANK)}),
        ({"name": "Press office"}, {("name", Problem.INVALID)}),
        ({"title": "x" * 201}, {("title", Problem.TOO_LONG)}),
        ({"description": "x" * 2_001}, {("description", Problem.TOO_LONG)}),
        ({"name": "staff"}, {("name", Problem.TAKEN)}),
    ],
)
async def test_every_mistake_is_told(
    parts: Parts, said: dict[str, str], expected: set[tuple[str, Problem]]
) -> None:
    await groups.create(parts, "o", NewGroup("staff"))
    new = NewGroup(**{"name": "press", **said})
    assert await mistakes(groups.create(parts, "o", new)) == expected


async def test_a_repeated_key_makes_one_group(parts: Parts) -> None:
    made = [await groups.create(parts, "o", NewGroup("press"), "k") for _ in range(2)]
    assert made[0] == made[1]
    other = groups.create(parts, "o", NewGroup("staff"), "k")
    assert await mistakes(other) == {("idempotencyKey", Problem.CONFLICT)}


async def test_only_what_is_named_changes(parts: Parts) -> None:
    await groups.create(parts, "o", NewGroup("press", "Press", "All"))
    changed = await groups.update("press", {"title": "Media"})
    assert (changed.title, changed.description) == ("Media", "All")
    assert await groups.get("press") == changed
    assert await mistakes(groups.update("none", {})) == {("name", Problem.NOT_FOUND)}


async def test_a_deleted_group_lets_its_members_go_and_frees_its_name(parts: Parts) -> None:
    client_ids, user_ids = await factories.clients(3), await factories.users(2)
    first = await factories.group(parts, "staff", client_ids, user_ids)
    await groups.delete(parts, "staff")
    assert await groups.get("staff") is None
    assert await members_of(first) == 0
    second = await factories.group(parts, "staff", client_ids)
    await groups.forget(FOREVER)
    assert await members_of(second) == 3
    assert await Group.find_all().count() == 1


async def test_a_deletion_cut_off_at_any_command_is_finished_by_the_sweep(
    parts: Parts, interludes: Interludes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "BATCH", 2)
    client_ids, user_ids = await factories.clients(3), await factories.users(3)
    cut_off = 0
    while True:
        group_id = await factories.group(parts, "staff", client_ids, user_ids)
        task = asyncio.create_task(groups.delete(parts, "staff"))
        await cut_off_at(parts, interludes, cut_off, task)
        if await groups.get("staff") is not None:
            assert await members_of(group_id) == 6
            await groups.delete(parts, "staff")
        await sweep.sweep(parts, messages.BULK)
        assert await members_of(group_id) == 0
        assert await Group.find_all().count() == 0
        if not task.cancelled():
            break
        cut_off += 1
    assert cut_off > 6  # look, mark, two looks for uses, commit, and the first batches


async def test_a_group_in_use_stays(parts: Parts) -> None:
    await factories.group(parts, "staff")
    made = await mailings.create(parts, "o", mailing(groups=("staff",)))
    assert await mistakes(groups.delete(parts, "staff")) == {("name", Problem.NOT_ALLOWED_NOW)}
    await control.cancel(parts, id_of(made), "o")
    await sweep.sweep(parts, messages.BULK)
    new = NewSegment("friends", NewAudience(groups=("staff",)))
    await segments.create(parts, "o", new)
    assert await mistakes(groups.delete(parts, "staff")) == {("name", Problem.NOT_ALLOWED_NOW)}
    await segments.delete(parts, "friends")
    assert (await groups.delete(parts, "staff")).name == "staff"


async def test_of_a_deletion_and_a_mailing_at_once_one_is_refused(
    parts: Parts, interludes: Interludes
) -> None:
    await factories.group(parts, "staff")
    deleting: list[asyncio.Task[Group]] = []
    loop = asyncio.get_running_loop()
    interludes.before(
        "insert",
        "mailings",
        lambda: deleting.append(loop.create_task(groups.delete(parts, "staff"))),
    )
    await mailings.create(parts, "o", mailing(groups=("staff",)))
    assert await mistakes(deleting[0]) == {("name", Problem.NOT_ALLOWED_NOW)}
    assert await groups.get("staff") is not None


async def test_what_a_mailing_names_must_be_there(parts: Parts) -> None:
    creating = mailings.create(parts, "o", mailing(groups=("none", "nil"), segments=("nobody",)))
    assert await mistakes(creating) == {
        ("audience.groups.0", Problem.NOT_FOUND),
        ("audience.groups.1", Problem.NOT_FOUND),
        ("audience.segments.0", Problem.NOT_FOUND),
    }
    made = await factories.scheduled(parts)
    changes = {"audience": NewAudience(groups=("none",))}
    updating = mailings.update(parts, id_of(made), changes)
    assert await mistakes(updating) == {("audience.groups.0", Problem.NOT_FOUND)}


async def test_documents_of_before_are_in_no_group(parts: Parts) -> None:
    client_ids, user_ids = await factories.clients(1), await factories.users(1)
    client, user = await Client.get(client_ids[0]), await User.get(user_ids[0])
    assert client is not None
    assert user is not None
    assert client.groups == user.groups == []
