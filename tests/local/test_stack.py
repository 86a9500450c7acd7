"""`belfry up`, whole: it starts, keeps, looks after its parts, and leaves nothing behind."""

import os
import re
import shlex
import signal
import socket
import time
from pathlib import Path
from typing import Any
from urllib.request import Request

import psutil

from local.folder import Folder
from local.ports import Ports
from tests.ports import own_base
from tests.up import LIMIT_SECONDS, Start, fetch, start

__all__ = ["start"]

USER = "0be1f700000000000000abcd"
SERVERS = ("mongod", "redis-server")

NOTIFY = """mutation($input: CreateNotificationInput!) {
  createNotification(input: $input) { errors { message } }
}"""
INBOX = f'{{ inbox(userId: "{USER}") {{ total unread }} }}'


def wait_until_gone(processes: list[psutil.Process]) -> None:
    _, left = psutil.wait_procs(processes, timeout=LIMIT_SECONDS)
    assert [child for child in left if child.status() != psutil.STATUS_ZOMBIE] == []


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
