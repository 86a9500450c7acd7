"""JSON as it comes in from outside, the same over HTTP and over sockets."""

import json
from typing import Any

import orjson


def read(raw: str | bytes | bytearray) -> Any:  # noqa: ANN401 - whatever JSON says
    """What the JSON says, with every integer exact; raises json.JSONDecodeError.

    orjson refuses what no answer could repeat: bad UTF-8, half a surrogate pair, NaN, and numbers
    beyond a float (RFC 8259, sections 6 and 8). But it rounds long integers, so the standard
    library reads them. A name said twice is refused too, because readers differ on which holds.
    """
    try:
        orjson.loads(raw)
        return json.loads(raw, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        raise json.JSONDecodeError("not JSON in UTF-8, or nested too deeply", "", 0) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) < len(pairs):
        raise ValueError("a name is said twice")
    return said
