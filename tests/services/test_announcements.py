"""What followers make of a wake-up that they don't wholly understand."""

from typing import Any

import orjson
import pytest
from bson import ObjectId

from core.parts import Parts
from rules.inbox import Created
from services import announcements
from services.announcements import Heard
from tests.services.following import listening, ring

WHOLE = {"seq": 7, "unread": 2, "floor": 0, "event": "created", "items": [{"id": "a"}]}


def told(**said: Any) -> bytes:
    return orjson.dumps({**WHOLE, **said})


def without(name: str) -> bytes:
    return orjson.dumps({key: value for key, value in WHOLE.items() if key != name})


def test_a_whole_one_is_the_event_itself() -> None:
    now = announcements.heard(told()).announcement
    assert now is not None
    assert (now.event, now.unread, now.floor) == (Created(7, {"id": "a"}), 2, 0)


@pytest.mark.parametrize(
    "payload",
    [
        told(event="levitated"),
        told(event=None),
        told(event=["created"]),
        told(items=[]),
        told(items=None),
        told(event="read", items=None),
        told(event="retracted"),
        *map(without, ["unread", "floor", "event", "items"]),
    ],
)
def test_of_an_odd_one_only_its_place_is_heard(payload: bytes) -> None:
    assert announcements.heard(payload) == Heard(7, None)


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"7", without("seq"), told(seq="x")])
def test_of_one_without_a_place_it_is_only_heard_that_there_was_something(payload: bytes) -> None:
    assert announcements.heard(payload) == Heard(None, None)


@pytest.mark.parametrize("payload", [b"{", without("floor"), told(seq=2, items=[])])
async def test_a_follower_that_hears_an_odd_one_looks(parts: Parts, payload: bytes) -> None:
    user_id = ObjectId()
    async with listening(parts, user_id) as listener:
        await listener.reach(await ring(parts, user_id))
        parts.wakeups.publish(str(user_id), payload)
        await listener.reach(await ring(parts, user_id, 2))
        assert listener.seqs == [1, 2, 3]
