"""Tries a network alone: a server on one of its hosts, which is cut off and comes back.

`python -m tests.cluster.trial loopback`; for namespaces in a network of its own. Ends with 1 if a
host that was cut off answers, or one to whom it must not speak.
"""

import asyncio
import socket
import sys
import tempfile
from pathlib import Path

from local.ports import free_port
from local.redis import Redis
from tests.cluster import network
from tests.cluster.drive import KINDS
from tests.faults.scene import eventually

SILENCE_SECONDS = 0.5
TRIES = 60


def answers(redis: Redis) -> bool:
    """Whether it answers soon."""
    try:
        with socket.create_connection((redis.address, redis.port), SILENCE_SECONDS) as line:
            line.sendall(b"PING\r\n")
            return line.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def answers_soon(redis: Redis) -> bool:
    """Whether it answers in the end."""
    return any(answers(redis) for _ in range(TRIES))


async def tried(kind: network.Kind, folder: Path) -> bool:
    """Whether a host is heard of only while it isn't cut off, and its neighbour all the time."""
    async with (
        network.opened(kind, folder) as net,
        net.host("one") as one,
        net.host("two") as two,
    ):
        servers = {
            host: Redis(folder / host.name, free_port(), place=host.place) for host in (one, two)
        }
        try:
            for host, redis in servers.items():
                host.holds(redis)
                redis.start()
            one.cut()
            heard = answers(servers[one])
            await eventually(lambda: answers(servers[two]))
            one.heal()
            await eventually(lambda: answers(servers[one]))
            if one.mute(two):
                with two.inside():
                    heard |= answers(servers[one])
                await eventually(lambda: answers(servers[one]))
                one.heal()
            with two.inside():
                return not heard and answers_soon(servers[one])
        finally:
            for redis in servers.values():
                redis.kill()


def main() -> int:
    """Run from the command line."""
    (kind,) = (kind for kind in KINDS if kind == sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        return 0 if asyncio.run(tried(kind, Path(folder))) else 1


if __name__ == "__main__":
    sys.exit(main())
