"""The load generator, a process of its own: kept connections that ask again once answered.

Reads a Load from stdin and writes what came of it to stdout, both as JSON.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle
from statistics import quantiles
from typing import cast

import orjson
import psutil
import uvloop

from local.ports import LOOPBACK


@dataclass(frozen=True, slots=True)
class Load:
    """POST the bodies in turn to one path; every answer must be a 200 that contains `marker`."""

    port: int
    path: str
    token: str
    bodies: list[str]
    marker: str
    seconds: float
    warmup_seconds: float
    connections: int
    pid: int
    """The server's process, whose processor time is taken."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of it, without the warm-up."""

    requests: int
    seconds: float
    cpu_seconds: float
    p99_ms: float


class Wrong(Exception):
    """The server's answer is not what was asked for."""


class Connection(asyncio.Protocol):
    """One kept connection, with one request under way at a time."""

    def __init__(self, requests: Iterator[bytes], marker: bytes, took: list[float]) -> None:
        self._requests = requests
        self._marker = marker
        self._took = took
        self._answer = b""
        self._length = 0
        self._sent_at = 0.0
        self._last = False
        self._transport: asyncio.Transport | None = None
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the first time."""
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Take up an answer, and ask again once it is whole."""
        self._answer += data
        if not self._length:
            self._length = _length(self._answer)
        if not self._length or len(self._answer) < self._length:
            return
        if not self._answer.startswith(b"HTTP/1.1 200") or self._marker not in self._answer:
            self._fail(Wrong(self._answer[:2_000].decode(errors="replace")))
            return
        self._took.append(time.perf_counter() - self._sent_at)
        if self._last:
            self.ended.set_result(None)
        else:
            self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        """A server that hangs up spoils the measurement."""
        self._fail(Wrong(f"the server closed the connection: {error}"))

    async def finish(self) -> None:
        """Hang up after the answer that is under way, so that the server is idle afterwards."""
        self._last = True
        await self.ended
        assert self._transport is not None
        self._transport.close()

    def _ask(self) -> None:
        assert self._transport is not None
        self._answer, self._length = b"", 0
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._requests))

    def _fail(self, error: Wrong) -> None:
        if not self.ended.done():
            self.ended.set_exception(error)


def _length(answer: bytes) -> int:
    """Octets of the whole answer; 0 while its head is not complete."""
    head, found, _ = answer.partition(b"\r\n\r\n")
    if not found:
        return 0
    _, _, rest = head.lower().partition(b"content-length:")
    return len(head) + 4 + int(rest.split(b"\r\n", 1)[0])


async def run(load: Load) -> Tally:
    """Warm up, then count; raises Wrong on the first answer that is not as it should be."""
    took: list[float] = []
    requests = cycle([_request(load, body) for body in load.bodies])
    loop = asyncio.get_running_loop()
    connections = []
    for _ in range(load.connections):
        _, connection = await loop.create_connection(
            lambda: Connection(requests, load.marker.encode(), took), LOOPBACK, load.port
        )
        connections.append(connection)
    ended = [connection.ended for connection in connections]
    await _spend(load.warmup_seconds, ended)
    took.clear()
    start, cpu = time.perf_counter(), _cpu_seconds(load.pid)
    await _spend(load.seconds, ended)
    count, seconds = len(took), time.perf_counter() - start
    cpu = _cpu_seconds(load.pid) - cpu
    p99 = quantiles(took, n=100)[98] * 1_000
    await asyncio.gather(*(connection.finish() for connection in connections))
    return Tally(count, seconds, cpu, p99)


async def _spend(seconds: float, ended: list["asyncio.Future[None]"]) -> None:
    done, _ = await asyncio.wait(ended, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for future in done:
        future.result()


def _cpu_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def _request(load: Load, body: str) -> bytes:
    content = body.encode()
    head = (
        f"POST {load.path} HTTP/1.1\r\nHost: {LOOPBACK}:{load.port}\r\n"
        f"Authorization: Bearer {load.token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def main() -> None:
    """Do what stdin says."""
    load = Load(**orjson.loads(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(orjson.dumps(asdict(uvloop.run(run(load)))))


if __name__ == "__main__":
    main()
