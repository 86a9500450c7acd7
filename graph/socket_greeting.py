"""Finds out who greets, and says why a socket is closed where that fails."""

import asyncio

from core import events
from core.errors import BelfryError, Unauthenticated
from graph import gate
from graph.context import Context
from graph.socket_codes import Code

GREETING_SECONDS = 20.0


class Refused(Exception):
    """A greeting that the socket is closed for."""

    def __init__(self, code: Code, reason: str) -> None:
        """With what its client is told."""
        super().__init__(reason)
        self.code = code
        self.reason = reason


async def sign_in(context: Context, said: str | None) -> None:
    """Find out whom a token speaks for; raises Refused."""
    try:
        async with asyncio.timeout(GREETING_SECONDS):
            await gate.sign_in(context, said)
    except Unauthenticated:
        raise Refused(Code.FORBIDDEN, "Forbidden") from None
    except (BelfryError, TimeoutError):
        raise Refused(Code.LATER, "try again shortly") from None
    except Exception as error:  # noqa: BLE001 - whatever it is, the client may try again
        events.emit("socket.greeting.failed", exc_info=error)
        raise Refused(Code.LATER, "try again shortly") from None
