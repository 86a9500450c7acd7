"""How connections end: what was given up must not leave later."""

import socket
import struct
from typing import Any, Protocol

_AT_ONCE = struct.pack("ii", 1, 0)
_IN_ORDER = struct.pack("ii", 0, 0)


class Socket(Protocol):
    """A socket as far as loops show theirs."""

    def setsockopt(self, level: int, option: int, value: bytes, /) -> None: ...  # noqa: D102


def drop_rest(connection: Socket) -> None:
    """Let the end of a connection, or of this process, take back what the other side hasn't got.

    The kernel would send it for minutes, until a network that was down is back: when the message
    has been sent again, or its mailing is over.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)


def keep_rest(connection: Socket) -> None:
    """Undo that."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _IN_ORDER)


def abrupt(address: tuple[Any, ...]) -> socket.socket:
    """A socket for an address, as getaddrinfo gives it, that drops the rest."""
    family, kind, protocol = address[:3]
    connection = socket.socket(family, kind, protocol)
    drop_rest(connection)
    return connection
