"""The updates of `rules/ring.py`, run by MongoDB, against a plain model of the ring."""

import pytest
from bson import Int64, ObjectId
from hypothesis import example, given
from hypothesis import strategies as st

import services.inbox
from core.parts import Parts
from models.user import User
from rules import inbox, ring
from services import users
from tests.factories import item
from tests.rings import Ring, Screen
from tests.services.ringing import (
    HISTORIES,
    LATER,
    VISITED,
    Act,
    by_seq,
    change,
    many,
    perform,
    place,
    stored,
)

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


@many
@given(HISTORIES)
@example([("place", 5, 0)] * 6 + [("up to", 1, 3), *(("place", n, 0) for n in (2, 5, 1))])
@example([("place", 5, 0)] * 5 + [("retract", 2, n) for n in (1, 4, 0, 4, 2, 3)])
async def test_the_ring_in_mongodb_does_what_the_model_does(
    parts: Parts, history: list[Act]
) -> None:
    user_id, model = ObjectId(), Ring()
    for number, act in enumerate(history):
        await perform(user_id, model, number, *act)
        row = await stored(user_id)
        assert by_seq(row["inbox"]) == by_seq(model.items)
        assert row["retracted"] == model.retracted
        heads = [row[name] for name in ("seq", "floor", "forgotten", "unread")]
        assert heads == [model.seq, model.floor, model.forgotten, model.unread]


async def visit(user_id: ObjectId, screen: Screen, most: int | None = None) -> None:
    """A client comes back after its own place, and leaves after `most` events."""
    state = await services.inbox.load(user_id, with_items=True)
    assert state.items is not None
    for event in state.since(screen.seq)[:most]:
        if isinstance(event, inbox.Resync):
            screen.load(state.items, state.seq, state.unread)
        else:
            screen.apply(event, state.unread, state.floor)


@many
@given(VISITED)
async def test_whoever_was_away_at_any_time_ends_with_what_the_database_has(
    parts: Parts, history: list[Act]
) -> None:
    user_id, model, screen = ObjectId(), Ring(), Screen()
    for number, act in enumerate(history):
        if act[0] == "visit":
            await visit(user_id, screen, act[1])
        else:
            await perform(user_id, model, number, *act)
    await visit(user_id, screen)
    row = await stored(user_id)
    assert by_seq(screen.items.values()) == by_seq(row["inbox"])
    assert (screen.seq, screen.unread) == (row["seq"], row["unread"])
    assert screen.unread == sum(one["new"] for one in row["inbox"])


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
    await change(user_id, ring.update_item("i", {"target_id": literal}, LATER, 0))
    (kept,) = (await stored(user_id))["inbox"]
    assert kept["target_id"] == literal


async def test_deeply_nested_data_are_stored_as_given(parts: Parts) -> None:
    user_id = ObjectId()
    nested: object = {"$$NOW": "$seq"}
    for _ in range(60):
        nested = {"a": [nested]} if isinstance(nested, dict) else [nested]
    await place(user_id, item("i", data=nested), 3)
    assert (await stored(user_id))["inbox"][0]["data"] == nested


async def test_an_address_that_looks_like_an_expression_is_stored_as_given(parts: Parts) -> None:
    placed, touched = ObjectId(), ObjectId()
    await users.change(placed, ring.place_item(item("i"), 1, "$$NOW"), upsert=True)
    await users.change(touched, ring.touch("$seq"), upsert=True)
    assert (await stored(placed))["email"] == "$$NOW"
    assert (await stored(touched))["email"] == "$seq"


async def test_an_address_once_there_is_kept(parts: Parts) -> None:
    user_id = ObjectId()
    await users.change(user_id, ring.touch("first@example.com"), upsert=True)
    await users.change(user_id, ring.touch("second@example.com"), upsert=True)
    await place(user_id, item("i"), 5)
    assert (await stored(user_id))["email"] == "first@example.com"


async def test_what_is_muted_is_not_placed_and_what_is_not_is(parts: Parts) -> None:
    user_id = ObjectId()
    await users.change(user_id, ring.touch("u@example.com"), upsert=True)
    await users.collection().update_one({"_id": user_id}, {"$set": {"muted": ["$seq", "a/in_app"]}})
    for muting in (["$seq"], ["*/*", "a/in_app"]):
        head = await place(user_id, item("i"), 5, muting)
        assert (head["touched"], head["seq"], head["unread"]) == (0, 0, 0)
    head = await place(user_id, item("i"), 5, ["a/*", "*/in_app", "b/in_app"])
    assert (head["touched"], head["seq"], head["unread"]) == (1, 1, 1)


async def test_touching_a_user_makes_no_event(parts: Parts) -> None:
    user_id = ObjectId()
    await place(user_id, item("i"), 5)
    before = await stored(user_id)
    head = await users.change(user_id, ring.touch("x@example.com"), upsert=True)
    assert await stored(user_id) == before
    assert head is not None
    assert (head["seq"], head["unread"]) == (1, 1)


async def test_a_stored_user_is_a_valid_document(parts: Parts) -> None:
    user_id = ObjectId()
    await place(user_id, item("i"), 5)
    await users.change(user_id, ring.mark_read(["i"]), upsert=False)
    user = await User.get(user_id)
    assert user is not None
    assert (user.email, user.seq, user.unread, user.floor) == ("new@example.com", 2, 0, 0)


async def test_a_change_of_an_unknown_user_makes_none_unless_asked(parts: Parts) -> None:
    assert await users.change(ObjectId(), ring.mark_read(up_to=9), upsert=False) is None
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


async def test_a_retracted_item_leaves_its_place_to_the_last_one(parts: Parts) -> None:
    """So that MongoDB's oplog carries one item and not all that follow it."""
    user_id = ObjectId()
    for number in range(5):
        await place(user_id, item(f"i{number}"), 9)
    await change(user_id, ring.retract_item("i1", 9))
    row = await stored(user_id)
    assert [one["id"] for one in row["inbox"]] == ["i0", "i4", "i2", "i3"]


async def test_a_user_from_before_there_were_updates_and_archives_goes_on(parts: Parts) -> None:
    user_id = ObjectId()
    old = [{**item(f"i{seq}"), "seq": seq} for seq in (1, 2, 3)]
    row = {"_id": user_id, "email": "", "seq": 3, "unread": 3, "floor": 0, "inbox": old}
    await users.collection().insert_one(row)
    screen = Screen()
    await visit(user_id, screen)
    await change(user_id, ring.archive_item("i1", archived=True))
    await change(user_id, ring.update_item("i2", {"title": "New"}, LATER, 0))
    await change(user_id, ring.retract_item("i3", 3))
    await place(user_id, item("i4"), 3)
    await visit(user_id, screen)
    now = await stored(user_id)
    assert by_seq(screen.items.values()) == by_seq(now["inbox"])
    assert (now["seq"], now["unread"], now["floor"], now["forgotten"]) == (7, 2, 0, 0)
