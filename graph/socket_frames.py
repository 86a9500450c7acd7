"""What the package websockets leaves to say of the frames of RFC 6455."""

from collections.abc import Sequence

from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

SUBPROTOCOL = Subprotocol("graphql-transport-ws")
_SHORT, _LONG = 126, 65_536


class Handshake(ServerProtocol):
    """How a connection begins, in the one subprotocol."""

    def select_subprotocol(self, subprotocols: Sequence[Subprotocol]) -> Subprotocol | None:
        """Ours, if it is offered; without it the connection is opened, to be told why it is closed."""
        return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None


def head(length: int) -> bytes:
    """What a whole, unmasked text frame begins with (RFC 6455, section 5.2)."""
    if length < _SHORT:
        return bytes((0x81, length))
    if length < _LONG:
        return b"\x81\x7e" + length.to_bytes(2)
    return b"\x81\x7f" + length.to_bytes(8)
