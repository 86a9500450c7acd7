"""Complete lists of plain objects at once: those whose selected fields are mere attributes.

graphql-core takes each field of each object through a resolver, a path and an info of its own. A
page of notifications needs none of that. What is not plain, and every error, goes its way.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from graphql import (
    GraphQLList,
    GraphQLObjectType,
    GraphQLResolveInfo,
    TypeNameMetaFieldDef,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.field import StrawberryField

Complete: TypeAlias = Callable[[Any], Any]
"""What a value is in the answer; raises if the value is not what its type promises."""

WORTHWHILE = 4
"""Items from which on planning costs less than it saves."""


class NotPlain(Exception):
    """The value, or its type, needs graphql-core's own way."""


class Completion(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor with a short cut for lists of plain values."""

    def complete_list_value(  # noqa: D102 - the base's own
        self,
        return_type: GraphQLList[Any],
        field_details_list: Any,  # noqa: ANN401 - the base's own
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,  # noqa: ANN401
        position_context: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        if isinstance(result, list) and len(result) >= WORTHWHILE:
            try:
                complete = self._planned(return_type.of_type, field_details_list)
                return [complete(item) for item in result]
            except Exception:  # noqa: BLE001, S110 - graphql-core meets it again, and says where
                pass
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def _planned(self, kind: Any, details: Any) -> Complete:  # noqa: ANN401 - graphql-core's own
        if is_non_null_type(kind):
            return _required(self._planned(kind.of_type, details))
        if is_list_type(kind):
            return _optional(_each(self._planned(kind.of_type, details)))
        if is_leaf_type(kind):
            return _optional(_leaf(kind.coerce_output_value))
        if is_object_type(kind):
            return _optional(self._object(kind, details))
        raise NotPlain

    def _object(self, kind: GraphQLObjectType, details: Any) -> Complete:  # noqa: ANN401
        collected = self.collect_subfields(kind, details)
        if collected.new_defer_usages:
            raise NotPlain
        chosen = collected.grouped_field_set.items()
        fields = [(name, *self._field(kind, same)) for name, same in chosen]
        python_type = kind.extensions["strawberry-definition"].origin

        def complete(value: Any) -> dict[str, Any]:  # noqa: ANN401
            if type(value) is not python_type:
                raise NotPlain
            return {name: inner(getattr(value, attribute)) for name, attribute, inner in fields}

        return complete

    def _field(self, kind: GraphQLObjectType, details: Any) -> tuple[str, Complete]:  # noqa: ANN401
        """The attribute that a field shows, and how; raises NotPlain for any other field."""
        field = self.schema.get_field(kind, details[0].node.name.value)
        if field is TypeNameMetaFieldDef:
            return "__class__", lambda _: kind.name
        found = field.extensions.get("strawberry-definition") if field else None
        if field is None or not isinstance(found, StrawberryField) or not found.is_basic_field:
            raise NotPlain
        return found.python_name, self._planned(field.type, details)


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
        if (completed := coerce(value)) is None:
            raise NotPlain
        return completed

    return complete
