"""A port that is taken is named, with its use and the way out."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from local.ports import Ports, claim, free_base, free_port, is_free
from tests.ports import own_base

ROOT = Path(__file__).parents[2]


def listen(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))


def test_free_ports_pass() -> None:
    Ports(free_base(own_base())).check()


def test_a_taken_port_is_named_with_its_use_and_the_remedy() -> None:
    ports = Ports(own_base())
    with (
        listen(ports.mongodb),
        pytest.raises(ConfigurationError, match=rf"port {ports.mongodb} \(MongoDB\)") as raised,
    ):
        ports.check()
    suggested = re.search(r"belfry up --base-port (\d+)", str(raised.value))
    assert suggested
    Ports(int(suggested[1])).check()


def test_every_taken_port_is_named_at_once() -> None:
    ports = Ports(own_base())
    with (
        listen(ports.api),
        listen(ports.smtp),
        pytest.raises(ConfigurationError, match=r"\(API\) is taken, port \d+ \(SMTP sink\)"),
    ):
        ports.check()


def test_the_port_of_a_given_part_may_be_taken() -> None:
    ports = Ports(own_base())
    with listen(ports.redis):
        ports.check({ports.redis})


def test_a_port_is_free_again_as_soon_as_its_listener_is_gone() -> None:
    port = free_port()
    with listen(port) as server, socket.create_connection(("127.0.0.1", port)) as client:
        peer, _ = server.accept()
        # The side that closes first keeps the port in TIME_WAIT, which must not count.
        peer.close()
        assert client.recv(1) == b""
    assert is_free(port)


def test_what_one_process_claims_no_other_gets() -> None:
    port = free_port()
    claim_it = f"from local.ports import claim; raise SystemExit(claim({port}))"
    assert subprocess.run([sys.executable, "-c", claim_it], cwd=ROOT, check=False).returncode == 0
    assert is_free(port)
    assert not claim(port)


def test_a_port_that_is_listened_to_cannot_be_claimed() -> None:
    port = own_base() + 1
    with listen(port):
        assert not claim(port)
