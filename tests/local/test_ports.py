"""A port that is taken is named, with its use and the way out."""

import re
import socket

import pytest

from core.errors import ConfigurationError
from local.ports import Ports, free_base, free_port, is_free


def listen(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))


def test_free_ports_pass() -> None:
    Ports(free_base(21_000)).check()


def test_a_taken_port_is_named_with_its_use_and_the_remedy() -> None:
    ports = Ports(free_base(22_000))
    with (
        listen(ports.mongodb),
        pytest.raises(ConfigurationError, match=rf"port {ports.mongodb} \(MongoDB\)") as raised,
    ):
        ports.check()
    suggested = re.search(r"belfry up --base-port (\d+)", str(raised.value))
    assert suggested
    Ports(int(suggested[1])).check()


def test_every_taken_port_is_named_at_once() -> None:
    ports = Ports(free_base(23_000))
    with (
        listen(ports.api),
        listen(ports.smtp),
        pytest.raises(ConfigurationError, match=r"\(API\) is taken, port \d+ \(SMTP sink\)"),
    ):
        ports.check()


def test_the_port_of_a_given_part_may_be_taken() -> None:
    ports = Ports(free_base(24_000))
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
