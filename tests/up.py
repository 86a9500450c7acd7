"""`belfry up` as a process, and what it prints."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import psutil
import pytest

from local.ports import Ports
from tests.ports import own_base

BELFRY = Path(__file__).parents[1] / "belfry.py"
LIMIT_SECONDS = 90.0
SETTINGS = ("DB_URI", "REDIS_URL", "JWT_SECRET", "PORT", "HOST", "PUBLIC_URL")
"""Of the environment, which would lead it elsewhere."""


class Up:
    """A running `belfry up` and what it said."""

    def __init__(self, data: Path, base: int, *options: str, **env: str) -> None:
        self.ports = Ports(base)
        self._process = subprocess.Popen(
            [sys.executable, BELFRY, "up", "--data", data, "--base-port", str(base), *options],
            cwd=data.parent,
            env={**_without_settings(), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read on until the output has the pattern; the test's own time limit is the last."""
        assert self._process.stdout
        while not (found := re.search(pattern, self.said)):
            line = self._process.stdout.readline()
            assert line, f"ended without saying {pattern!r}: {self.said}"
            self.said += line
        return found

    def token(self, role: str) -> str:
        return self.wait_for(rf"(?m)^\s+{role}\s+(\S+)$")[1]

    def ask(self, query: str, token: str, **given: Any) -> Any:
        body = json.dumps({"query": query, "variables": {"input": given} if given else {}})
        request = Request(
            f"http://127.0.0.1:{self.ports.api}/graphql",
            body.encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        told = fetch(request)
        assert "errors" not in told, told
        return told["data"]

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self._process.pid).children(recursive=True)

    def child(self, word: str) -> psutil.Process:
        return next(child for child in self.children() if word in " ".join(child.cmdline()))

    def end(self, number: int) -> int:
        """Send the signal, read what is still said, and wait for the end."""
        self._process.send_signal(number)
        return self.wait_end()

    def wait_end(self) -> int:
        assert self._process.stdout
        with self._process.stdout as rest:
            self.said += rest.read()
        return self._process.wait(LIMIT_SECONDS)

    def clean_up(self) -> None:
        if self._process.poll() is None:
            self.end(signal.SIGKILL)


Start = Callable[..., Up]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Up] = []
    base = own_base()

    def start(*options: str, **env: str) -> Up:
        started.append(Up(tmp_path / "data", base, *options, **env))
        return started[-1]

    yield start
    for up in started:
        up.clean_up()


def fetch(request: Request) -> Any:
    # Without the proxies of the environment, which have no way to this loopback.
    with build_opener(ProxyHandler({})).open(request, timeout=LIMIT_SECONDS) as answer:
        return json.load(answer)


def _without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in SETTINGS}
