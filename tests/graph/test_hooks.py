"""Extensions that take part in results are heard; without any, nothing is lost."""

from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest
import strawberry
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionContext

from graph.hooks import Hooks


@strawberry.type
class Query:
    ok: bool = True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def numbers(self) -> AsyncGenerator[int, None]:
        yield 1
        yield 2


class Adds(SchemaExtension):
    def get_results(self) -> dict[str, Any]:
        return {"took": 5}


class Watches(SchemaExtension):
    seen: list[Any]

    def on_stream_result(self, result: Any) -> Iterator[None]:
        self.seen = [*getattr(self, "seen", []), result.data]
        yield
        result.data = {"numbers": -result.data["numbers"]}


class Says(SchemaExtension):
    def on_operation(self) -> Iterator[None]:
        self.execution_context.extensions_results["said"] = True
        yield


class Schema(strawberry.Schema):
    def create_extensions_runner(
        self, execution_context: ExecutionContext, extensions: list[SchemaExtension]
    ) -> Hooks:
        return Hooks(execution_context, extensions)


@pytest.mark.parametrize("extensions", [[], [Adds], [Watches], [Says], [Says, Adds, Watches]])
async def test_each_hook_is_called_as_strawberrys_own_runner_does(
    extensions: list[type[SchemaExtension]],
) -> None:
    async def answers(kind: type[strawberry.Schema]) -> list[Any]:
        schema = kind(Query, subscription=Subscription, extensions=extensions)
        one = await schema.execute("{ ok }")
        results = await schema.subscribe("subscription { numbers }")
        found = [result async for result in results]
        return [(each.data, each.errors, each.extensions or {}) for each in (one, *found)]

    assert await answers(Schema) == await answers(strawberry.Schema)
