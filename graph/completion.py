"""graphql-core's executor, with short cuts for plain objects, lists of them, and events.

What has no plan, and every error, goes graphql-core's own way.
"""

import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLList,
    GraphQLObjectType,
    GraphQLResolveInfo,
    OperationDefinitionNode,
    Undefined,
)
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.plain import Complete, plan, plan_event

MOST_PLANS = 64
"""Of one operation: it has as many selections, times the answers to @include."""


class Completion(StrawberryGraphQLCoreExecutionContext):
    """One operation; for a subscription, all its events."""

    _complete: Any = Undefined
    """The plan for events, None if there can be none."""
    _identity: tuple[object, ...] = ()

    def complete_list_value(  # noqa: D102 - the base's own
        self,
        return_type: GraphQLList[Any],
        field_details_list: Any,  # noqa: ANN401 - the base's own
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,  # noqa: ANN401
        position_context: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        if isinstance(result, list):
            complete = self._plan(return_type.of_type, field_details_list)
            if complete is not None:
                try:
                    return [complete(item) for item in result]
                except Exception:  # noqa: BLE001, S110 - graphql-core meets it again, and says where
                    pass
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def complete_object_value(  # noqa: D102 - the base's own
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,  # noqa: ANN401 - the base's own
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,  # noqa: ANN401
        position_context: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        complete = self._plan(return_type, field_details_list)
        if complete is not None:
            try:
                return complete(result)
            except Exception:  # noqa: BLE001, S110 - graphql-core meets it again, and says where
                pass
        return super().complete_object_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def build_per_event_executor(self, payload: Any) -> Any:  # noqa: ANN401 - any event
        """What answers one event: the plan, at once, or graphql-core."""
        if self._complete is Undefined:
            self._complete = self._remembered((), partial(plan_event, self))
        if self._complete is not None:
            try:
                return _Completed(self._complete(payload))
            except Exception:  # noqa: BLE001, S110 - graphql-core meets it again, and says where
                pass
        # Its keys are new with each event: it would grow for as long as the client stays.
        self._relevant_sub_fields.clear()
        return super().build_per_event_executor(payload)

    def _plan(self, kind: Any, details: Any) -> Complete | None:  # noqa: ANN401 - graphql-core's own
        # All nodes: one of a fragment may be merged with others at one of its places only.
        key = (id(kind), *[id(found.node) for found in details])
        return self._remembered(key, partial(plan, self, kind, details))

    def _remembered(self, own: tuple[int, ...], make: Callable[[], Complete]) -> Complete | None:
        """One plan for all who send the same document, and the same answers to @include."""
        if not self._identity:
            variables = self.variable_values.coerced.items()
            conditions = [pair for pair in variables if isinstance(pair[1], bool)]
            self._identity = (id(self.schema), *conditions)
        plans, key = _plans_of(self.operation), (*self._identity, *own)
        if key not in plans:
            if len(plans) >= MOST_PLANS:
                plans.clear()
            plans[key] = _made(make)
        return plans[key]


class _Completed:
    """An executor that is done."""

    __slots__ = ("data",)

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    def execute_operation(self, serially: bool | None = None) -> ExecutionResult:
        return ExecutionResult(self.data, None)


_plans: dict[int, dict[tuple[object, ...], Complete | None]] = {}
"""By the identity of operations: hashing one takes as long as executing it, if it is small."""


def _plans_of(operation: OperationDefinitionNode) -> dict[tuple[object, ...], Complete | None]:
    """The plans of an operation, forgotten with it."""
    found = _plans.get(id(operation))
    if found is None:
        found = _plans[id(operation)] = {}
        weakref.finalize(operation, _plans.pop, id(operation), None)
    return found


def _made(make: Callable[[], Complete]) -> Complete | None:
    try:
        return make()
    except Exception:  # noqa: BLE001 - graphql-core meets it again, and says where
        return None
