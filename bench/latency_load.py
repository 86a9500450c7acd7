"""The bells of the latency's measurement, a process of its own: they note when each event arrives.

Reads an Audience from stdin as a line of JSON, writes a line once all are subscribed, and when its
stdin ends what arrived when, as JSON.
"""

import asyncio
import sys
import time

import orjson
import uvloop

from bench.bells import Audience, ring, tell


async def run(audience: Audience) -> list[tuple[str, int]]:
    """Cursors of events, each with its time in nanoseconds of the machine's own clock."""
    arrived: list[tuple[int, bytes]] = []
    now = time.monotonic_ns
    bells = await ring(audience, lambda _, text: arrived.append((now(), text)))
    print("subscribed", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    for bell in bells:
        bell.close()
    return [(_cursor(text), moment) for moment, text in arrived]


def _cursor(text: bytes) -> str:
    event = orjson.loads(text)["payload"]["data"]["inboxEvents"]
    return str(event["cursor"])


def main() -> None:
    """Do what stdin says."""
    audience = Audience(**orjson.loads(sys.stdin.buffer.readline()))
    tell(uvloop.run(run(audience)))


if __name__ == "__main__":
    main()
