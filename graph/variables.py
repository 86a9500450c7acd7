"""Limits on what the variables of an operation hold, before graphql-core reads each of them."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from graphql import (
    GraphQLSchema,
    OperationDefinitionNode,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
    type_from_ast,
)

from core.errors import Invalid, TooComplex

MOST_INPUTS = 60_000
"""Values of all variables: room for 1,000 clients with all of their fields and 50 tags each."""
MOST_ITEMS = 2_000
"""Of one list. Services refuse theirs from 1,001 on, and say at which field."""
MOST_JSON = 8_192
"""Values in one of JSON: more make more bytes than any field keeps."""
LONGEST_TEXT = 128 * 1024
"""Characters; no field keeps as many."""
MOST_UNKNOWN = 10
"""Fields that a type doesn't have; graphql-core makes an error with suggestions for each."""

Kinds: TypeAlias = Sequence[tuple[str, Any]]
"""The variables of an operation, and their types."""


def kinds(schema: GraphQLSchema, operation: OperationDefinitionNode) -> Kinds:
    """Those of a valid operation."""
    return [
        (it.variable.name.value, type_from_ast(schema, it.type))
        for it in operation.variable_definitions or ()
    ]


def check(kinds: Kinds, variables: Mapping[str, Any]) -> None:
    """Raise TooComplex or Invalid on variables that would take long to read."""
    count = _Count()
    for name, kind in kinds:
        if name in variables:
            count.take(kind, variables[name])


class _Count:
    """How much there was so far."""

    def __init__(self) -> None:
        self._values = 0
        self._unknown = 0

    def take(self, kind: Any, value: Any) -> None:  # noqa: ANN401 - any type and value
        self._values += 1
        if self._values > MOST_INPUTS:
            raise _too_many("values", MOST_INPUTS)
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, list | dict):
            self._inside(get_nullable_type(kind), value)

    def _inside(self, kind: Any, value: Any) -> None:  # noqa: ANN401
        if is_list_type(kind):
            # GraphQL takes a single value for a list of one.
            items = value if isinstance(value, list) else [value]
            if len(items) > MOST_ITEMS:
                raise _too_many("items in one list", MOST_ITEMS, len(items))
            for item in items:
                self.take(kind.of_type, item)
        elif is_input_object_type(kind) and isinstance(value, dict):
            for name, inner in value.items():
                self._field(kind.fields.get(name), inner)
        else:
            _check_json(value)

    def _field(self, field: Any, value: Any) -> None:  # noqa: ANN401
        if field is not None:
            self.take(field.type, value)
            return
        self._unknown += 1
        if self._unknown > MOST_UNKNOWN:
            raise Invalid(f"the variables have over {MOST_UNKNOWN} fields that their types lack")


def _check_json(value: Any) -> None:  # noqa: ANN401 - any JSON
    count, level = 1, [value]
    while level:
        below: list[Any] = []
        for one in level:
            if isinstance(one, str):
                _check_text(one)
            elif isinstance(one, list | dict):
                count += len(one)
                if count > MOST_JSON:
                    raise _too_many("values in one of JSON", MOST_JSON)
                below += one.values() if isinstance(one, dict) else one
        level = below


def _check_text(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise _too_many("characters in one text", LONGEST_TEXT, len(text))


def _too_many(what: str, limit: int, found: int | None = None) -> TooComplex:
    measured = f"over {limit}" if found is None else found
    message = (
        f"the variables have {measured} {what}, at most {limit} are allowed; send less at once"
    )
    return TooComplex(message)
