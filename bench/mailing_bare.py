"""The ceiling of a mailing: a bare aiohttp loop that posts the same payloads to the same sink.

No database, no attempts, no counters, no log. Run with a base address, a count and a text.
"""

import asyncio
import itertools
import sys
import time
from collections.abc import Iterator

import aiohttp
import orjson
import uvloop

from bench.stage import CONCURRENCY, TOKEN, phone_of


async def run(base: str, count: int, text: str) -> dict[str, float]:
    """Send them all; the rate and the processor time of each in microseconds."""
    numbers = itertools.count(1)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=CONCURRENCY)
    async with aiohttp.ClientSession(base, connector=connector, headers=headers) as session:
        start, cpu = time.perf_counter(), time.process_time()
        left = iter(itertools.islice(numbers, count))
        await asyncio.gather(*(_send(session, left, text) for _ in range(CONCURRENCY)))
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {"rate": count / seconds, "cpu_us": cpu / count * 1e6}


async def _send(session: aiohttp.ClientSession, numbers: Iterator[int], text: str) -> None:
    for number in numbers:
        body = orjson.dumps({"id": number, "phone": phone_of(number), "text": text})
        async with session.post(f"/v1/send/{number}", data=body) as response:
            if response.status != 200 or (await response.json())["code"] != 0:
                raise RuntimeError(f"the sink answered {response.status}")


def main() -> None:
    """Print what came of it, as JSON."""
    base, count, text = sys.argv[1:]
    sys.stdout.buffer.write(orjson.dumps(uvloop.run(run(base, int(count), text))))


if __name__ == "__main__":
    main()
