"""Tables to and from a server: long requests, and how far they are."""

import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cli.server import Server, reported, unreachable
from core.errors import Unavailable

if TYPE_CHECKING:
    from aiohttp import ClientTimeout

PIECE = 64 * 1024
_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 120.0


Params = list[tuple[str, str]]
Advance = Callable[[int], None]
"""Is told of bytes that went."""


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Advance]:
    """A bar on standard error, if that is a terminal; without a total it only counts."""
    if not sys.stderr.isatty():
        yield lambda size: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = [TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn()]
    columns += [TransferSpeedColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda size: bar.advance(task, size)


async def send(
    server: Server,
    path: str,
    params: Params,
    headers: Mapping[str, str],
    said: AsyncIterator[bytes],
) -> dict[str, Any]:
    """What the server answers to a table; raises Refused and Unavailable."""
    from aiohttp import ClientError

    sent = server.http.post(
        server.url + path,
        params=params,
        headers={**server.headers, **headers},
        data=said,
        timeout=_patience(),
        allow_redirects=False,
    )
    try:
        async with sent as response:
            return reported(server.url, response.status, await response.read())
    except (ClientError, OSError) as error:  # TimeoutError is an OSError
        raise unreachable(server.url, error) from None


async def fetch(server: Server, path: str, params: Params) -> AsyncGenerator[bytes, None]:
    """A table piece by piece; raises Refused, and Unavailable also where it breaks off."""
    from aiohttp import ClientError

    asked = server.http.get(
        server.url + path,
        params=params,
        headers=server.headers,
        timeout=_patience(),
        allow_redirects=False,
    )
    begun = False
    try:
        async with asked as response:
            if response.status != 200:
                reported(server.url, response.status, await response.read())
            begun = True
            while piece := await response.content.read(PIECE):
                yield piece
    except (ClientError, OSError) as error:
        if begun:
            raise Unavailable("the table broke off in the middle; ask for it again") from None
        raise unreachable(server.url, error) from None


def _patience() -> "ClientTimeout":
    """No limit on the whole: a table may be of any size."""
    from aiohttp import ClientTimeout

    return ClientTimeout(total=None, connect=_CONNECT_SECONDS, sock_read=_SILENCE_SECONDS)
