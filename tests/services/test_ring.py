"""The updates of `rules/inbox.py`, run by MongoDB, against a plain model of the ring."""

from typing import Any

import pytest
from bson import Int64, ObjectId
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from core.parts import Parts
from models.user import User
from rules import inbox
from services import users
from tests.factories import Ring, applied, item

LIMITS = st.integers(min_value=1, max_value=5)
PLACE = st.tuples(st.just("place"), LIMITS)
UP_TO = st.tuples(st.just("up to"), st.integers(min_value=0, max_value=25))
BY_ID = st.tuples(st.just("by id"), st.integers(min_value=0, max_value=20))
HISTORIES = st.lists(st.one_of(PLACE, PLACE, UP_TO, BY_ID), max_size=20)
TEXTS = st.sampled_from(["$$NOW", "$seq", "$inbox", "$", "", "ж\0\n", "$$item", "{}"])
KEYS = st.one_of(
    st.sampled_from(["$set", "$seq", "a.b", ".", "$literal", "$$NOW"]), st.text("ab$.")
)
LITERALS = st.recursive(
    st.one_of(
        TEXTS,
        st.none(),
        st.booleans(),
        st.integers(min_value=-(2**63), max_value=2**63 - 1).map(Int64),
        st.floats(allow_nan=False),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
many = hypothesis(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def stored(user_id: ObjectId) -> dict[str, Any]:
    row = await users.collection().find_one({"_id": user_id})
    return row or {"inbox": [], "seq": 0, "floor": 0, "unread": 0}


async def place(user_id: ObjectId, new: inbox.Item, limit: int) -> dict[str, Any]:
    stages = inbox.place_item(new, limit, "new@example.com")
    head = await users.change(user_id, stages, upsert=True)
    assert head is not None
    return head


def by_seq(items: list[inbox.Item]) -> list[inbox.Item]:
    return sorted(items, key=lambda one: one["seq"])


async def run(user_id: ObjectId, ring: Ring, number: int, act: str, value: int) -> None:
    """Do the same to the user and to the model."""
    match act:
        case "place":
            new = item(f"i{number}")
            ring.place(new, value)
            head = await place(user_id, new, value)
            assert (head["seq"], head["unread"]) == (ring.seq, ring.unread)
        case "up to":
            changed = ring.mark(lambda one: one["seq"] <= value)
            head = await users.change(user_id, inbox.mark_read(up_to=value), upsert=True) or {}
            assert head["touched"] == changed
        case _:
            ids = [f"i{value}", "unknown", f"i{value // 2}"]
            changed = ring.mark(lambda one: one["id"] in ids)
            head = await users.change(user_id, inbox.mark_read(ids), upsert=True) or {}
            assert head["touched"] == changed


@many
@given(HISTORIES)
@example([("place", 5)] * 6 + [("up to", 3), ("place", 2), ("place", 5), ("place", 1)])
async def test_the_ring_in_mongodb_does_what_the_model_does(
    parts: Parts, history: list[tuple[str, int]]
) -> None:
    user_id, ring = ObjectId(), Ring()
    for number, (act, value) in enumerate(history):
        await run(user_id, ring, number, act, value)
        row = await stored(user_id)
        assert by_seq(row["inbox"]) == by_seq(ring.items)
        heads = [row.get(name, 0) for name in ("seq", "floor", "unread")]
        assert heads == [ring.seq, ring.floor, ring.unread]


@many
@given(HISTORIES)
async def test_whoever_comes_with_any_cursor_gets_to_the_current_state_or_is_told_to_resync(
    parts: Parts, history: list[tuple[str, int]]
) -> None:
    user_id, ring = ObjectId(), Ring()
    for number, (act, value) in enumerate(history):
        await run(user_id, ring, number, act, value)
    row = await stored(user_id)
    for after, shown in enumerate(ring.history):
        events = inbox.replay(row["inbox"], after, row["seq"], row.get("floor", 0))
        if after < ring.floor:
            assert events == [inbox.Resync(ring.seq)]
        else:
            assert applied(shown, events, len(ring.items)) == ring.shown


@many
@given(LITERALS)
@example({"$set": {"seq": "$$NOW", "a.b": ["$inbox"]}, "$literal": "$$REMOVE"})
async def test_what_looks_like_an_expression_is_stored_as_given(
    parts: Parts, literal: object
) -> None:
    user_id = ObjectId()
    for limit in (2, 2, 2, 1):  # appended, appended, replaced, shrunk
        await place(user_id, item("i", data=literal, title=str(literal)), limit)
        for kept in (await stored(user_id))["inbox"]:
            assert kept["data"] == literal
            assert kept["title"] == str(literal)


async def test_deeply_nested_data_are_stored_as_given(parts: Parts) -> None:
    user_id = ObjectId()
    nested: object = {"$$NOW": "$seq"}
    for _ in range(60):
        nested = {"a": [nested]} if isinstance(nested, dict) else [nested]
    await place(user_id, item("i", data=nested), 3)
    assert (await stored(user_id))["inbox"][0]["data"] == nested


async def test_an_address_that_looks_like_an_expression_is_stored_as_given(parts: Parts) -> None:
    placed, touched = ObjectId(), ObjectId()
    await users.change(placed, inbox.place_item(item("i"), 1, "$$NOW"), upsert=True)
    await users.change(touched, inbox.touch("$seq"), upsert=True)
    assert (await stored(placed))["email"] == "$$NOW"
    assert (await stored(touched))["email"] == "$seq"


async def test_an_address_once_there_is_kept(parts: Parts) -> None:
    user_id = ObjectId()
    await users.change(user_id, inbox.touch("first@example.com"), upsert=True)
    await users.change(user_id, inbox.touch("second@example.com"), upsert=True)
    await place(user_id, item("i"), 5)
    assert (await stored(user_id))["email"] == "first@example.com"


async def test_touching_a_user_makes_no_event(parts: Parts) -> None:
    user_id = ObjectId()
    await place(user_id, item("i"), 5)
    before = await stored(user_id)
    head = await users.change(user_id, inbox.touch("x@example.com"), upsert=True)
    assert await stored(user_id) == before
    assert head is not None
    assert (head["seq"], head["unread"]) == (1, 1)


async def test_a_stored_user_is_a_valid_document(parts: Parts) -> None:
    user_id = ObjectId()
    await place(user_id, item("i"), 5)
    await users.change(user_id, inbox.mark_read(["i"]), upsert=False)
    user = await User.get(user_id)
    assert user is not None
    assert (user.email, user.seq, user.unread, user.floor) == ("new@example.com", 2, 0, 0)


async def test_a_change_of_an_unknown_user_makes_none_unless_asked(parts: Parts) -> None:
    assert await users.change(ObjectId(), inbox.mark_read(up_to=9), upsert=False) is None
    assert await users.collection().count_documents({}) == 0


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_a_full_ring_replaces_in_place(parts: Parts, limit: int) -> None:
    """So that MongoDB's oplog carries one item and not the whole array."""
    user_id = ObjectId()
    for number in range(limit + 1):
        await place(user_id, item(f"i{number}"), limit)
    row = await stored(user_id)
    assert row["inbox"][0]["id"] == f"i{limit}"
    assert [one["seq"] for one in row["inbox"][1:]] == list(range(2, limit + 1))
