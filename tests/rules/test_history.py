"""Groups of several sources add up to lines."""

from datetime import UTC, date, datetime
from typing import Any

from rules.history import Key, lines

JANUARY = datetime(2026, 1, 31, tzinfo=UTC)


def group(messages: int = 1, **said: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"attempts": messages, "delay_ms": 0, "longest_ms": None, "slots": []}
    keys = {name: said.pop(name) for name in list(said) if name in {key.value for key in Key}}
    return {"_id": keys, "messages": messages, **usual, **said}


def sent(delay_ms: float, slot: int, **said: Any) -> dict[str, Any]:
    slots = [{"slot": slot, "messages": 1}, {"slot": None, "messages": 3}]
    return group(4, delay_ms=delay_ms, longest_ms=delay_ms, slots=slots, **said)


def test_what_has_the_same_keys_is_one_line() -> None:
    found = lines((Key.CHANNEL,), [group(2, channel="email"), group(3, channel="email")])
    assert [(line.keys, line.messages) for line in found] == [({Key.CHANNEL: "email"}, 5)]


def test_lines_come_in_the_order_of_their_keys_and_what_has_none_first() -> None:
    groups = [group(topic=topic) for topic in ("b", None, "a", "")]
    assert [line.keys[Key.TOPIC] for line in lines((Key.TOPIC,), groups)] == [None, "", "a", "b"]


def test_a_day_is_a_date() -> None:
    (line,) = lines((Key.DAY,), [group(day=JANUARY)])
    assert line.keys == {Key.DAY: date(2026, 1, 31)}


def test_delays_are_those_of_what_was_sent() -> None:
    (line,) = lines((), [sent(100, 13), sent(300, 16), group(5)])
    assert (line.messages, line.average_ms, line.longest_ms) == (13, 200, 300)
    median, most = line.percentile_ms(0.5), line.percentile_ms(0.99)
    assert median is not None
    assert most is not None
    assert 80 < median < 150
    assert 250 < most <= 300


def test_without_anything_sent_there_is_no_delay() -> None:
    (line,) = lines((), [group()])
    assert (line.average_ms, line.longest_ms, line.percentile_ms(0.5)) == (None, None, None)
