"""Read input objects by a plan that is made once, when the schema is.

Strawberry resolves every field's type and name again for every request, which takes as long as
all the rest of its part in a mutation. What a plan doesn't cover goes Strawberry's way.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from functools import partial
from typing import Any, TypeAlias

import strawberry
from strawberry import Some
from strawberry.scalars import is_scalar
from strawberry.types.arguments import InputContext
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryObjectDefinition,
    StrawberryOptional,
    has_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition

Value: TypeAlias = Any
"""A value that graphql-core has checked, or what Strawberry's own conversion makes of it."""

Kind: TypeAlias = Any
"""A type as Strawberry has it, of any sort."""

Read: TypeAlias = Callable[[Value, InputContext], Value]


def plan(schema: strawberry.Schema) -> None:
    """Give every input type of the schema its plan."""
    for known in schema.schema_converter.type_map.values():
        definition = known.definition
        if isinstance(definition, StrawberryObjectDefinition) and definition.is_input:
            definition.from_input = _reader(schema, definition)


def _reader(
    schema: strawberry.Schema, definition: StrawberryObjectDefinition
) -> Callable[[type, Mapping[str, Any], InputContext], Any]:
    fields = [
        (
            schema.config.name_converter.from_field(field),
            field.python_name,
            _of_type(schema, field.resolve_type(type_definition=definition)),
        )
        for field in definition.fields
    ]
    absent = {
        field.python_name: None
        for field in definition.fields
        if field.default_value is MISSING and field.default_factory is MISSING
    }

    def read(origin: type, value: Mapping[str, Any], context: InputContext) -> Value:
        said = dict(absent)
        for name, python_name, inner in fields:
            if name in value:
                said[python_name] = inner(value[name], context)
        return origin(**said)

    return read


def _of_type(schema: strawberry.Schema, kind: Kind) -> Read:
    match kind:
        case StrawberryMaybe(of_type=StrawberryOptional()):
            inner = _of_type(schema, kind.of_type)
            return lambda value, context: Some(inner(value, context))
        case StrawberryOptional() if not isinstance(kind, StrawberryMaybe):
            return _of_type(schema, kind.of_type)
        case StrawberryList() if _is_leaf(schema, _required(kind.of_type)):
            # A copy: what stands for an absent list is the same for every request.
            return lambda value, context: None if value is None else list(value)
        case StrawberryList():
            each = _of_type(schema, kind.of_type)
            return partial(_list, each)
        case _ if _is_leaf(schema, kind):
            return lambda value, context: value
        case _ if has_object_definition(kind):
            return partial(_object, kind, kind.__strawberry_definition__)
        case _:
            return lambda value, context: context.convert(value, kind)


def _list(each: Read, value: Value, context: InputContext) -> Value:
    return None if value is None else [each(item, context) for item in value]


def _object(
    origin: type, definition: StrawberryObjectDefinition, value: Value, context: InputContext
) -> Value:
    if value is None:
        return None
    assert definition.from_input is not None
    return definition.from_input(origin, value, context)


def _required(kind: Kind) -> Kind:
    is_plain = isinstance(kind, StrawberryOptional) and not isinstance(kind, StrawberryMaybe)
    return kind.of_type if is_plain else kind


def _is_leaf(schema: strawberry.Schema, kind: Kind) -> bool:
    registry = schema.schema_converter.scalar_registry
    return isinstance(kind, StrawberryEnumDefinition) or is_scalar(kind, registry)
