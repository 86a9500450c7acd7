"""Child processes that end with their parent, however the parent ends."""

import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Literal, Protocol

from core.errors import Unavailable

Tie = Literal["signal", "watchdog"]
TIE: Tie = "signal" if sys.platform == "linux" else "watchdog"
"""What ends a child whose parent was killed: the kernel on Linux, elsewhere a process of ours."""

LOG_LIMIT = 10_000_000
"""Bytes of a log, above which the next start puts it aside."""
_PR_SET_PDEATHSIG = 1
_COMPLAINT = re.compile(r'"s":"[EF]"|error|fatal', re.IGNORECASE)


class Running(Protocol):
    """What a child needs of its process; subprocess says what each does."""

    @property
    def pid(self) -> int: ...  # noqa: D102
    def poll(self) -> int | None: ...  # noqa: D102
    def wait(self, timeout: float | None = None) -> int: ...  # noqa: D102
    def terminate(self) -> None: ...  # noqa: D102
    def kill(self) -> None: ...  # noqa: D102


class Child:
    """A program under our care, with a log file; it doesn't outlive us."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        env: Mapping[str, str] | None = None,
        tie: Tie = TIE,
    ) -> None:
        self.name = name
        self.log = log
        self._command = [str(part) for part in command]
        self._env = None if env is None else dict(env)
        self._tie = tie
        self._log_start = 0
        self._process: Running | None = None

    @property
    def pid(self) -> int:
        """Process id; raises RuntimeError before the first launch."""
        return self._launched().pid

    @property
    def code(self) -> int | None:
        """How it ended, negative for a signal; None while it runs."""
        return self._launched().poll()

    @property
    def alive(self) -> bool:
        """Whether it was launched and still runs."""
        return self._process is not None and self.code is None

    def launch(self) -> None:
        """Start it and return at once.

        Only from the main thread: Linux ties a child to the thread that started it, and would
        kill it at the end of a pool's thread. Raises RuntimeError elsewhere, or if it runs.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("launch children from the main thread; wait_ready may be elsewhere")
        if self.alive:
            raise RuntimeError(f"{self.name} runs already")
        with _open_log(self.log) as log:
            self._log_start = log.seek(0, os.SEEK_END)
            self._process = self._spawn(log)
        self._order("+")

    def wait_ready(self, limit_seconds: float = 60) -> None:
        """Wait until it answers; any thread may. Raises Unavailable if it doesn't."""

    def start(self, limit_seconds: float = 60) -> None:
        """Launch it and wait until it answers; raises Unavailable if it doesn't."""
        self.launch()
        self.wait_ready(limit_seconds)

    def stop(self, limit_seconds: float = 10) -> bool:
        """Ask it to end, and kill it after the limit; False if it had to be killed."""
        if not self.alive:
            return True
        process = self._launched()
        process.terminate()
        try:
            process.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        self._order("-")
        return True

    def kill(self) -> None:
        """End it by SIGKILL, as a crash would, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._order("-")

    def wait_for(
        self,
        condition: Callable[[], bool],
        limit_seconds: float,
        poll_seconds: float = 0.01,
    ) -> None:
        """Poll until the condition holds; raises Unavailable at the limit or if the child ends."""
        deadline = time.monotonic() + limit_seconds
        while not condition():
            if self.code is not None:
                raise Unavailable(f"{self.name} {self.ending()}")
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"{self.name} gave no answer within {limit_seconds:g} s; its log: {self.log}"
                )
            time.sleep(poll_seconds)

    def ending(self) -> str:
        """How it ended, what it complained of last, and where its log is."""
        return f"ended by itself (code {self.code}): {self._complaint()}; its log: {self.log}"

    def _spawn(self, log: IO[bytes]) -> Running:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=self._env,
            # Ctrl-C is for the parent alone, who stops its children in order.
            start_new_session=True,
            # It does nothing but two system calls, so no lock of another thread can bite.
            preexec_fn=die_with(os.getpid()) if self._tie == "signal" else None,  # noqa: PLW1509
        )

    def _complaint(self) -> str:
        with self.log.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_start, end - 65_536))
            lines = log.read().decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        complaints = [line for line in said if _COMPLAINT.search(line)]
        return gist((complaints or said or ["it said nothing"])[-1])

    def _launched(self) -> Running:
        if self._process is None:
            raise RuntimeError(f"{self.name} was not launched")
        return self._process

    def _order(self, sign: str) -> None:
        if self._tie == "watchdog":
            pipe = _watchdog()
            pipe.write(f"{sign}{self.pid}\n".encode())
            pipe.flush()


def gist(line: str) -> str:
    """What a line of a log says, cut to 400 characters; of JSON the event and the error."""
    try:
        entry = json.loads(line)
        said = [entry.get("event") or entry["msg"], entry.get("error")]
        said += [entry.get("attr", {}).get("error"), entry.get("exception", "").split("\n")[-1]]
    except (ValueError, KeyError, AttributeError, TypeError):
        return line[:400]
    return ": ".join(str(part) for part in said if part)[:400]


def make_private(folder: Path) -> Path:
    """The folder, made with its parents if absent; nobody else may look into a new one."""
    if not folder.exists():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _open_log(path: Path) -> IO[bytes]:
    make_private(path.parent)
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".old.log"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def die_with(parent: int) -> Callable[[], None]:
    """What a new process calls first, to be killed when the thread that forked it ends (Linux)."""
    libc = ctypes.CDLL(None, use_errno=True)

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            # It died before the tie held, so no signal will come.
            os._exit(1)

    return tie


@cache
def _watchdog() -> IO[bytes]:
    program = Path(__file__).with_name("watchdog.py")
    process = subprocess.Popen(
        # Isolated, because beside the program lies a redis.py that is not the library.
        [sys.executable, "-I", str(program)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    return process.stdin
