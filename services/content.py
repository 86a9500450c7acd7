"""What a notification says: its data and target, and the words that its kind makes of them."""

import json
from functools import partial
from typing import Any, TypeAlias

import orjson

from core.errors import Checklist, Invalid, Problem
from models.kind import Kind
from rules import addresses, render

LARGEST_DATA = 16_384
"""Bytes of JSON in `data`; 500 items of this size still fit a document of 16 MB."""
DEEPEST_DATA = 64
"""Levels; an answer that holds the data has a few more, and JSON can be written to 254 only."""
LARGEST_WORDS = 12_288
"""Bytes of title and body in an inbox: with the data, 500 items fit a document of 16 MB."""

Content: TypeAlias = dict[str, Any]
"""`target_id`, `data` (JSON text), `title` and `body` of an item."""


def make(
    checks: Checklist,
    kind: Kind | None,
    user_id: str,
    target: str | None,
    data: object,
    *,
    kept: bool = False,
) -> Content:
    """The content, after noting every mistake; without a kind it has no words.

    What an inbox has `kept` must fit into it, whatever its kind says by now.
    """
    target_id = None if target is None else checks.take("targetId", addresses.object_id, target)
    content: Content = {
        "target_id": None if target_id is None else str(target_id),
        "data": checks.take("data", packed, data),
    }
    if kind is None:
        return content
    context = {"key": kind.id, "data": data or {}, "userId": user_id, "targetId": target}
    for name, template in (("title", kind.title), ("body", kind.body)):
        content[name] = checks.take("data", partial(render.render, context=context), template)
    if kept or kind.in_app:
        checks.take("data", _fitting, f"{content['title'] or ''}{content['body'] or ''}")
    return content


def unpacked(content: Content) -> object:
    """The `data` as they were given."""
    return None if content["data"] is None else orjson.loads(content["data"])


def _fitting(words: str) -> None:
    size = len(words.encode())
    if size > LARGEST_WORDS:
        message = f"makes title and body {size} bytes long; at most {LARGEST_WORDS} are kept"
        raise Invalid(message, Problem.TOO_LONG)


def packed(data: object) -> str | None:
    """JSON text: it keeps every number and key exactly, which BSON can't."""
    if data is None:
        return None
    if not isinstance(data, dict):
        raise Invalid('must be a JSON object, like {"text": "Hello"}')
    try:
        text = orjson.dumps(data)
        if b"null" in text:
            # orjson writes an infinite number as null; the standard library refuses it.
            json.dumps(data, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Invalid(f"can't be stored as JSON: {error}") from None
    if len(text) > LARGEST_DATA:
        message = f"has {len(text)} bytes of JSON; at most {LARGEST_DATA} are kept"
        raise Invalid(message, Problem.TOO_LONG)
    if _depth(data) > DEEPEST_DATA:
        raise Invalid(f"nests more than {DEEPEST_DATA} levels of objects and lists")
    return text.decode()


def _depth(data: object) -> int:
    """Levels of objects and lists."""
    depth, level = 0, [data]
    while level := [one for one in level if isinstance(one, dict | list)]:
        depth += 1
        level = [
            inner for one in level for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return depth
