"""Belfry's own processes as parts of the embedded stack."""

import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from local import ports
from local.children import Child
from local.place import HERE, Place

COMMAND = Path(__file__).parent.parent / "belfry.py"
_ANSWER_SECONDS = 5.0
_POLL_SECONDS = 0.02


class Service(Child):
    """A `belfry` command in a process of its own; ready when its port is open, if it has one."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        log: Path,
        env: Mapping[str, str],
        port: int | None = None,
        place: Place = HERE,
    ) -> None:
        # By its path and not by -m: that would search the current directory for our packages.
        super().__init__(name, [*place.way, sys.executable, COMMAND, *arguments], log, env)
        self._port = port
        self._host = place.address

    def wait_ready(self, limit_seconds: float = 60) -> None:
        """Wait until it answers; raises Unavailable."""
        self.wait_for(self._answers, limit_seconds, _POLL_SECONDS)

    def _answers(self) -> bool:
        return self._port is None or ports.is_open(self._port, self._host)


class Api(Service):
    """`belfry serve`; ready when it says so itself."""

    def __init__(self, log: Path, env: Mapping[str, str], port: int, place: Place = HERE) -> None:
        super().__init__("API", ["serve"], log, env, port, place)
        self._api_port = port
        self.address = f"http://{place.address}:{port}"

    def _answers(self) -> bool:
        request = b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        try:
            with socket.create_connection((self._host, self._api_port), _ANSWER_SECONDS) as line:
                line.sendall(request)
                return line.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False
