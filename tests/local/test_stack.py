"""`belfry up`, whole: it starts, keeps, looks after its parts, and leaves nothing behind."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import psutil
import pytest

from local.folder import Folder
from local.ports import Ports
from tests.ports import own_base

BELFRY = Path(__file__).parents[2] / "belfry.py"
USER = "0be1f700000000000000abcd"
LIMIT_SECONDS = 90.0
SERVERS = ("mongod", "redis-server")

NOTIFY = """mutation($input: CreateNotificationInput!) {
  createNotification(input: $input) { errors { message } }
}"""
INBOX = f'{{ inbox(userId: "{USER}") {{ total unread }} }}'


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


def wait_until_gone(processes: list[psutil.Process]) -> None:
    _, left = psutil.wait_procs(processes, timeout=LIMIT_SECONDS)
    assert [child for child in left if child.status() != psutil.STATUS_ZOMBIE] == []


def _without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _SETTINGS}


_SETTINGS = ("DB_URI", "REDIS_URL", "JWT_SECRET", "PORT", "HOST", "PUBLIC_URL")


def test_it_starts_stops_and_finds_its_data_again(start: Start) -> None:
    up = start("--no-demo")
    up.wait_for("curl -s")
    sender, admin = up.token("sender"), up.token("admin")
    answer = up.ask(NOTIFY, sender, userId=USER, key="new_post")
    assert answer["createNotification"]["errors"] == []
    # Where links in mails lead to.
    worker = up.child(" work").environ()
    assert worker["PUBLIC_URL"] == f"http://127.0.0.1:{up.ports.api}"
    children = up.children()
    assert up.end(signal.SIGINT) == 0
    assert up.said.endswith("Stopped: worker, API, outside, Redis, MongoDB.\n")
    wait_until_gone(children)

    again = start("--no-demo")
    again.wait_for("curl -s")
    # The token is from the first life: the key was kept, as the data were.
    assert again.ask(INBOX, admin)["inbox"] == {"total": 1, "unread": 1}
    assert again.end(signal.SIGTERM) == 0


def test_demo_data_come_once_and_the_call_on_the_screen_reads_them(start: Start) -> None:
    up = start()
    call = up.wait_for("(?m)^curl -s .*$")[0]
    assert "no demo data" not in up.said
    first = answer_to(call)
    assert first["data"]["inbox"]["total"] > 0
    up.end(signal.SIGINT)

    again = start()
    again.wait_for("curl -s")
    assert answer_to(call) == first
    again.end(signal.SIGINT)


def answer_to(call: str) -> Any:
    """Do what a shell and curl would do with the call, on a machine without curl."""
    _, _, url, _, kind, _, bearer, _, body = shlex.split(call)
    headers = dict(header.split(": ", 1) for header in (kind, bearer))
    return fetch(Request(url, body.encode(), headers))  # noqa: S310 - the stack's own address


def fetch(request: Request) -> Any:
    # Without the proxies of the environment, which have no way to this loopback.
    with build_opener(ProxyHandler({})).open(request, timeout=LIMIT_SECONDS) as answer:
        return json.load(answer)


def test_kill_9_leaves_no_child_behind(start: Start) -> None:
    up = start("--no-demo")
    up.wait_for("curl -s")
    children = up.children()
    assert len(children) >= 5
    up.end(signal.SIGKILL)
    wait_until_gone(children)


def test_a_fallen_worker_comes_back_and_a_fallen_database_ends_it_with_a_reason(
    start: Start,
) -> None:
    up = start("--no-demo")
    up.wait_for("curl -s")
    children = up.children()
    worker = up.child(" work")
    worker.kill()
    up.wait_for(r"worker ended by itself \(code -9\).*worker\.log; starting it again in 0\.5 s")
    deadline = time.monotonic() + LIMIT_SECONDS
    while not any(
        " work" in " ".join(child.cmdline()) for child in up.children() if child != worker
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    up.child("mongod").kill()
    assert up.wait_end() == 2
    assert re.search(r"belfry: MongoDB ended by itself \(code -9\).*mongodb\.log", up.said)
    wait_until_gone(children)


def test_a_signal_while_it_starts_stops_it(start: Start) -> None:
    up = start("--no-demo")
    deadline = time.monotonic() + LIMIT_SECONDS
    while len(up.children()) < 5:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    children = up.children()
    assert up.end(signal.SIGTERM) == 0
    wait_until_gone(children)


def test_a_taken_port_is_one_clear_line(start: Start) -> None:
    ports = Ports(own_base())
    with socket.create_server(("127.0.0.1", ports.smtp)):
        refused = start("--base-port", str(ports.base))
        assert refused.wait_end() == 2
    assert refused.said.count("\n") == 1
    assert f"port {ports.smtp} (SMTP sink) is taken" in refused.said
    assert "--base-port" in refused.said


def test_a_folder_in_use_is_one_clear_line(start: Start, tmp_path: Path) -> None:
    with Folder(tmp_path / "data").held():
        refused = start()
        assert refused.wait_end() == 2
    assert refused.said.count("\n") == 1
    assert re.search(rf"another `belfry up` \(process {os.getpid()}\) uses .*--data", refused.said)


def test_given_databases_are_used_and_not_started(
    start: Start, database_uri: str, redis_url: str
) -> None:
    up = start(DB_URI=database_uri, REDIS_URL=redis_url)
    up.wait_for("curl -s")
    commands = [" ".join(child.cmdline()) for child in up.children()]
    assert not any(server in command for command in commands for server in SERVERS)
    up.ask(NOTIFY, up.token("sender"), userId=USER, key="new_post")
    # The demo's clients stay out of a database that is someone's own.
    clients = up.ask("{ clients(first: 1) { edges { cursor } } }", up.token("admin"))
    assert clients["clients"]["edges"] == []
    assert up.end(signal.SIGINT) == 0
    assert up.said.endswith("Stopped: worker, API, outside.\n")
