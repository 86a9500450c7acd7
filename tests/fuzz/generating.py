"""Operations made up by schemathesis from the committed schema, subscriptions included."""

from pathlib import Path
from typing import Any, TypeVar

import hypothesis
import schemathesis
from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
)
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis.core.result import Ok

from tests.fuzz.inputs import Word

SCHEMA = Path(__file__).parents[2] / "schema.graphql"
_NEGATIVE = schemathesis.GenerationMode.NEGATIVE
_POSITIVE = schemathesis.GenerationMode.POSITIVE

ODD = (
    *("", "\0", "\x7f\x1b[31m", "\u202eabc", "e\u0301" * 40, "\U0001f514", "\ufeff", "\u2028"),
    *("x" * 5_000, "'; drop --", "$where", "a.b", "__proto__", "../../etc", "\ud800", "1e400"),
)
MOMENTS = (
    *("2026-01-31T09:00:00Z", "2026-01-31T09:00:00", "2026-01-31", "0001-01-01T00:00:00+23:59"),
    *("9999-12-31T23:59:59.999999-23:59", "2026-W05", "2026-02-30T00:00:00Z", "now", ""),
    *("2026-06-30T23:59:60Z", "2026-01-31T09:00:00.123456789Z", "٢٠٢٦-01-31T09:00:00Z"),
)

Drawn = TypeVar("Drawn")


def literal(value: Any) -> ValueNode:
    """A value of JSON as GraphQL writes it; names that it can't write are left out."""
    match value:
        case None:
            return NullValueNode()
        case bool():
            return BooleanValueNode(value=value)
        case Word():
            return EnumValueNode(value=str(value))
        case int():
            return IntValueNode(value=str(value))
        case float():
            return FloatValueNode(value=repr(value))
        case list():
            return ListValueNode(values=tuple(map(literal, value)))
        case dict():
            fields = [
                ObjectFieldNode(name=NameNode(value=name), value=literal(inner))
                for name, inner in value.items()
                if name.isidentifier() and name.isascii()
            ]
            return ObjectValueNode(fields=tuple(fields))
        case _:
            return StringValueNode(value=str(value))


TEXTS = st.text(max_size=40) | st.sampled_from(ODD)
NUMBERS = st.integers(0, 100) | st.integers(-(2**31), 2**31 - 1) | st.integers()
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc_"), inner, max_size=4)
    ),
    max_leaves=12,
)
_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "Date": st.dates().map(str),
    "DateTime": st.sampled_from(MOMENTS) | st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
    "ID": TEXTS | NUMBERS,
    "Int": NUMBERS,
    "JSON": JSON,
    "String": TEXTS,
}


def operations() -> dict[str, Any]:
    """The fields of all root types, each with schemathesis' own idea of it."""
    for name, strategy in _SCALARS.items():
        schemathesis.graphql.scalar(name, strategy.map(literal))
    text = SCHEMA.read_text(encoding="utf-8")
    # Schemathesis knows no subscriptions, but it knows queries of any type.
    live = schemathesis.graphql.from_file(f"schema {{ query: Subscription }}\n{text}")
    found = [
        *schemathesis.graphql.from_file(text).get_all_operations(),
        *live.get_all_operations(),
    ]
    return {one.ok().label: one.ok() for one in found if isinstance(one, Ok)}


def documents(operation: Any, count: int, seed: str) -> list[tuple[str, bool]]:
    """Some documents that ask for a field, and whether each keeps to the schema."""
    wrong = count // 6
    right = drawn(operation.as_strategy(generation_mode=_POSITIVE), count - wrong, f"{seed}+")
    found = [(case.body, True) for case in right]
    if wrong:
        broken = drawn(operation.as_strategy(generation_mode=_NEGATIVE), wrong, f"{seed}-")
        found += [(case.body, False) for case in broken]
    while len(found) < count:  # a field with few spellings
        found += found[: count - len(found)]
    if operation.label.startswith("Subscription."):
        found = [(f"subscription {text}", valid) for text, valid in found]
    return found


def drawn(strategy: st.SearchStrategy[Drawn], count: int, seed: str) -> list[Drawn]:
    """Up to so many examples, the same for the same seed."""
    found: list[Drawn] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(strategy)
    def collect(example: Drawn) -> None:
        found.append(example)

    collect()
    return found[:count]
