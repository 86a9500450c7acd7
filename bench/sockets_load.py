"""Many idle subscribers, a process of its own: opens the sockets, says so, holds them until told.

Reads an Audience from stdin as one line of JSON, writes a line once all of them are subscribed, and
ends with its stdin.
"""

import asyncio
import sys

import orjson
import uvloop

from bench.bells import Audience, Wrong, ring, tell


async def run(audience: Audience) -> None:
    """Open all, say so, and hold them; raises Wrong if one is refused, or hears of anything."""
    heard: list[bytes] = []
    held = await ring(audience, lambda _, text: heard.append(text))
    tell(len(held))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    if heard:
        raise Wrong(heard[0].decode())


def main() -> None:
    """Do what stdin says."""
    uvloop.run(run(Audience(**orjson.loads(sys.stdin.buffer.readline()))))


if __name__ == "__main__":
    main()
