"""The embedded MongoDB keeps what it acknowledged, through restarts, moves and crashes."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pymongo import MongoClient

from core.errors import ConfigurationError, Unavailable
from local import mongod as mongod_module
from local.mongod import Mongod
from local.ports import free_port

Client = MongoClient[dict[str, object]]


@contextmanager
def running(folder: Path) -> Iterator[Mongod]:
    server = Mongod(folder, free_port(), cache_gigabytes=0.25)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def keep(server: Mongod, note: str) -> None:
    with Client(server.uri("kept"), w="majority") as client:
        client["kept"]["notes"].insert_one({"note": note})


def kept(server: Mongod) -> list[object]:
    with Client(server.uri("kept")) as client:
        return [row["note"] for row in client["kept"]["notes"].find()]


def test_a_transaction_is_all_or_nothing(database_uri: str) -> None:
    with Client(database_uri) as client:
        notes = client.get_default_database()["notes"]
        with client.start_session() as session:
            with session.start_transaction():
                notes.insert_one({"note": "stays"}, session=session)
            session.start_transaction()
            notes.insert_one({"note": "goes"}, session=session)
            session.abort_transaction()
        assert [row["note"] for row in notes.find()] == ["stays"]


def test_another_port_finds_the_same_data(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        keep(first, "from the first port")
    with running(tmp_path) as second:
        assert second.port != first.port
        assert kept(second) == ["from the first port"]
        keep(second, "from the second port")


def test_a_crash_loses_nothing_acknowledged(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        keep(server, "before the crash")
        server.kill()
        assert not server.alive
        server.start()
        assert kept(server) == ["before the crash"]


def test_a_folder_in_use_is_named_as_the_reason(tmp_path: Path) -> None:
    with running(tmp_path):
        second = Mongod(tmp_path, free_port())
        with pytest.raises(Unavailable, match=r"Another mongod instance.*mongod\.log"):
            second.start()


def test_its_files_are_closed_to_others(mongod: Mongod) -> None:
    assert mongod.log.stat().st_mode & 0o077 == 0


def test_a_mongod_on_path_comes_before_the_wheels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "mongod"
    own.touch(mode=0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert mongod_module.binary() == own


def test_without_any_binary_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "fiftyone", None)
    with pytest.raises(ConfigurationError, match=r"DB_URI.*install mongod.*belfry\[local\]"):
        Mongod(tmp_path, free_port())


def test_the_wheels_binary_is_found_without_loading_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert os.access(mongod_module.binary(), os.X_OK)
    assert "fiftyone" not in sys.modules
