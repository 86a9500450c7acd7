"""The command `belfry` in scripts of tests: has the stem fork it, which has all of it imported.

Its streams, folder, environment and exit code are those of whoever calls. Imports little, since it
is to start in no time.
"""

import json
import os
import signal
import socket
import sys

PASSED_ON = {signal.SIGINT, signal.SIGTERM}


def main() -> None:
    """Order the command by the door that the first argument names; be ended with it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    _, door, *arguments = sys.argv
    here = os.getcwd()  # noqa: PTH109 - pathlib takes long to import
    command = ["belfry", *arguments]
    order = {"command": command, "folder": here, "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        line.connect(f"\0{door}")
        socket.send_fds(line, [json.dumps(order).encode()], [1, 2, 0])
        forked = int(line.recv(16))
        for number in PASSED_ON:
            signal.signal(number, lambda number, _: os.kill(forked, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        code = int(line.recv(16))
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main()
