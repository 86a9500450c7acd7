"""Variables that a template declares, and contexts that are checked against them."""

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum

import orjson

from core.errors import Invalid
from rules import render

DEFAULT_LIMIT = 4_000
"""Characters of a default in JSON."""

MOST_UNKNOWN = 20
"""Names of a context that are told one by one: to find what was meant takes milliseconds."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_WORDS = frozenset(str.split("and elif else for if in is loop not or range recursive self"))
"""Names that mean something in Jinja2, or do so at some place."""
_UNDEFINED = re.compile(r"'(\w+)' is undefined")


class Type(StrEnum):
    """What a variable may be."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    """A text as ISO 8601 has it, with or without a time; it is shown as it was given."""
    LIST = "list"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that a context gives a value; without a default every context must."""

    name: str
    type: Type = Type.TEXT
    default: str | None = None
    """As JSON text, which keeps every number and key exactly."""

    @property
    def required(self) -> bool:
        """Whether every context must have it."""
        return self.default is None


_LIKE = {
    Type.TEXT: 'a text, like "Ann"',
    Type.NUMBER: "a number, like 12.5",
    Type.BOOLEAN: "true or false",
    Type.DATE: 'a date, like "2026-01-31" or "2026-01-31T09:00:00Z"',
    Type.LIST: 'a list, like ["tea", "jam"]',
    Type.OBJECT: 'an object, like {"city": "Riga"}',
}


def fitting(
    variables: Sequence[Variable], context: object, *, reserved: str
) -> tuple[dict[str, object], list[tuple[str | None, str]]]:
    """A value for each variable, and what is wrong: the name and what to do. Null is no value."""
    if not isinstance(context, Mapping):
        return {}, [(None, 'must be an object, like {"name": "Ann"}')]
    values: dict[str, object] = {}
    flaws: list[tuple[str | None, str]] = []
    for each in variables:
        value = context.get(each.name)
        if value is None and each.default is not None:
            values[each.name] = orjson.loads(each.default)
        elif value is None:
            flaws.append((each.name, f"`{each.name}` is missing; give {_LIKE[each.type]}"))
        elif not _is(each.type, value):
            flaws.append((each.name, f"`{each.name}` must be {_LIKE[each.type]}"))
        else:
            values[each.name] = value
    known = {each.name for each in variables}
    unknown = [str(name)[:64] for name in context if name not in known]
    for name in unknown[:MOST_UNKNOWN]:
        if name == reserved:
            flaws.append((name, f"`{name}` is filled by Belfry; leave it out"))
        else:
            what = hint(name, known - context.keys()) or "leave it out, or declare it"
            flaws.append((name, f"the template has no variable `{name}`; {what}"))
    if len(unknown) > MOST_UNKNOWN:
        flaws.append((None, f"has {len(unknown):,} names that the template has no variables for"))
    return values, flaws


def mistakes(variables: Sequence[Variable], reserved: str) -> Iterator[tuple[int, str, str, str]]:
    """What is wrong with declarations: the place, the name, the field and what to do."""
    seen: set[str] = set()
    for at, each in enumerate(variables):
        if each.name == reserved:
            yield at, each.name, "name", f"every template has `{reserved}`; leave it out"
        elif not _NAME.fullmatch(each.name) or not _is_free(each.name):
            message = "write the name as up to 64 letters, digits and _, with a letter first"
            spoken_for = _NAME.fullmatch(each.name) is not None
            yield (
                at,
                each.name,
                "name",
                "the name means something in Jinja2" if spoken_for else message,
            )
        elif each.name in seen:
            yield at, each.name, "name", f"`{each.name}` is declared twice"
        seen.add(each.name)
        if each.default is not None and len(each.default) > DEFAULT_LIMIT:
            yield at, each.name, "default", f"shorten it to {DEFAULT_LIMIT:,} characters of JSON"
        elif each.default is not None and not _is(each.type, orjson.loads(each.default)):
            yield at, each.name, "default", f"must be {_LIKE[each.type]}"


def hint(name: str, known: Collection[str]) -> str:
    """What was meant, if something known is near."""
    by_lower = {each.lower(): each for each in sorted(known)}
    near = get_close_matches(name[:64].lower(), by_lower, n=1)
    return f"did you mean `{by_lower[near[0]]}`?" if near else ""


def undefined(message: str) -> str | None:
    """The name that Jinja2 says is undefined."""
    found = _UNDEFINED.search(message)
    return found and found[1]


def _is_free(name: str) -> bool:
    try:
        return name not in _WORDS and render.variables(f"{{{{ {name} }}}}") == {name}
    except Invalid:
        return False


def _is(type_: Type, value: object) -> bool:
    return _RULES[type_](value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


_RULES: Mapping[Type, Callable[[object], bool]] = {
    Type.TEXT: lambda value: isinstance(value, str),
    Type.NUMBER: _is_number,
    Type.BOOLEAN: lambda value: isinstance(value, bool),
    Type.DATE: _is_date,
    Type.LIST: lambda value: isinstance(value, list | tuple),
    Type.OBJECT: lambda value: isinstance(value, dict),
}
