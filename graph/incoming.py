"""JSON as it comes in from outside, the same over HTTP and over sockets."""

import json
from typing import Any

import orjson


def read(raw: str | bytes | bytearray) -> Any:  # noqa: ANN401 - whatever JSON says
    """What the JSON says, with every integer exact; raises json.JSONDecodeError.

    orjson refuses what no answer could repeat: bad UTF-8, half a surrogate pair, NaN, and numbers
    beyond a float (RFC 8259, sections 6 and 8). A name said twice is refused too, because readers
    differ on which holds.
    """
    try:
        raw = raw.encode() if isinstance(raw, str) else raw
        said = orjson.loads(raw)
        if _is_exact(said, raw):
            return said
        del said  # both at once may be large
        return json.loads(raw, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        raise json.JSONDecodeError("not JSON in UTF-8, or nested too deeply", "", 0) from None


def _is_exact(said: Any, raw: bytes | bytearray) -> bool:  # noqa: ANN401
    """Whether orjson has surely kept everything; the standard library, which does, is slower.

    It rounds long integers to floats, and of a name that is said twice it drops the first, so
    there are fewer texts than the raw JSON has.
    """
    if b"\\\\" in raw:  # a quote after it may be an escaped one or not
        return False
    texts, left = 0, [said]
    while left:
        one = left.pop()
        if isinstance(one, str):
            texts += 1
        elif isinstance(one, dict):
            texts += len(one)
            left += one.values()
        elif isinstance(one, list):
            left += one
        elif isinstance(one, float):
            return False
    return 2 * texts == raw.count(b'"') - raw.count(b'\\"')


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) < len(pairs):
        raise ValueError("a name is said twice")
    return said
