import asyncio

import pytest

from core.errors import Problem
from core.parts import Parts
from models.kind import Kind
from services import kinds
from services.kinds import NewKind
from tests.factories import kind
from tests.services.interludes import Interludes
from tests.services.looking import mistakes

WAIT = ("emailIfUnreadAfter", Problem.INVALID)


async def test_the_built_in_kinds_go_where_they_should(parts: Parts) -> None:
    outlets = {one.id: (one.in_app, one.email) for one in await kinds.every()}
    assert outlets == {
        "new_login": (True, True),
        "new_message": (True, False),
        "new_post": (True, False),
        "registration": (False, True),
    }
    assert all(one.built_in for one in await kinds.every())


async def test_seeding_again_keeps_what_an_operator_changed(parts: Parts) -> None:
    await kinds.update(parts, "new_post", {"title": "A new post"})
    before = await kinds.every()
    await kinds.seed()
    assert await kinds.every() == before
    assert (await Kind.get("new_post")).title == "A new post"  # type: ignore[union-attr]


async def test_a_kind_of_an_operator_is_found(parts: Parts) -> None:
    made = await kinds.create(parts, "o", kind(email=False, title="{{ key }}"))
    assert await kinds.find("sale") == made
    assert not made.built_in
    assert made.created_at == made.updated_at


async def test_a_change_is_seen_at_once_by_the_process_that_made_it(parts: Parts) -> None:
    await kinds.create(parts, "o", kind(email=False))
    await kinds.find("sale")
    changed = await kinds.update(parts, "sale", {"email": True, "body": "Cheap!"})
    assert await kinds.find("sale") == changed
    assert (changed.in_app, changed.email, changed.body) == (True, True, "Cheap!")


async def test_those_who_ask_at_the_same_moment_share_one_read(
    parts: Parts, interludes: Interludes
) -> None:
    interludes.before("find", "kinds", lambda: None)
    first = asyncio.create_task(kinds.find("new_post"))
    others = [asyncio.create_task(kinds.find("new_post")) for _ in range(20)]
    await asyncio.sleep(0)
    first.cancel()
    found = await asyncio.gather(*others)
    assert {one.id for one in found if one} == {"new_post"}
    assert len({id(one) for one in found}) == 1


async def test_a_change_while_a_kind_is_read_is_not_lost(parts: Parts) -> None:
    reading = asyncio.create_task(kinds.find("new_post"))
    await asyncio.sleep(0)
    changed = await kinds.update(parts, "new_post", {"title": "Other"})
    await reading
    assert await kinds.find("new_post") == changed


async def test_what_a_change_does_not_name_stays(parts: Parts) -> None:
    made = await kinds.create(parts, "o", kind(title="Title", body="Body"))
    await kinds.update(parts, "sale", {"title": "Other"})
    stored = await Kind.get("sale")
    assert stored is not None
    told = stored.model_dump(exclude={"updated_at"})
    assert told == {**made.model_dump(exclude={"updated_at"}), "title": "Other"}
    assert stored.updated_at >= made.updated_at


@pytest.mark.parametrize("wait", [1, kinds.LONGEST_WAIT])
async def test_an_e_mail_of_a_kind_may_wait_up_to_a_week(parts: Parts, wait: int) -> None:
    made = await kinds.create(parts, "o", kind(email_if_unread_after_seconds=wait))
    assert made == await Kind.get("sale")
    assert made.email_if_unread_after_seconds == wait
    changed = await kinds.update(parts, "sale", {"email_if_unread_after_seconds": None})
    assert changed.email_if_unread_after_seconds is None


@pytest.mark.parametrize("outlet", ["in_app", "email"])
async def test_a_kind_whose_e_mail_waits_keeps_both_outlets(parts: Parts, outlet: str) -> None:
    made = await kinds.create(parts, "o", kind(email_if_unread_after_seconds=60))
    assert await mistakes(kinds.update(parts, "sale", {outlet: False})) == {WAIT}
    assert await Kind.get("sale") == made
    await kinds.update(parts, "sale", {outlet: False, "email_if_unread_after_seconds": None})


async def test_an_unknown_kind_is_not_found(parts: Parts) -> None:
    assert await kinds.find("unknown") is None
    assert await mistakes(kinds.update(parts, "unknown", {})) == {("key", Problem.NOT_FOUND)}


async def test_a_taken_key_is_told(parts: Parts) -> None:
    assert await mistakes(kinds.create(parts, "o", kind("new_post"))) == {("key", Problem.TAKEN)}


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (kind(""), {("key", Problem.BLANK)}),
        (kind("Sale"), {("key", Problem.INVALID)}),
        (kind("a\ud800"), {("key", Problem.INVALID)}),
        (kind(in_app=False, email=False), {("inApp", Problem.INVALID)}),
        (kind(title="{{ "), {("title", Problem.INVALID)}),
        (kind(body="{% include 'x' %}"), {("body", Problem.INVALID)}),
        (kind(body="x" * 20_001), {("body", Problem.TOO_LONG)}),
        *(
            (kind(email_if_unread_after_seconds=wait), {WAIT})
            for wait in (0, -1, kinds.LONGEST_WAIT + 1)
        ),
        (kind(in_app=False, email_if_unread_after_seconds=60), {WAIT}),
        (kind(email=False, email_if_unread_after_seconds=60), {WAIT}),
        (
            kind("?", in_app=False, email=False, title="{{", body="{%"),
            {(name, Problem.INVALID) for name in ("key", "inApp", "title", "body")},
        ),
    ],
)
async def test_every_mistake_in_a_kind_is_named(
    parts: Parts, new: NewKind, expected: set[tuple[str, Problem]]
) -> None:
    assert await mistakes(kinds.create(parts, "o", new)) == expected
    assert await Kind.count() == len(kinds.BUILT_IN)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"in_app": False, "email": False}, {("inApp", Problem.INVALID)}),
        ({"title": "{{ ", "body": "}}{%"}, {("title", Problem.INVALID), ("body", Problem.INVALID)}),
    ],
)
async def test_every_mistake_in_a_change_is_named_and_nothing_changes(
    parts: Parts, changes: dict[str, object], expected: set[tuple[str, Problem]]
) -> None:
    before = await Kind.get("new_login")
    assert await mistakes(kinds.update(parts, "new_login", changes)) == expected
    assert await Kind.get("new_login") == before


async def test_there_is_an_end_to_kinds(parts: Parts) -> None:
    row = await Kind.get_pymongo_collection().find_one({"_id": "new_post"})
    assert row is not None
    rows = [{**row, "_id": f"k{number}"} for number in range(kinds.CACHE_BOUND)]
    await Kind.get_pymongo_collection().insert_many(rows)
    assert await mistakes(kinds.create(parts, "o", kind())) == {("key", Problem.TOO_MANY)}
