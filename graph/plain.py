"""How plain objects become an answer: planned once for a selection, then done for each object.

graphql-core takes each field of each object through a resolver, a path and an info of its own. An
object whose selected fields are mere attributes needs none of that. For whatever else there is no
plan, or the plan raises; graphql-core's own way is right for it, and for every error.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeAlias

from graphql import (
    GraphQLAbstractType,
    GraphQLBoolean,
    GraphQLID,
    GraphQLObjectType,
    GraphQLString,
    TypeNameMetaFieldDef,
    Undefined,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import collect_fields
from strawberry.schema._graphql_core import BaseGraphQLExecutionContext
from strawberry.types.field import StrawberryField

Complete: TypeAlias = Callable[[Any], Any]
"""What a value is in the answer; raises if the value is not what its type promises."""

_AS_THEY_ARE: dict[Any, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}
"""Scalars, and the values that they leave as they are."""


class NotPlain(Exception):
    """The value, or its type, needs graphql-core's own way."""


def plan_event(executor: BaseGraphQLExecutionContext) -> Complete:
    """What becomes of one event of a subscription; raises NotPlain, or what is wrong with it."""
    root = executor.schema.subscription_type
    assert root is not None
    found = collect_fields(
        executor.schema, executor.fragments, executor.variable_values, root, executor.operation
    )
    ((name, details),) = found.grouped_field_set.items()
    field = executor.schema.get_field(root, details[0].node.name.value)
    if field is None or found.new_defer_usages or _watched(executor):
        raise NotPlain
    # Strawberry resolves the field of a subscription to the event itself.
    complete = plan(executor, field.type, details)
    return lambda event: {name: complete(event)}


def plan(executor: BaseGraphQLExecutionContext, kind: Any, details: Any) -> Complete:  # noqa: ANN401 - graphql-core's own
    """What becomes of a value of this type with this selection; raises NotPlain."""
    if is_non_null_type(kind):
        return _as_it_is(kind.of_type, _required(plan(executor, kind.of_type, details)))
    if is_list_type(kind):
        return _optional(_each(plan(executor, kind.of_type, details)))
    if is_leaf_type(kind):
        return _as_it_is(kind, _optional(_leaf(kind.coerce_output_value)))
    if is_object_type(kind):
        return _optional(_object(executor, kind, details))
    if is_abstract_type(kind):
        return _optional(_abstract(executor, kind, details))
    raise NotPlain


def _watched(executor: BaseGraphQLExecutionContext) -> bool:
    """Whether somebody takes part in the resolving of every field."""
    middleware = executor.middleware_manager
    return executor.abort_signal is not None or bool(middleware and middleware.middlewares)


def _object(
    executor: BaseGraphQLExecutionContext,
    kind: GraphQLObjectType,
    details: Any,  # noqa: ANN401 - graphql-core's own
) -> Complete:
    collected = executor.collect_subfields(kind, details)
    if collected.new_defer_usages:
        raise NotPlain
    chosen = collected.grouped_field_set
    fields = [_field(executor, kind, same) for same in chosen.values()]
    names, completes = tuple(chosen), tuple(complete for _, complete in fields)
    # The class comes last only because one attribute alone would come without a tuple.
    take = attrgetter(*(attribute for attribute, _ in fields), "__class__")
    python_type = _python_type(kind)

    def complete(value: Any) -> dict[str, Any]:  # noqa: ANN401
        if type(value) is not python_type:
            raise NotPlain
        taken = zip(names, completes, take(value), strict=False)
        return {name: inner(attribute) for name, inner, attribute in taken}

    return complete


def _abstract(
    executor: BaseGraphQLExecutionContext,
    kind: GraphQLAbstractType,
    details: Any,  # noqa: ANN401 - graphql-core's own
) -> Complete:
    plans: dict[type, Complete] = {}
    for possible in executor.schema.get_possible_types(kind):
        python_type = _python_type(possible)
        if python_type in plans:
            raise NotPlain
        plans[python_type] = _object(executor, possible, details)

    def complete(value: Any) -> Any:  # noqa: ANN401
        found = plans.get(type(value))
        if found is None:
            raise NotPlain
        return found(value)

    return complete


def _python_type(kind: GraphQLObjectType) -> type:
    found: type = kind.extensions["strawberry-definition"].origin
    return found


def _field(
    executor: BaseGraphQLExecutionContext,
    kind: GraphQLObjectType,
    details: Any,  # noqa: ANN401 - graphql-core's own
) -> tuple[str, Complete]:
    """The attribute that a field shows, and how; raises NotPlain for any other field."""
    field = executor.schema.get_field(kind, details[0].node.name.value)
    if field is TypeNameMetaFieldDef:
        return "__class__", lambda _: kind.name
    found = field.extensions.get("strawberry-definition") if field else None
    if field is None or not isinstance(found, StrawberryField) or not found.is_basic_field:
        raise NotPlain
    return found.python_name, plan(executor, field.type, details)


def _required(inner: Complete) -> Complete:
    def complete(value: Any) -> Any:  # noqa: ANN401
        if (completed := inner(value)) is None:
            raise NotPlain
        return completed

    return complete


def _optional(inner: Complete) -> Complete:
    def complete(value: Any) -> Any:  # noqa: ANN401
        return None if value is None else inner(value)

    return complete


def _each(inner: Complete) -> Complete:
    def complete(value: Any) -> list[Any]:  # noqa: ANN401
        if not isinstance(value, list | tuple):
            raise NotPlain
        return [inner(item) for item in value]

    return complete


def _leaf(coerce: Complete) -> Complete:
    def complete(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, Exception) or hasattr(value, "__await__"):
            raise NotPlain
        completed = coerce(value)
        if completed is None or completed is Undefined:
            raise NotPlain
        return completed

    return complete


def _as_it_is(kind: Any, otherwise: Complete) -> Complete:  # noqa: ANN401 - graphql-core's own
    """The short cut for the most common values."""
    usual = _AS_THEY_ARE.get(kind)
    if usual is None:
        return otherwise

    def complete(value: Any) -> Any:  # noqa: ANN401
        return value if type(value) is usual else otherwise(value)

    return complete
