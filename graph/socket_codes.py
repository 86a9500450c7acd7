"""Why sockets are closed: codes of RFC 6455, of its registry, and of graphql-transport-ws.

docs/sockets.md says what a client should do on each. The npm package graphql-ws gives up for good
on 1002 to 1011 and on 4400, 4401, 4406, 4409, 4429 and 4500, so none of these stands for a state
that passes.
"""

from enum import IntEnum


class Code(IntEnum):
    """A close code."""

    INVALID_TEXT = 1007
    POLICY = 1008
    RESTART = 1012
    LATER = 1013
    BAD_MESSAGE = 4400
    UNGREETED = 4401
    FORBIDDEN = 4403
    BAD_PROTOCOL = 4406
    INIT_TIMEOUT = 4408
    TAKEN = 4409
    GREETED_TWICE = 4429
