"""A terminal for the command, and what a person sees on it."""

import asyncio
import os
import pty
import re

from tests.cli.conftest import PATIENCE, Belfry

WIDE = {"COLUMNS": "200", "TERM": "xterm-256color"}


async def seen(belfry: Belfry, *arguments: str, **environment: str) -> str:
    """What a command writes to a terminal, without colours."""
    ours, theirs = pty.openpty()
    process = await belfry.on(theirs, *arguments, **WIDE, **environment)
    os.close(theirs)
    reading = asyncio.create_task(asyncio.to_thread(_everything, ours))
    try:
        async with asyncio.timeout(PATIENCE):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
        written = await reading  # ends with the process
        os.close(ours)
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", written.decode())


def _everything(terminal: int) -> bytes:
    """What comes until the other side has closed it, which Linux tells by an error."""
    read = b""
    try:
        while more := os.read(terminal, 65_536):
            read += more
    except OSError:
        pass
    return read
