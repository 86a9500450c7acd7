"""A process that outlives its parent by a moment, to end the children that the parent left.

Run as a script; it reads `+PID` and `-PID` lines until the parent's end of the pipe is gone.
"""

import os
import signal
import sys
from collections.abc import Iterable


def watch(orders: Iterable[str]) -> None:
    """Note the children that start (`+PID`) and end (`-PID`); kill those left at the end."""
    left: set[int] = set()
    for order in orders:
        pid = int(order[1:])
        if order.startswith("+"):
            left.add(pid)
        else:
            left.discard(pid)
    for pid in left:
        _kill(pid)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    watch(sys.stdin)
