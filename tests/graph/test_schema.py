"""The committed schema is the one that is served."""

from pathlib import Path

from graphql import (
    build_schema,
    get_introspection_query,
    lexicographic_sort_schema,
    print_schema,
)
from graphql.utilities import build_client_schema

from graph.schema import export
from tests.graph.conftest import Edge

COMMITTED = Path(__file__).parents[2] / "schema.graphql"


def test_the_committed_schema_is_the_export() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == export()


async def test_the_api_serves_the_committed_schema(edge: Edge) -> None:
    query = get_introspection_query(
        specified_by_url=True, input_value_deprecation=True, one_of=True
    )
    served = build_client_schema(await edge.data(query))
    committed = build_schema(COMMITTED.read_text(encoding="utf-8"))
    assert print_schema(lexicographic_sort_schema(served)) == print_schema(committed)
