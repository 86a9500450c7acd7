"""Input objects read by their plan, and as Strawberry reads them without one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    is_required_input_field,
)
from graphql.type import GraphQLNonNull
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.types.arguments import convert_argument
from strawberry.types.base import StrawberryObjectDefinition

from graph.schema import schema

INPUTS = {
    name: known.definition
    for name, known in schema.schema_converter.type_map.items()
    if isinstance(known.definition, StrawberryObjectDefinition) and known.definition.is_input
}
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "ID": st.text(),
    "String": st.text(),
    "Int": st.integers(-(2**31), 2**31 - 1),
    "Float": st.floats(allow_nan=False),
    "Boolean": st.booleans(),
    "Date": st.dates(),
    "DateTime": st.datetimes(timezones=st.just(UTC)),
    "JSON": st.none() | st.dictionaries(st.text(), st.integers()),
}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """What graphql-core may make of a value of this type."""
    if isinstance(kind, GraphQLNonNull):
        return required(kind.of_type)
    return st.none() | required(kind)


def required(kind: Any) -> st.SearchStrategy[Any]:
    if isinstance(kind, GraphQLList):
        return st.lists(values(kind.of_type), max_size=3)
    if isinstance(kind, GraphQLEnumType):
        return st.sampled_from([kind.parse_value(name) for name in kind.values])
    if kind.name in INPUTS and INPUTS[kind.name].is_one_of:
        # Strawberry's coercion, which comes before, lets exactly one of them through, and not null.
        one = [st.fixed_dictionaries({name: required(it.type)}) for name, it in kind.fields.items()]
        return st.one_of(one)
    if isinstance(kind, GraphQLInputObjectType):
        needed = {name: values(it.type) for name, it in kind.fields.items() if needs(it)}
        others = {name: values(it.type) for name, it in kind.fields.items() if not needs(it)}
        return st.fixed_dictionaries(needed, optional=others)
    return SCALARS[kind.name]


def needs(field: Any) -> bool:
    # graphql-core fills in what has a default.
    return is_required_input_field(field)


@contextmanager
def unplanned() -> Iterator[None]:
    plans = {name: definition.from_input for name, definition in INPUTS.items()}
    for definition in INPUTS.values():
        definition.from_input = None
    yield
    for name, definition in INPUTS.items():
        definition.from_input = plans[name]


def converted(name: str, value: dict[str, Any]) -> object:
    registry = schema.schema_converter.scalar_registry
    return convert_argument(value, INPUTS[name].origin, registry, schema.config)


def test_every_input_has_its_plan() -> None:
    assert len(INPUTS) > 20
    assert all(definition.from_input is not None for definition in INPUTS.values())


@pytest.mark.parametrize("name", sorted(INPUTS))
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_plan_reads_what_strawberry_reads(name: str, data: st.DataObject) -> None:
    value = data.draw(required(schema._schema.type_map[name]))
    planned = converted(name, value)
    with unplanned():
        plain = converted(name, value)
    assert type(planned) is type(plain)
    assert planned == plain
    assert repr(planned) == repr(plain)


def test_no_two_requests_share_a_list() -> None:
    tags = ["a"]
    value = {"phone": "1", "tags": tags, "timeZone": "UTC"}
    read: Any = converted("CreateClientInput", value)
    read.tags.append("b")
    assert tags == ["a"]


def test_a_moment_stays_as_it_is() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    value = {"id": "x", "startAt": moment, "endAt": moment}
    read: Any = converted("CloneMailingInput", value)
    assert read.start_at is moment
