"""Reads docker-compose.yml as Docker Compose does, as far as this repository needs."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docker-compose.yml"
OURS = "belfry"
"""Begins the names of the images that we build; their entry point is the command `belfry`."""

_VARIABLE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?:(?P<how>:[-?])(?P<text>[^{}]*))?\})")


class Missing(LookupError):
    """A variable that the file requires has no value; says what the file says about it."""


@dataclass(frozen=True, slots=True)
class Service:
    """One of our services, as the container starts it."""

    name: str
    argv: list[str]
    """With `belfry` in front."""
    environment: dict[str, str]


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """The text with its variables filled in.

    Knows `${NAME}`, `${NAME:-default}`, `${NAME:?problem}` and `$$`; nothing nested. Raises
    ValueError on any other dollar sign, and Missing.
    """

    def fill(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        value = variables.get(match["name"], "")
        if value or match["how"] is None:
            return value
        if match["how"] == ":?":
            raise Missing(f"{match['name']}: {match['text']}")
        return str(match["text"])

    if "$" in _VARIABLE.sub("", text):
        raise ValueError(f"an interpolation of a kind unknown here: {text}")
    return _VARIABLE.sub(fill, text)


def load(variables: Mapping[str, str]) -> dict[str, Any]:
    """The file with every text interpolated."""
    loaded = _filled(yaml.safe_load(FILE.read_text(encoding="utf-8")), variables)
    assert isinstance(loaded, dict)
    return loaded


def our_services(variables: Mapping[str, str]) -> Iterator[Service]:
    """What each of our services runs, with which environment (that of an .env file apart)."""
    for name, service in load(variables)["services"].items():
        if str(service["image"]).startswith(OURS):
            yield Service(name, [OURS, *service["command"]], dict(service["environment"]))


def variables_used() -> set[str]:
    """The names of all variables in the file."""
    matches = _VARIABLE.finditer(FILE.read_text(encoding="utf-8"))
    return {match["name"] for match in matches if match["name"]}


def _filled(node: Any, variables: Mapping[str, str]) -> Any:
    match node:
        case str():
            return interpolate(node, variables)
        case list():
            return [_filled(child, variables) for child in node]
        case dict():
            return {key: _filled(child, variables) for key, child in node.items()}
        case _:
            return node
