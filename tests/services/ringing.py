"""Histories of a ring, performed on a user's document and on the plain model at once."""

from collections.abc import Iterable
from typing import Any

from bson import ObjectId
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from core import clock
from rules import inbox, ring
from services import users
from tests.factories import item
from tests.rings import Ring

LIMITS = st.integers(min_value=1, max_value=5)
NUMBERS = st.integers(min_value=0, max_value=20)
PLACE = st.tuples(st.just("place"), LIMITS, NUMBERS)
CHANGE = st.tuples(
    st.sampled_from(["up to", "by id", "update", "stale", "archive", "unarchive", "retract"]),
    LIMITS,
    NUMBERS,
)
MUTED = st.tuples(st.just("muted"), LIMITS, NUMBERS)
VISIT = st.tuples(st.just("visit"), LIMITS, NUMBERS)
Act = tuple[str, int, int]
HISTORIES: st.SearchStrategy[list[Act]] = st.lists(
    st.one_of(PLACE, PLACE, CHANGE, MUTED), max_size=20
)
VISITED: st.SearchStrategy[list[Act]] = st.lists(
    st.one_of(PLACE, PLACE, CHANGE, CHANGE, VISIT), max_size=25
)
LATER = clock.now()

many = hypothesis(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def stored(user_id: ObjectId) -> dict[str, Any]:
    row = await users.collection().find_one({"_id": user_id})
    return {"inbox": [], "retracted": [], "seq": 0, "floor": 0, "forgotten": 0, "unread": 0} | (
        row or {}
    )


async def place(
    user_id: ObjectId, new: inbox.Item, limit: int, muting: Iterable[str] = ()
) -> dict[str, Any]:
    stages = ring.place_item(new, limit, "new@example.com", tuple(muting))
    head = await users.change(user_id, stages, upsert=True)
    assert head is not None
    return head


async def change(user_id: ObjectId, stages: ring.Stages) -> dict[str, Any]:
    head = await users.change(user_id, stages, upsert=True)
    assert head is not None
    return head


def by_seq(items: Iterable[inbox.Item]) -> list[inbox.Item]:
    return sorted(items, key=lambda one: one["seq"])


async def perform(
    user_id: ObjectId, model: Ring, number: int, act: str, limit: int, value: int
) -> None:
    """Do the same to the user and to the model."""
    name = f"i{value}"
    match act:
        case "place":
            new = item(f"i{number}")
            model.place(new, limit)
            head = await place(user_id, new, limit)
            assert (head["seq"], head["unread"]) == (model.seq, model.unread)
            assert head["touched"] == 1
            return
        case "muted":
            await change(user_id, ring.touch("new@example.com"))
            await users.collection().update_one({"_id": user_id}, {"$set": {"muted": ["a/b"]}})
            head = await place(user_id, item(f"i{number}"), limit, ["*/b", "a/b"])
            changed = 0
        case "up to":
            changed = model.mark(lambda one: one["seq"] <= value)
            head = await change(user_id, ring.mark_read(up_to=value))
        case "by id":
            ids = [name, "unknown", f"i{value // 2}"]
            changed = model.mark(lambda one: one["id"] in ids)
            head = await change(user_id, ring.mark_read(ids))
        case "update" | "stale":
            content = {"title": f"{number % 2}", "data": "$seq"}
            version = model.shown.get(name, {}).get("updated_seq", 0) + (act == "stale")
            fresh = {**content, "updated_at": LATER} if act == "update" else {}
            changed = model.update(name, fresh)
            head = await change(user_id, ring.update_item(name, content, LATER, version))
        case "retract":
            changed = model.retract(name, limit)
            head = await change(user_id, ring.retract_item(name, limit))
        case _:
            archived = act == "archive"
            changed = model.archive(name, archived=archived)
            head = await change(user_id, ring.archive_item(name, archived=archived))
    assert head["touched"] == changed
    assert (head.get("seq"), head.get("unread")) == (model.seq, model.unread)
