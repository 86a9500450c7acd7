from collections.abc import Mapping

from core import events

Heard = list[tuple[str, Mapping[str, object]]]


def test_every_listener_hears_the_name_and_the_ids() -> None:
    heard: Heard = []
    endings = [events.subscribe(lambda name, fields: heard.append((name, fields))) for _ in "ab"]
    events.emit("bell.rung", bell_id="b1", times=3)
    for end in endings:
        end()
    assert heard == [("bell.rung", {"bell_id": "b1", "times": 3})] * 2


def test_who_has_left_hears_nothing_more() -> None:
    heard: Heard = []
    events.subscribe(lambda name, fields: heard.append((name, fields)))()
    events.emit("bell.rung")
    assert heard == []


def test_a_listener_may_leave_while_it_listens_without_deafening_the_next() -> None:
    heard: list[str] = []

    def once(name: str, fields: Mapping[str, object]) -> None:
        heard.append("once")
        leave()

    leave = events.subscribe(once)
    end = events.subscribe(lambda name, fields: heard.append("always"))
    events.emit("bell.rung")
    events.emit("bell.rung")
    end()
    assert heard == ["once", "always", "always"]
