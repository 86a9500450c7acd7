"""Results as they go out in JSON, the same over HTTP, streams and sockets."""

from collections.abc import Mapping
from typing import Any

import orjson
from graphql import GraphQLError

from graph.errors import present


def write(result: Mapping[str, Any]) -> bytes:
    """A result in JSON; in place of one that has none, an error whose cause is in the log.

    orjson writes nothing that is nested very deeply, and no integers of more than 64 bits.
    """
    try:
        return orjson.dumps(result)
    except TypeError as cause:
        error = GraphQLError(str(cause), original_error=cause)
        present(error)
        return orjson.dumps({"data": None, "errors": [error.formatted]})
