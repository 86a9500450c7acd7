"""A process that has imported everything, and forks into those that tests ask for.

To import what an API needs takes 2 s of a processor, and the tests start hundreds of processes.
Those of tests/local, tests/cli and the journey of Compose begin at the beginning, as users' do.
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
from typing import Any

import belfry
import graph.app
import jobs.worker
import local.outside
from local.children import die_with

LARGEST_ORDER = 1 << 18
"""Bytes of an order: arguments, folder and environment in JSON."""
IMPORTED = (graph.app, jobs.worker, local.outside)


def main() -> None:
    """Take orders from the socket whose descriptor is the argument until it closes."""
    # None of it becomes garbage, and a collection would copy its pages into each fork.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        order = forked(orders)
    if order:
        become(*order)


def forked(orders: socket.socket) -> tuple[dict[str, Any], int] | None:
    """Fork at each order: there the order and its log, and None here when no more come."""
    parent, forks = os.getpid(), dict[int, int]()
    ends, noticed = socket.socketpair()
    with ends, noticed:
        noticed.setblocking(False)  # noqa: FBT003 - as the standard library has it
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(noticed.fileno())
        while True:
            ready, _, _ = select.select([orders, ends], [], [])
            if ends in ready:
                ends.recv(LARGEST_ORDER)
                reap(forks)
            if orders in ready:
                said, descriptors, _, _ = socket.recv_fds(orders, LARGEST_ORDER, 2)
                if not said:
                    return None
                log, teller = descriptors
                if not (pid := os.fork()):
                    begin(parent, [teller, *forks.values()])
                    return json.loads(said), log
                os.close(log)
                os.write(teller, b"%d" % pid)
                forks[pid] = teller


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
            with suppress(BrokenPipeError):  # nobody wants to know
                os.write(teller, b"%d" % os.waitstatus_to_exitcode(ended[1]))
            os.close(teller)


def become(order: dict[str, Any], log: int) -> None:
    """Run the command as a process does that began with it."""
    os.setsid()
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
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
