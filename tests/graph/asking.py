"""An operation for every root field of the schema, and what its answer refuses."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    is_required_argument,
    is_required_input_field,
)

from rules.inbox import cursor
from tests.graph.conftest import OWN

ONE_OF = {"PreferencesOwnerInput": f'{{userId: "{OWN}"}}'}
"""Inputs that take one of their fields, of which the schema asks for none."""
SAMPLES = {
    "Boolean": "true",
    "Date": '"2026-01-31"',
    "DateTime": '"2026-01-31T09:00:00Z"',
    "ID": f'"{OWN}"',
    "Int": "1",
}


def root_fields(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLField]]:
    for root in (schema.query_type, schema.mutation_type, schema.subscription_type):
        assert root is not None
        yield from ((f"{root.name}.{name}", field) for name, field in root.fields.items())


def document(name: str, field: GraphQLField) -> str:
    """An operation that asks for a field with the least that it takes."""
    root, _, own_name = name.partition(".")
    given = [f"{at}: {sample(a)}" for at, a in field.args.items() if is_required_argument(a)]
    arguments = f"({', '.join(given)})" if given else ""
    return f"{root.lower()} {{ {own_name}{arguments} {{ __typename }} }}"


def sample(of: GraphQLArgument | GraphQLInputField) -> str:
    kind = of.type.of_type if isinstance(of.type, GraphQLNonNull) else of.type
    if isinstance(kind, GraphQLList):
        return "[]"
    if isinstance(kind, GraphQLEnumType):
        return str(next(iter(kind.values)))
    if kind.name in ONE_OF:
        return ONE_OF[kind.name]
    if isinstance(kind, GraphQLInputObjectType):
        needed = {at: f for at, f in kind.fields.items() if is_required_input_field(f)}
        if kind.is_one_of:
            needed = dict([next(iter(kind.fields.items()))])
        return "{" + ", ".join(f"{at}: {sample(f)}" for at, f in needed.items()) + "}"
    return SAMPLES.get(str(kind), '"x"')


def refusal(answer: Any) -> str | None:
    """The code by which an answer, or the payload of a frame, refuses; None if it doesn't."""
    errors = answer if isinstance(answer, list) else answer.get("errors", ())
    codes = {error["extensions"]["code"] for error in errors}
    return next(iter(codes & {"UNAUTHENTICATED", "FORBIDDEN"}), None)


def over_http(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    for name, field in root_fields(schema):
        if not name.startswith("Subscription."):
            yield name, document(name, field)


def over_socket(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    for name, field in root_fields(schema):
        if name.startswith("Subscription."):
            # The smallest cursor makes an inbox speak at once.
            after = f', after: "{cursor(OWN, 0)}")' if "after" in field.args else ")"
            yield name, document(name, field).replace(")", after)
