"""Children end with their parent, and say why they ended when nobody asked them to."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import get_args

import psutil
import pytest

from core.errors import Unavailable
from local.children import LOG_LIMIT, Child, Tie, gist
from local.ports import free_port

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 20.0

PARENT = """
import sys
from pathlib import Path
from local.redis import Redis

server = Redis(Path(sys.argv[1]), int(sys.argv[2]))
server._tie = sys.argv[3]
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""


def python(code: str, log: Path) -> Child:
    return Child("the child", [sys.executable, "-c", code], log)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "child.log"


@pytest.mark.parametrize("tie", get_args(Tie))
def test_a_child_dies_with_its_killed_parent(tie: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path), str(free_port()), tie]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.kill()
        parent.wait()
    wait_until_gone(child)


def wait_until_gone(process: psutil.Process) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"{process} outlived its parent"
        time.sleep(0.01)


def test_what_ignores_sigterm_is_killed_after_the_limit(log: Path) -> None:
    child = python(
        "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('deaf', flush=True); signal.pause()",
        log,
    )
    child.launch()
    child.wait_for(lambda: "deaf" in log.read_text(), LIMIT_SECONDS)
    assert not child.stop(limit_seconds=0.1)
    assert child.code == -9


def test_what_ends_in_time_was_not_killed(log: Path) -> None:
    child = python("import signal; signal.pause()", log)
    child.launch()
    assert child.stop()
    assert not child.alive


def test_waiting_ends_with_the_child_and_tells_its_last_complaint(log: Path) -> None:
    child = python("raise SystemExit('error: no bell in this tower')", log)
    child.launch()
    with pytest.raises(Unavailable, match=r"code 1\): error: no bell in this tower; its log: .*"):
        child.wait_for(lambda: False, LIMIT_SECONDS)


def test_waiting_has_a_limit(log: Path) -> None:
    child = python("import signal; signal.pause()", log)
    child.launch()
    with pytest.raises(Unavailable, match=r"no answer within 0.05 s; its log: .*child\.log"):
        child.wait_for(lambda: False, limit_seconds=0.05)
    child.stop()


def test_only_the_complaint_of_the_last_start_is_told(log: Path) -> None:
    log.parent.mkdir()
    log.write_text("error: of yesterday\n")
    child = python("print('goodbye')", log)
    child.launch()
    with pytest.raises(Unavailable, match="goodbye"):
        child.wait_for(lambda: False, LIMIT_SECONDS)


def test_a_log_too_long_is_put_aside_at_the_next_start(log: Path) -> None:
    log.parent.mkdir()
    with log.open("wb") as file:
        file.truncate(LOG_LIMIT + 1)
    child = python("print('new', flush=True)", log)
    child.launch()
    child.stop()
    assert log.stat().st_size < LOG_LIMIT
    assert log.with_suffix(".old.log").stat().st_size == LOG_LIMIT + 1


def test_another_thread_may_not_launch(log: Path) -> None:
    refused: list[RuntimeError] = []

    def launch() -> None:
        try:
            python("pass", log).launch()
        except RuntimeError as error:
            refused.append(error)

    thread = threading.Thread(target=launch)
    thread.start()
    thread.join()
    assert "main thread" in str(refused[0])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("plain words", "plain words"),
        ('{"event": "api.ready", "level": "info"}', "api.ready"),
        ('{"event": "mongo.unreachable", "error": "refused"}', "mongo.unreachable: refused"),
        ('{"msg": "exception", "attr": {"error": "DBPathInUse"}}', "exception: DBPathInUse"),
        (
            '{"event": "failed", "exception": "Traceback:\\n  x\\nKeyError: 1"}',
            "failed: KeyError: 1",
        ),
        ('{"neither": 1}', '{"neither": 1}'),
        ("[1]", "[1]"),
        ('{"msg": 1, "attr": []}', '{"msg": 1, "attr": []}'),
        ("x" * 1_000, "x" * 400),
    ],
)
def test_the_gist_of_a_log_line(line: str, said: str) -> None:
    assert gist(line) == said
