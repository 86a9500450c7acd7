"""Texts of any kind in every place that takes one: an answer or a mistake, never a fault inside."""

from typing import Any

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.schema import export
from rules.inbox import cursor
from services.content import DEEPEST_DATA
from tests.graph.conftest import OWN, Edge

SCHEMA: GraphQLSchema = build_schema(export())
KNOWN = ("", OWN, cursor(OWN, 0), cursor(OWN, 2**63 - 1), "new_login", "79001234567", "Europe/Riga")
NASTY = (
    "\0",
    "{{",
    "{{ key }}",
    "{% for a in b %}",
    "$where",
    "../etc/passwd",
    "a\r\nb: c",
    "7" * 400,
)
TEXTS = st.sampled_from(KNOWN + NASTY) | st.text(st.characters(codec="utf-8"), max_size=40)
MOMENTS = st.sampled_from(("2026-01-31T09:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"))
DATA = st.none() | st.dictionaries(TEXTS, TEXTS | st.integers() | st.booleans(), max_size=3)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Values that GraphQL takes for this type, so that Belfry itself has to judge them."""
    if isinstance(kind, GraphQLNonNull):
        return required(kind.of_type)
    return st.none() | required(kind)


def required(kind: Any) -> st.SearchStrategy[Any]:
    if isinstance(kind, GraphQLList):
        return st.lists(values(kind.of_type), max_size=3)
    if isinstance(kind, GraphQLInputObjectType):
        fields = {name: values(field.type) for name, field in kind.fields.items()}
        return st.fixed_dictionaries(fields)
    if hasattr(kind, "values"):
        return st.sampled_from(sorted(kind.values))
    plain = {
        "Boolean": st.booleans(),
        "DateTime": MOMENTS,
        "Int": st.integers(-(2**31), 2**31 - 1),
        "JSON": DATA,
    }
    return plain.get(kind.name, TEXTS)


@st.composite
def operations(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """An operation of one root field with any arguments, and its variables."""
    root = draw(st.sampled_from(("Query", "Mutation")).map(SCHEMA.get_type))
    assert isinstance(root, GraphQLObjectType)
    name = draw(st.sampled_from(sorted(root.fields)))
    arguments = root.fields[name].args
    given = {at: draw(values(argument.type)) for at, argument in arguments.items()}
    declared = ", ".join(f"${at}: {argument.type}" for at, argument in arguments.items())
    passed = ", ".join(f"{at}: ${at}" for at in arguments)
    head = f"({declared})" if declared else ""
    call = f"{name}({passed})" if passed else name
    return f"{root.name.lower()} {head} {{ {call} {{ __typename }} }}", given


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(operation=operations())
async def test_no_input_causes_a_fault_inside(
    edge: Edge, operation: tuple[str, dict[str, Any]]
) -> None:
    answer = await edge.ask(*operation)
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    assert codes <= {"BAD_USER_INPUT"}, answer


async def test_the_deepest_data_come_back_in_every_answer(edge: Edge, user_id: str) -> None:
    data: dict[str, Any] = {}
    for _ in range(DEEPEST_DATA - 1):
        data = {"a": data}
    said = {"userId": user_id, "key": "new_post", "data": data}
    made = await edge.data(
        """mutation ($input: CreateNotificationInput!) {
            createNotification(input: $input) { notification { data } } }""",
        {"input": said},
    )
    assert made["createNotification"]["notification"] == {"data": data}
    found = await edge.data(
        """query ($user: ID!) { inbox(userId: $user) {
            page { list { data } } notifications { edges { node { data } } } } }""",
        {"user": user_id},
    )
    assert found["inbox"] == {
        "page": {"list": [{"data": data}]},
        "notifications": {"edges": [{"node": {"data": data}}]},
    }


@pytest.mark.parametrize("levels", [DEEPEST_DATA + 1, 900])
async def test_data_that_are_deeper_are_refused(edge: Edge, user_id: str, levels: int) -> None:
    data: dict[str, Any] = {}
    for _ in range(levels - 1):
        data = {"a": data}
    made = await edge.data(
        """mutation ($input: CreateNotificationInput!) {
            createNotification(input: $input) { errors { field code } } }""",
        {"input": {"userId": user_id, "key": "new_post", "data": data}},
    )
    assert made["createNotification"]["errors"] == [{"field": "data", "code": "INVALID"}]
