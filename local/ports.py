"""The ports of the embedded stack, side by side from one base port."""

import errno
import random
import socket
from collections.abc import Collection
from dataclasses import dataclass

from core.errors import ConfigurationError

LOOPBACK = "127.0.0.1"
HIGHEST_BASE = 65_530
_USES = ("API", "outside emulator", "mail page", "SMTP sink", "MongoDB", "Redis")
_STEP = 10
_BELOW_THE_SYSTEMS = (25_000, 32_000)
"""Linux hands out ports from 32,768 on, macOS from 49,152."""


@dataclass(frozen=True, slots=True)
class Ports:
    """One port for each part, counted from `base`."""

    base: int

    @property
    def api(self) -> int:
        """The GraphQL API."""
        return self.base

    @property
    def outside(self) -> int:
        """The emulator of the outside services."""
        return self.base + 1

    @property
    def mail(self) -> int:
        """The page that shows the e-mail which the sink took."""
        return self.base + 2

    @property
    def smtp(self) -> int:
        """The SMTP sink."""
        return self.base + 3

    @property
    def mongodb(self) -> int:
        """MongoDB."""
        return self.base + 4

    @property
    def redis(self) -> int:
        """Redis."""
        return self.base + 5

    def check(self, given: Collection[int] = ()) -> None:
        """Raise ConfigurationError naming each port that is taken, but for those of given parts."""
        taken = [
            f"port {port} ({use}) is taken"
            for port, use in enumerate(_USES, self.base)
            if port not in given and not is_free(port)
        ]
        if taken:
            raise ConfigurationError(
                f"{', '.join(taken)}: stop what listens there, or run "
                f"`belfry up --base-port {free_base(self.base + _STEP)}`"
            )


def is_free(port: int) -> bool:
    """Whether a server could listen on the port of the loopback now."""
    if is_open(port):
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def is_open(port: int, address: str = LOOPBACK) -> bool:
    """Whether something listens on the port of the loopback, or of another address."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0


def free_port() -> int:
    """A port of the loopback that nobody uses, and that is ours as long as this process lives."""
    while not claim(port := random.randrange(*_BELOW_THE_SYSTEMS)):
        pass
    return port


def claim(port: int) -> bool:
    """Whether nobody used or had claimed the port; then it is ours as long as this process lives.

    For processes that look for ports side by side: its twin of UDP stays bound, which nobody else
    can bind. The system gives a port to whoever asks for any, so it must be none of the system's.
    """
    twin = socket.socket(type=socket.SOCK_DGRAM)
    try:
        twin.bind((LOOPBACK, port))
    except OSError:
        twin.close()
        return False
    twin.detach()
    return is_free(port)


def free_base(first: int) -> int:
    """The first base port from `first` on with all ports free; ConfigurationError if none is."""
    for base in range(first, HIGHEST_BASE + 1, _STEP):
        if all(is_free(port) for port in range(base, base + len(_USES))):
            return base
    raise ConfigurationError(f"no {len(_USES)} free ports side by side from {first} on")
