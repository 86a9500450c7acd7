"""JSON from outside: nothing of it is lost on the way in."""

import json
import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.incoming import read

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ['"', "\\", '\\"', "\\\\", '"a":', "é", "\u2028"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(values.filter(lambda it: not is_beyond(it)), st.booleans(), st.sampled_from([None, 1]))
def test_what_is_read_is_what_was_written(value: Any, ascii_only: bool, indent: int | None) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    for form in (raw, raw.encode(), bytearray(raw.encode())):
        found = read(form)
        assert found == value
        assert json.dumps(found) == json.dumps(value)  # 1 and 1.0 and true are equal


@given(st.dictionaries(texts, values, min_size=1, max_size=3), st.data(), st.booleans())
def test_a_name_that_is_said_twice_is_refused(
    said: dict[str, Any], data: st.DataObject, ascii_only: bool
) -> None:
    again = data.draw(st.sampled_from(sorted(said)))
    pairs = [*said.items(), (again, data.draw(values))]
    inside = ",".join(
        f"{json.dumps(name, ensure_ascii=ascii_only)}:{json.dumps(value)}" for name, value in pairs
    )
    for raw in (f"{{{inside}}}", f'[1,{{"deep":{{{inside}}}}}]'):
        with pytest.raises(json.JSONDecodeError):
            read(raw)


@pytest.mark.parametrize("raw", ["NaN", "1e999", '"\\ud800"', b"\xff", '"\ud800"', "", "[1", "'a'"])
def test_what_no_answer_could_repeat_is_refused(raw: str | bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        read(raw)


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**40, 2**53 + 1])
def test_integers_are_exact(number: int) -> None:
    found = read(f'{{"a": [{number}]}}')["a"][0]
    assert found == number
    assert isinstance(found, int)


def is_beyond(value: Any) -> bool:
    """Whether orjson would not read it: numbers that no float holds."""
    try:
        orjson.loads(json.dumps(value))
    except ValueError:
        return True
    return isinstance(value, float) and math.isinf(value)
