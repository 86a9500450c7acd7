"""Belfry's processes, each forked off one that has imported everything where the system can."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO
from uuid import uuid4

from local import processes
from local.children import Running

ROOT = Path(__file__).parents[1]
SHIM = ROOT / "tests" / "shim.py"


class Fork:
    """A process that the stem forked; its id comes by a pipe, and at last its exit code."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._code: int | None = None
        self._reading = threading.Lock()
        """One thread may wait for it while another looks whether it is alive."""
        self.pid = self._told()

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._code if self._code is not None or not self._has_ended(0) else self._ended()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; raises subprocess.TimeoutExpired after so many seconds."""
        if self._code is not None:
            return self._code
        if not self._has_ended(timeout):
            raise subprocess.TimeoutExpired("belfry", timeout or 0)
        return self._ended()

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def __del__(self) -> None:
        """Let go of the pipe, which nobody asks any more."""
        os.close(self._pipe)

    def _has_ended(self, seconds: float | None) -> bool:
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        return bool(poll.poll(None if seconds is None else seconds * 1_000))

    def _ended(self) -> int:
        with self._reading:
            if self._code is None:
                self._code = self._told()
        return self._code

    def _told(self) -> int:
        said = os.read(self._pipe, 16)
        assert said, "the stem is dead"
        return int(said)


class Stem:
    """Our end of the process in `tests/stem.py`."""

    def __init__(self) -> None:
        self._orders, theirs = _pair()
        self.door = f"belfry-{os.getpid()}-{uuid4().hex}"
        """Where `tests/shim.py` calls: a name among abstract sockets."""
        with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
            door.bind(f"\0{self.door}")
            door.listen()
            taken = [theirs.fileno(), door.fileno()]
            command = [sys.executable, "-m", "tests.stem", *map(str, taken)]
            self._process = subprocess.Popen(command, cwd=ROOT, pass_fds=taken)

    def fork(
        self, command: Sequence[str], environment: Mapping[str, str], log: int, way: Sequence[str]
    ) -> Fork:
        """A process of this command of Belfry, which writes to an open file.

        It is where `way` leads: nowhere else, or by `nsenter` into another network.
        """
        order = {"command": command, "folder": str(Path.cwd()), "environment": environment}
        order["way"] = way
        ours, theirs = _pair()
        with theirs:
            descriptors = [log, log, theirs.fileno()]
            socket.send_fds(self._orders, [json.dumps(order).encode()], descriptors)
        return Fork(ours.detach())

    def stop(self) -> None:
        """End it, and all that it forked."""
        self._orders.close()
        self._process.wait()


@cache
def stem() -> Stem:
    """The one of this process."""
    stem = Stem()
    atexit.register(stem.stop)
    return stem


class Service(processes.Service):
    """That of `local`, forked by the stem where the system can."""

    def stop(self, limit_seconds: float = 30) -> bool:
        """As that of `local`, with the patience that a busy machine asks for."""
        return super().stop(limit_seconds)

    def _spawn(self, log: IO[bytes]) -> Running:
        if sys.platform != "linux":
            return super()._spawn(log)
        begin = self._command.index(sys.executable)
        environment = os.environ if self._env is None else self._env
        way, command = self._command[:begin], self._command[begin + 1 :]
        return stem().fork(command, dict(environment), log.fileno(), way)


class Api(Service, processes.Api):
    """That of `local`, forked likewise."""


def commands(folder: Path) -> Path:
    """A folder in the folder, for PATH: in it is `belfry`, forked by the stem where the system can."""
    if sys.platform != "linux":
        return Path(sys.executable).parent
    folder = folder / "bin"
    folder.mkdir(exist_ok=True)
    file = folder / "belfry"
    program = f'exec {sys.executable} -IS {SHIM} {stem().door} "$@"'
    file.write_text(f"#!/bin/sh\n{program}\n")
    file.chmod(0o755)
    return folder


def _pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(type=socket.SOCK_SEQPACKET)
