"""A process that has imported everything, and forks into those that tests ask for.

To import what an API needs takes 2 s of a processor, and the tests start hundreds of processes.
Those of tests/local, tests/cli and the journey of Compose begin at the beginning, as users' do.
Orders come from the tests by a socket, and by the door from the command in `tests/shim.py`.
"""

import gc
import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Any, NamedTuple

import belfry
import graph.app
import jobs.worker
import local.outside
from local.children import die_with
from tests.namespace import enter, network

LARGEST_ORDER = 1 << 18
"""Bytes of an order: arguments, folder and environment in JSON."""
IMPORTED = (graph.app, jobs.worker, local.outside)


class Order(NamedTuple):
    """A command to run."""

    said: bytes
    """Arguments, folder and environment in JSON."""
    streams: list[int]
    """Output, complaints and, if it is not ours, input."""
    teller: int
    """Where to tell its id, and how it ended."""


def main() -> None:
    """Take orders from the sockets whose descriptors are the arguments until the first closes."""
    # None of it becomes garbage, and a collection would copy its pages into each fork.
    gc.collect()
    gc.freeze()
    with (
        socket.socket(fileno=int(sys.argv[1])) as orders,
        socket.socket(fileno=int(sys.argv[2])) as door,
    ):
        order = forked(orders, door)
    if order:
        become(json.loads(order.said), order.streams)


def forked(orders: socket.socket, door: socket.socket) -> Order | None:
    """Fork at each order: there the order, and None here when no more come."""
    parent, forks = os.getpid(), dict[int, int]()
    ends, noticed = socket.socketpair()
    with ends, noticed:
        noticed.setblocking(False)  # noqa: FBT003 - as the standard library has it
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(noticed.fileno())
        while True:
            ready, _, _ = select.select([orders, door, ends], [], [])
            if ends in ready:
                ends.recv(LARGEST_ORDER)
                reap(forks)
            for line in {orders, door}.intersection(ready):
                order = received(orders) if line is orders else called(door)
                if line is orders and not order.said:
                    return None
                if not (pid := os.fork()):
                    begin(parent, [order.teller, *forks.values()])
                    return order
                for stream in order.streams:
                    os.close(stream)
                tell(order.teller, pid)
                forks[pid] = order.teller


def received(orders: socket.socket) -> Order:
    """What the tests order; that says nothing if they have ended."""
    said, descriptors, _, _ = socket.recv_fds(orders, LARGEST_ORDER, 3)
    return Order(said, descriptors[:-1], descriptors[-1] if descriptors else -1)


def called(door: socket.socket) -> Order:
    """What a command orders that has come to the door."""
    line, _ = door.accept()
    said, streams, _, _ = socket.recv_fds(line, LARGEST_ORDER, 3)
    return Order(said, streams, line.detach())


def tell(teller: int, number: int) -> None:
    """Tell a number, unless nobody wants to know it."""
    with suppress(BrokenPipeError):
        os.write(teller, b"%d" % number)


def begin(parent: int, foreign: list[int]) -> None:
    """Leave behind in a fork what is its parent's."""
    die_with(parent)()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for descriptor in foreign:
        os.close(descriptor)


def reap(forks: dict[int, int]) -> None:
    """Tell how each fork ended that has."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            teller = forks.pop(ended[0])
            tell(teller, os.waitstatus_to_exitcode(ended[1]))
            os.close(teller)


def become(order: dict[str, Any], streams: list[int]) -> None:
    """Run the command as a process does that began with it."""
    os.setsid()
    if way := order.get("way"):
        with network(way).open("rb") as namespace:
            enter(namespace.fileno())
    # Ctrl-C reaches it also where the tests run in the background of a shell.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in zip((1, 2, 0), streams, strict=False):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    sys.argv = order["command"]
    # By this and the arguments the command line finds what it is called.
    sys.modules["__main__"].__package__ = ""
    belfry.main()


if __name__ == "__main__":
    main()
