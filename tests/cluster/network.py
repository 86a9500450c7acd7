"""Hosts that can be cut off from all others, and the two kinds of network that they may be in."""

import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    nullcontext,
)
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from local.children import Child
from local.place import Place

Kind: TypeAlias = Literal["namespaces", "loopback"]

HOSTS = ("db1", "db2", "db3", "redis", "api1", "api2", "work1", "work2", "outside")

# Everything that the network of namespaces needs of a kernel and its tools.
_TRIAL = """
set -e
ip link set lo up
ip link add trial0 type bridge
unshare --net sleep 20 & host=$!
trap 'kill $host' EXIT
for try in 1 2 3 4 5 6 7 8 9; do
  [ "$(readlink /proc/$host/ns/net)" != "$(readlink /proc/self/ns/net)" ] && break
  sleep 0.1
done
ip link add trial1 type veth peer name eth0 netns $host
ip link set trial1 master trial0
nsenter --target $host --net ip address add 10.77.0.99/24 dev eth0
"""
_TRIAL_SECONDS = 15
_OWN_NETWORKS = (
    ("unshare", "--net"),
    ("unshare", "--user", "--map-root-user", "--net"),
)


class Host(ABC):
    """A machine of its own, as far as the network goes."""

    def __init__(self, name: str, place: Place) -> None:
        self.name = name
        self.place = place

    @abstractmethod
    def cut(self) -> None:
        """Let nothing in or out any more; whoever waits for it hears nothing, not even a reset."""

    @abstractmethod
    def heal(self) -> None:
        """Undo that."""

    def mute(self, peer: "Host") -> bool:
        """Let nothing that this host says get to a peer, which is still heard; false if it can't."""
        return False

    def holds(self, child: Child) -> None:  # noqa: B027 - where the line is cut, it is all the same
        """Note that a process runs here."""

    def inside(self) -> AbstractContextManager[None]:
        """Sockets that this process makes in the block belong to this host."""
        return nullcontext()


class Network(ABC):
    """Some hosts, and the place of whoever watches them, which is never cut off."""

    address: str
    """Where hosts find the watcher."""

    @abstractmethod
    def host(self, name: str) -> AbstractAsyncContextManager[Host]:
        """A host that is there as long as the block runs."""


@asynccontextmanager
async def opened(kind: Kind, folder: Path) -> AsyncIterator[Network]:
    """A network without hosts. That of namespaces wants a process in a network of its own."""
    from tests.cluster.loopback import Loopback
    from tests.cluster.namespaces import Namespaces

    match kind:
        case "namespaces":
            yield Namespaces(folder)
        case "loopback":
            yield Loopback()


@cache
def own_network() -> Sequence[str]:
    """The words that give a command a network of its own; none where the system forbids that."""
    if sys.platform != "linux":
        return ()
    for words in _OWN_NETWORKS:
        if os.geteuid() == 0 or "--user" in words:
            try:
                tried = subprocess.run(
                    [*words, "sh", "-c", _TRIAL],
                    capture_output=True,
                    timeout=_TRIAL_SECONDS,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired):
                continue
            if tried.returncode == 0:
                return words
    return ()
