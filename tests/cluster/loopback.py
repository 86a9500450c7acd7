"""Hosts that are addresses of the loopback, where no namespaces can be had.

What is cut here are the processes: they stand still, so the others hear nothing of them.
"""

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from local.children import Child
from local.place import Place
from local.ports import LOOPBACK
from tests.cluster.network import Host, Network

FIRST = 11


class Loopback(Network):
    """The loopback. Only Linux has all of 127.0.0.0/8; elsewhere hosts differ by their ports."""

    address = LOOPBACK

    def __init__(self) -> None:
        self._count = 0

    @asynccontextmanager
    async def host(self, name: str) -> AsyncIterator[Host]:
        """An address."""
        address = f"127.0.77.{FIRST + self._count}" if sys.platform == "linux" else LOOPBACK
        self._count += 1
        yield _Host(name, Place(address))


class _Host(Host):
    def __init__(self, name: str, place: Place) -> None:
        super().__init__(name, place)
        self._children: list[Child] = []

    def cut(self) -> None:
        self._signal(signal.SIGSTOP)

    def heal(self) -> None:
        self._signal(signal.SIGCONT)

    def holds(self, child: Child) -> None:
        self._children.append(child)

    def _signal(self, number: signal.Signals) -> None:
        for child in self._children:
            if child.alive:
                os.kill(child.pid, number)
