"""What the package websockets leaves to say of the frames of RFC 6455."""

from collections.abc import Sequence
from http import HTTPStatus

from websockets.http11 import Response
from websockets.server import ServerProtocol
from websockets.typing import StatusLike, Subprotocol

from core.errors import Forbidden, Unavailable
from graph.accept import LEGACY
from graph.rejection import BAD_REQUEST, refusal

SUBPROTOCOL = Subprotocol("graphql-transport-ws")
_SHORT, _LONG = 126, 65_536
_CODES = {HTTPStatus.FORBIDDEN: Forbidden.code, HTTPStatus.SERVICE_UNAVAILABLE: Unavailable.code}


class Handshake(ServerProtocol):
    """How a connection begins, in the one subprotocol."""

    def select_subprotocol(self, subprotocols: Sequence[Subprotocol]) -> Subprotocol | None:
        """Ours, if it is offered; without it the connection is opened, to be told why it is closed."""
        return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None

    def reject(self, status: StatusLike, text: str) -> Response:
        """Refuse an upgrade in JSON, as every other request is refused."""
        response = super().reject(status, text)
        code = _CODES.get(HTTPStatus(status), BAD_REQUEST)
        response.body = refusal(text.strip(), code)
        said = {"Content-Length": len(response.body), "Content-Type": f"{LEGACY}; charset=utf-8"}
        for name, value in said.items():
            del response.headers[name]
            response.headers[name] = str(value)
        return response


def head(length: int) -> bytes:
    """What a whole, unmasked text frame begins with (RFC 6455, section 5.2)."""
    if length < _SHORT:
        return bytes((0x81, length))
    if length < _LONG:
        return b"\x81\x7e" + length.to_bytes(2)
    return b"\x81\x7f" + length.to_bytes(8)
