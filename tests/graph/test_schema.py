"""The committed schema is the one that is served."""

from pathlib import Path

import pytest
from graphql import (
    build_schema,
    get_introspection_query,
    lexicographic_sort_schema,
    parse,
    print_schema,
)
from graphql.utilities import build_client_schema

from graph.limits import MOST_INTROSPECTION, introspection
from graph.schema import export, schema
from tests.graph.conftest import Edge

COMMITTED = Path(__file__).parents[2] / "schema.graphql"


def test_the_committed_schema_is_the_export() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == export()


async def test_the_api_serves_the_committed_schema(edge: Edge) -> None:
    query = get_introspection_query(specified_by_url=True, input_value_deprecation=True)
    served = build_client_schema(await edge.data(query))
    committed = build_schema(COMMITTED.read_text(encoding="utf-8"))
    assert print_schema(lexicographic_sort_schema(served)) == print_schema(committed)


REPEATED = "t{n}: types {{ name fields {{ name args {{ name }} }} }}"


@pytest.mark.parametrize(
    "document",
    [
        "{ " + " ".join(f"s{n}: __schema {{ types {{ name }} }}" for n in range(60)) + " }",
        "{ "
        + " ".join(f"s{n}: __schema {{ ...F }}" for n in range(20))
        + " } fragment F on __Schema { "
        + " ".join(REPEATED.format(n=n) for n in range(20))
        + " }",
    ],
)
async def test_introspection_again_and_again_is_refused_before_it_runs(document: str) -> None:
    answer = await schema.execute(document)
    assert [error.message for error in answer.errors or ()] == [
        "the document introspects too much; ask for the schema once"
    ]


def test_the_usual_introspection_is_within_the_limit() -> None:
    assert introspection(parse(get_introspection_query())) <= MOST_INTROSPECTION
