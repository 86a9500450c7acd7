"""The short cuts for objects and lists give exactly what graphql-core's own executor gives."""

from datetime import UTC, datetime
from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON

from graph import completion, plain
from graph.completion import Completion
from graph.plain import Complete

MANY = 5


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Leaf(Named):
    size: int
    weight: float | None
    colour: Colour
    grown_at: datetime
    marks: JSON | None
    tags: list[str]
    twin: "Leaf | None" = None


@strawberry.type
class Careful(Named):
    @strawberry.field
    async def slow(self) -> str:
        return self.name.upper()

    @strawberry.field
    def broken(self) -> str:
        raise GraphQLError(f"{self.name} is broken")


def leaf(number: int, **said: Any) -> Leaf:
    usual: dict[str, Any] = {
        "name": f"leaf {number}",
        "size": number,
        "weight": None if number % 2 else number / 3,
        "colour": Colour.RED if number % 2 else Colour.BLUE,
        "grown_at": datetime(2026, 1, number + 1, tzinfo=UTC),
        "marks": {"n": [number, None, {"deep": True}]} if number else None,
        "tags": ["a", "b"][: number % 3],
    }
    return Leaf(**{**usual, **said})


@strawberry.type
class Query:
    @strawberry.field
    def leaves(self) -> list[Leaf]:
        return [leaf(number, twin=leaf(number + 10)) for number in range(MANY)]

    @strawberry.field
    def first(self) -> Leaf:
        return leaf(1, twin=leaf(2))

    @strawberry.field
    def broken(self) -> Leaf | None:
        return leaf(1, size="x")

    @strawberry.field
    def nothing(self) -> Leaf | None:
        return None

    @strawberry.field
    def holed(self) -> list[Leaf | None]:
        return [leaf(number) if number else None for number in range(MANY)]

    @strawberry.field
    def wrong(self) -> list[Leaf | None]:
        return [leaf(number, size="x" if number == 2 else 1) for number in range(MANY)]

    @strawberry.field
    def lacking(self) -> list[Leaf]:
        return [leaf(number, name=None if number == 3 else "n") for number in range(MANY)]

    @strawberry.field
    def careful(self) -> list[Careful]:
        return [Careful(name=f"c{number}") for number in range(MANY)]

    @strawberry.field
    def named(self) -> list[Named]:
        return [leaf(1), Careful(name="c"), leaf(2), leaf(3), leaf(4)]

    @strawberry.field
    def numbers(self) -> list[int]:
        return list(range(MANY))

    @strawberry.field
    def rows(self) -> list[list[int]]:
        return [[number] * number for number in range(MANY)]


stock = strawberry.Schema(Query, types=[Leaf, Careful])
short = strawberry.Schema(Query, types=[Leaf, Careful], execution_context_class=Completion)


@pytest.mark.parametrize(
    "document",
    [
        "{ leaves { name size weight colour grownAt marks tags twin { name tags } } }",
        """{ leaves { __typename again: name name ... on Named { name } ...F } }
        fragment F on Leaf { size twin { size ...G } } fragment G on Leaf { twin { name } }""",
        "query ($yes: Boolean = true) { leaves { name @skip(if: $yes) size @include(if: $yes) } }",
        "{ leaves { twin { name } twin { size } } }",
        "{ holed { name } numbers rows }",
        "{ wrong { name size } }",
        "{ wrong { name } leaves { name } }",
        "{ lacking { name size } }",
        "{ lacking { size } numbers }",
        "{ careful { name slow } }",
        "{ careful { name broken } }",
        "{ first { name twin { size } } again: first { size } }",
        """{ first { ...F twin { size } } other: first { ...F } }
        fragment F on Leaf { twin { name } }""",
        "{ first { size } broken { name size } nothing { name } }",
        "{ named { __typename name ... on Leaf { size } ... on Careful { slow } } }",
    ],
)
async def test_it_answers_as_the_executor_does(document: str) -> None:
    expected, found = await stock.execute(document), await short.execute(document)
    assert found.data == expected.data
    assert [error.formatted for error in found.errors or ()] == [
        error.formatted for error in expected.errors or ()
    ]


async def test_it_takes_the_short_cut_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    planned: list[object] = []

    def watched(executor: Completion, kind: object, details: object) -> Complete:
        planned.append(kind)
        return plain.plan(executor, kind, details)

    monkeypatch.setattr(completion, "plan", watched)
    await short.execute("{ leaves { name } }")
    assert len(planned) == 1
