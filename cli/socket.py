"""Subscriptions over graphql-transport-ws, for as many connections as they take.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md; what Belfry's close codes mean is in
docs/sockets.md.
"""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from cli.server import Refused, Server, refusal, unreachable
from core.errors import Unavailable

if TYPE_CHECKING:
    from aiohttp import ClientWebSocketResponse

PROTOCOL = "graphql-transport-ws"
FORBIDDEN = 4403
FATAL = {1002, 1007, 1008, 1009, 4400, 4401, 4406, 4409, 4429}
"""Close codes that name a mistake of the client: to come back would only repeat it."""
LONGEST_PAUSE = 15.0
_FIRST_PAUSE = 0.25
_HEARTBEAT_SECONDS = 20.0
_GREETING_SECONDS = 10.0
_ID = "1"

Said = Mapping[str, object]


class Lost(Exception):
    """The connection ended for a reason that passes; another one may go on."""

    def __init__(self, reason: str, code: int | None = None) -> None:
        super().__init__(reason)
        self.code = code


async def follow(
    server: Server,
    document: str,
    variables: Callable[[], Said],
    on_lost: Callable[[str], None],
    *,
    endless: bool = False,
) -> AsyncGenerator[Any, None]:
    """The values of a subscription's one field until the server completes it, unless it is `endless`.

    A connection that is lost is made again, with growing pauses; `variables` is asked each time, so
    that it can name the place to go on from. Only the first one must succeed: raises Unavailable if
    it doesn't, and Refused for what no other connection would mend.
    """
    tries, welcome = 0, False
    while True:
        try:
            async with _opened(server) as line:
                tries, welcome = 0, True
                async for value in _values(line, document, variables()):
                    yield value
                if not endless:
                    return
        except Lost as lost:
            if not welcome:
                raise unreachable(server.url, lost) from None
            on_lost(str(lost))
        await asyncio.sleep(_pause(tries))
        tries += 1


def _pause(tries: int) -> float:
    """Random, so that all who were cut off together don't come back together."""
    longest = min(LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(tries, 10))
    return random.uniform(longest / 2, longest)  # noqa: S311 - no secret


@asynccontextmanager
async def _opened(server: Server) -> AsyncIterator["ClientWebSocketResponse"]:
    """A connection that was greeted; raises Lost and Refused."""
    from aiohttp import ClientError, WSServerHandshakeError

    address = server.url.replace("http", "ws", 1) + "/graphql"
    try:
        line = await server.http.ws_connect(
            address, protocols=[PROTOCOL], heartbeat=_HEARTBEAT_SECONDS, max_msg_size=0
        )
    except WSServerHandshakeError as error:
        if error.status < 500:
            raise Refused(f"{address} answered HTTP {error.status} to a socket") from None
        raise Lost(f"HTTP {error.status}") from None
    except (ClientError, OSError) as error:
        raise Lost(str(error) or type(error).__name__) from None
    async with line:
        await _greet(line, server.bearer())
        yield line


async def _greet(line: "ClientWebSocketResponse", bearer: str | None) -> None:
    payload = {"authorization": f"Bearer {bearer}"} if bearer else {}
    await _say(line, {"type": "connection_init", "payload": payload})
    try:
        async with asyncio.timeout(_GREETING_SECONDS):
            greeting = await _hear(line)
    except TimeoutError:
        raise Lost("no greeting") from None
    except Lost as lost:
        if lost.code == FORBIDDEN:
            raise Refused(
                f"UNAUTHENTICATED: {lost}; --token or BELFRY_TOKEN says who asks"
            ) from None
        raise
    if greeting.get("type") != "connection_ack":
        raise Refused(f"the socket was greeted by {greeting['type']!r}: this is not Belfry")


async def _values(
    line: "ClientWebSocketResponse", document: str, variables: Said
) -> AsyncIterator[Any]:
    payload = {"query": document, "variables": variables}
    await _say(line, {"id": _ID, "type": "subscribe", "payload": payload})
    while True:
        match await _hear(line):
            case {"type": "next", "payload": {"errors": [*errors]}} if errors:
                raise _passing(errors)
            case {"type": "next", "payload": {"data": {**data}}}:
                (value,) = data.values()
                yield value
            case {"type": "error", "payload": [*errors]}:
                raise _passing(errors)
            case {"type": "complete"}:
                return
            case {"type": "ping"}:
                await _say(line, {"type": "pong"})
            case _:
                pass


def _passing(errors: list[dict[str, Any]]) -> Exception:
    """Lost for a state that passes, else what the errors amount to."""
    told = refusal(errors)
    return Lost(str(told)) if isinstance(told, Unavailable) else told


async def _say(line: "ClientWebSocketResponse", message: Said) -> None:
    try:
        await line.send_json(message)
    except (ConnectionError, RuntimeError):  # the latter while it is being closed
        raise Lost("the connection broke") from None


async def _hear(line: "ClientWebSocketResponse") -> dict[str, Any]:
    from aiohttp import WSMsgType

    message = await line.receive()
    if message.type is not WSMsgType.TEXT:
        raise _ended(line.close_code, message.extra)
    said: dict[str, Any] = json.loads(message.data)
    return said


def _ended(code: int | None, why: object) -> Exception:
    """What the end of a connection amounts to."""
    reason = f"closed with {code}" + (f": {why}" if why else "")
    if code in FATAL:
        return Refused(f"{reason}; docs/sockets.md says what that means")
    return Lost(reason, code)
