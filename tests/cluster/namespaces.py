"""Hosts in network namespaces on one bridge: what is cut is the cable. Linux only.

The process that makes them must be in a network of its own, where it may do as it likes; nothing of
it can be seen from outside, and all of it ends with that process.
"""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from local.children import Child
from local.place import Place
from tests.cluster.network import Host, Network
from tests.namespace import enter, network

BRIDGE = "belfry0"
WATCHER = "10.77.0.1"
FIRST = 11
NOBODY = "02:00:00:00:00:01"
"""Frames to this address end at the bridge."""


class Namespaces(Network):
    """The bridge, with the watcher's address on it."""

    address = WATCHER

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        _ip("link", "set", "lo", "up")
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("address", "add", f"{WATCHER}/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")

    @asynccontextmanager
    async def host(self, name: str) -> AsyncIterator[Host]:
        """A namespace with one cable to the bridge."""
        keeper = Child(
            name, ["unshare", "--net", "sleep", "infinity"], self._folder / f"{name}.log"
        )
        keeper.launch()
        try:
            keeper.wait_for(lambda: _network_of(keeper.pid) != _network_of("self"), 30)
            address = f"10.77.0.{FIRST + self._count}"
            self._count += 1
            way = ("nsenter", "--target", str(keeper.pid), "--net")
            _ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", way[2])
            _ip("link", "set", name, "master", BRIDGE, "up")
            _ip("link", "set", "lo", "up", way=way)
            _ip("address", "add", f"{address}/24", "dev", "eth0", way=way)
            _ip("link", "set", "eth0", "up", way=way)
            yield _Host(name, Place(address, way))
        finally:
            keeper.kill()


class _Host(Host):
    def __init__(self, name: str, place: Place) -> None:
        super().__init__(name, place)
        self._muted: set[str] = set()

    def cut(self) -> None:
        _ip("link", "set", self.name, "down")

    def heal(self) -> None:
        _ip("link", "set", self.name, "up")
        for address in self._muted:
            _ip("neighbour", "delete", address, "dev", "eth0", way=self.place.way)
        self._muted.clear()

    def mute(self, peer: Host) -> bool:
        address = peer.place.address
        nobody = ("lladdr", NOBODY, "nud", "permanent")
        _ip("neighbour", "replace", address, *nobody, "dev", "eth0", way=self.place.way)
        self._muted.add(address)
        return True

    @contextmanager
    def inside(self) -> Iterator[None]:
        here, there = Path("/proc/self/ns/net"), network(self.place.way)
        with here.open("rb") as ours, there.open("rb") as its:
            enter(its.fileno())
            try:
                yield
            finally:
                enter(ours.fileno())


def _network_of(pid: int | str) -> str:
    return str(Path(f"/proc/{pid}/ns/net").readlink())


def _ip(*words: str, way: tuple[str, ...] = ()) -> None:
    subprocess.run([*way, "ip", *words], check=True)
