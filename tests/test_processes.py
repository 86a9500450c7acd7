"""A forked process is what it would be had it begun by itself."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.processes import Service, commands
from tests.waiting import until

TOKEN = ("token", "--role", "admin", "--subject", "5f0c3a1b2c3d4e5f6a7b8c99")
SECRET = "a secret of these tests, longer than it must be"


def begun(folder: Path, *arguments: str, **environment: str) -> Service:
    service = Service("it", arguments, folder / "log", {"PATH": os.environ["PATH"], **environment})
    service.launch()
    return service


def test_it_has_its_environment_and_says_what_it_says_in_its_log(tmp_path: Path) -> None:
    service = begun(tmp_path, *TOKEN, JWT_SECRET=SECRET)
    until(lambda: not service.alive)
    assert service.code == 0
    assert service.log.read_text().count(".") == 2, "a token has three parts"


def test_it_knows_nothing_of_the_environment_of_another(tmp_path: Path) -> None:
    service = begun(tmp_path, *TOKEN)
    until(lambda: not service.alive)
    assert service.code == 2
    assert "JWT_SECRET" in service.log.read_text()


def test_it_can_be_waited_for_killed_and_begun_again(tmp_path: Path) -> None:
    service = begun(tmp_path, "work", DB_URI="mongodb://127.0.0.1:1/none")
    first = service.pid
    assert service.alive
    with pytest.raises(subprocess.TimeoutExpired):
        service._launched().wait(0.01)
    service.kill()
    assert service.code == -signal.SIGKILL
    service.launch()
    assert service.pid != first
    service.kill()


def test_a_script_has_the_command_with_its_streams_its_folder_and_its_exit_code(
    tmp_path: Path,
) -> None:
    script = "echo '{}' > log; belfry logs --user 5f0c3a1b2c3d4e5f6a7b8c99 - < log; echo $?; belfry token"
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={"PATH": f"{commands(tmp_path)}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout == "1\n"
    assert "nothing about it in 1 lines" in ran.stderr
    assert ran.returncode == 2


def test_a_command_of_a_script_ends_as_it_is_told(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "DB_URI": "mongodb://127.0.0.1:1/none"}
    with (tmp_path / "log").open("wb") as log:
        command = subprocess.Popen(
            [commands(tmp_path) / "belfry", "work"], env=environment, stdout=log, stderr=log
        )
    until(lambda: "mongo.unreachable" in (tmp_path / "log").read_text())
    command.terminate()
    assert command.wait(60) == 0
