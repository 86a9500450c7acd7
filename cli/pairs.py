"""What templates and kinds are filled from, said on a command line: `name=Ada`, `count:=3`."""

import json
from collections.abc import Iterable

from core.errors import Invalid


def pairs(option: str, said: Iterable[str] | None) -> dict[str, object] | None:
    """One object of all that was said; None of nothing. Raises Invalid.

    `name=text` is text as it stands, `name:=JSON` any value, and `{...}` a whole object.
    """
    found: dict[str, object] = {}
    for each in said or ():
        found |= _object(option, each) if each.startswith("{") else _pair(option, each)
    return found or None


def _object(option: str, said: str) -> dict[str, object]:
    value = _json(option, said)
    if not isinstance(value, dict):
        raise Invalid(f"{option} takes a JSON object, name=text or name:=JSON, not {said!r}")
    return value


def _pair(option: str, said: str) -> dict[str, object]:
    name, equals, value = said.partition("=")
    if not equals or not name.strip(":"):
        raise Invalid(f"{option} takes name=text, name:=JSON or a JSON object, not {said!r}")
    if name.endswith(":"):
        return {name[:-1]: _json(option, value)}
    return {name: value}


def _json(option: str, said: str) -> object:
    try:
        value: object = json.loads(said)
    except ValueError as error:
        raise Invalid(f"{option} has JSON that can't be read ({error}): {said!r}") from None
    return value
