"""What an answer may be, by the pages that clients read."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.fuzz.sending import MODERN, Answer, Asked

_DOCS = Path(__file__).parents[2] / "docs"
_ROW = re.compile(r"^\| `(?P<code>[A-Z_]+)` \| (?P<statuses>[0-9, ]*) \| ", re.MULTILINE)
_CLOSING = re.compile(r"^\| (?P<code>\d{4}) \|", re.MULTILINE)
_JSON = {MODERN, "application/json"}

STATUSES: dict[str, set[int]] = {
    row["code"]: {int(status) for status in row["statuses"].split(",") if status.strip()}
    for row in _ROW.finditer((_DOCS / "errors.md").read_text(encoding="utf-8"))
}
"""Each code of a top-level error, with the statuses of requests that are refused as a whole."""
CLOSINGS = {
    int(row["code"]) for row in _CLOSING.finditer((_DOCS / "sockets.md").read_text("utf-8"))
} - {1012, 1013}
"""Codes that a client's own frames may be answered with."""
NEVER = {"INTERNAL_SERVER_ERROR", "UNAVAILABLE", "TIMEOUT", "RATE_LIMITED"}
"""Nothing breaks or is short while the fuzz runs."""


def codes(answer: Answer) -> list[str]:
    """The codes of all top-level errors."""
    return [
        str((error.get("extensions") or {}).get("code"))
        for result in answer.results
        if isinstance(result, dict)
        for error in result.get("errors") or ()
    ]


def objections(asked: Asked, answer: Answer) -> Iterator[str]:
    """What is wrong with an answer."""
    if answer.closed is not None and not (answer.closed == 4400 and _is_no_json(asked.payload)):
        yield f"the socket was closed with {answer.closed}"
    for result in answer.results:
        if not (isinstance(result, dict) and ("data" in result or result.get("errors"))):
            yield "no result of GraphQL"
    for code in codes(answer):
        if code not in STATUSES:
            yield f"a code that is not documented: {code}"
        if code in NEVER:
            yield f"the code {code}"
    if answer.status is not None:
        yield from _of_http(answer)
    if asked.role == "none" and (told := list(_told(answer.results))):
        yield f"nobody was told {', '.join(told)}"


def _is_no_json(payload: dict[str, Any]) -> bool:
    """Whether Python writes what a strict reader refuses: half a surrogate pair, NaN, endless digits."""
    try:
        written = json.dumps(payload, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        return True
    return b"0" * 400 in written


def _of_http(answer: Answer) -> Iterator[str]:
    if answer.media_type not in _JSON | {"text/event-stream"}:
        yield f"an answer in {answer.media_type!r}"
    if answer.status == 200:
        return
    expected = set().union(*(STATUSES.get(code, set()) for code in codes(answer)))
    if answer.status not in expected:
        yield f"status {answer.status} with {codes(answer)}"
    if any("data" in result for result in answer.results if isinstance(result, dict)):
        yield f"status {answer.status} with data"


def _told(results: list[Any]) -> Iterator[str]:
    """Fields that have a value, whatever it is, other than the name of a type."""
    for result in results:
        said = result.get("data") if isinstance(result, dict) else None
        yield from (
            name
            for name, value in (said or {}).items()
            if value is not None and name != "__typename"
        )
