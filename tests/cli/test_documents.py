"""Every document that the command line sends is valid by the schema that the API exports."""

import importlib
import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

ROOT = Path(__file__).parents[2]
SCHEMA = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
_OPERATION = re.compile(r"(query|mutation|subscription)\b")


def documents() -> dict[str, str]:
    """The operations among the constants of the room, by module and name."""
    modules = [importlib.import_module(f"cli.{path.stem}") for path in (ROOT / "cli").glob("*.py")]
    return {
        f"{module.__name__}.{name}": value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, str) and _OPERATION.match(value)
    }


@pytest.mark.parametrize("document", documents().values(), ids=documents())
def test_a_document_is_valid_and_its_operation_has_a_name(document: str) -> None:
    parsed = parse(document)
    assert validate(SCHEMA, parsed) == []
    assert re.match(r"\w+ [A-Z]\w+", document)
