"""Finds calls in Belfry's own code."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.floors import FLOORS

ROOT = Path(__file__).parents[1]


def calls(*attributes: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of an attribute by one of these names in a room of a floor, and where it stands."""
    for room in FLOORS:
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            # All workers of a test run read all code; to parse it takes each of them a second.
            if not any(f".{attribute}" in text for attribute in attributes):
                continue
            for node in ast.walk(ast.parse(text)):
                match node:
                    case ast.Call(func=ast.Attribute(attr=name)) if name in attributes:
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", node
                    case _:
                        pass
