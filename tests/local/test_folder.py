"""The folder of `belfry up` keeps its keys, closed to others and to a second stack."""

import os
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from local.folder import Folder, read_keys


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "data" / "belfry")


def test_keys_are_made_once(folder: Folder) -> None:
    with folder.held():
        keys = folder.keys()
    with folder.held():
        assert folder.keys() == keys
    assert read_keys(folder.path) == keys
    assert len(keys.jwt_secret) >= 32
    assert keys.jwt_secret != keys.sending_api_token


def test_others_can_read_nothing(folder: Folder) -> None:
    with folder.held():
        folder.keys()
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert (folder.path / "keys.json").stat().st_mode & 0o777 == 0o600


def test_it_stays_out_of_git(folder: Folder) -> None:
    with folder.held():
        assert (folder.path / ".gitignore").read_text() == "*\n"


def test_a_second_stack_is_refused_with_the_process_of_the_first(folder: Folder) -> None:
    with (
        folder.held(),
        pytest.raises(ConfigurationError, match=rf"process {os.getpid()}\).*--data"),
        Folder(folder.path).held(),
    ):
        pass


def test_a_folder_left_is_free_for_the_next(folder: Folder) -> None:
    with folder.held():
        pass
    with folder.held():
        assert folder.path.is_dir()


def test_a_path_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ConfigurationError, match="can't keep data in"),
        Folder(tmp_path / "file").held(),
    ):
        pass


def test_damaged_keys_are_told_and_left_as_they_are(folder: Folder) -> None:
    with folder.held():
        (folder.path / "keys.json").write_text("{")
        with pytest.raises(ConfigurationError, match=r"keys\.json is damaged; delete it"):
            folder.keys()
    assert (folder.path / "keys.json").read_text() == "{"


def test_what_is_done_stays_done(folder: Folder) -> None:
    with folder.held():
        assert not folder.is_done("demo")
        folder.mark_done("demo")
        assert Folder(folder.path).is_done("demo")
