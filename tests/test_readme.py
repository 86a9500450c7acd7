"""The README keeps its word: its tour runs as it stands, and its tables are complete."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import Settings
from tests.ports import own_base
from tests.test_repository import FOR_OUR_TESTS
from tests.waiting import until

README = Path(__file__).parent.parent / "README.md"
BIN = Path(sys.executable).parent
SECONDS = 120


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[int]:
    """`belfry up` as in the README, but on free ports; its base port."""
    port = own_base()
    log = tmp_path / "up.log"
    with log.open("wb") as output:
        command = [str(BIN / "belfry"), "up", "--base-port", str(port)]
        process = subprocess.Popen(command, cwd=tmp_path, stdout=output, stderr=output)
    try:
        until(lambda: "Belfry is up" in log.read_text() or process.poll() is not None, SECONDS)
        assert process.poll() is None, log.read_text()
        yield port
    finally:
        process.terminate()
        process.wait(SECONDS)


def tour(port: int) -> str:
    blocks = re.findall(r"```sh tour\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(blocks) == 5
    script = "\n".join(blocks).replace(".venv/bin", str(BIN))
    return script.replace("127.0.0.1:8000", f"127.0.0.1:{port}")


def test_the_tour_works_word_for_word(stack: int, tmp_path: Path) -> None:
    # A busy machine may subscribe after the tour's notification: then another rings the bell.
    ring = """
until grep -q NotificationCreated bell.log; do
  echo 'mutation { createNotification(input: {
    userId: "65f0c3a1b2c3d4e5f6a7b8c9", key: "new_post"}) { unread } }' | gq > again.log
done
kill %1
"""
    done = subprocess.run(
        ["bash", "-e", "-c", f"set -m\n{tour(stack)}\n{ring}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    said = done.stdout
    assert done.returncode == 0, said + done.stderr
    assert '"key": "new_login"' in said
    assert '"messageId": "' in said
    assert '"field": "phone"' in said
    assert '"statistics": {"total": 2, ' in said
    assert '"status": "SENT"' in said or '"status": "PENDING"' in said
    assert '"byStatus": [' in said


def test_every_setting_stands_in_the_table() -> None:
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \|", README.read_text(), re.MULTILINE)
    assert rows == [name.upper() for name in Settings.model_fields if name not in FOR_OUR_TESTS]


def test_links_to_files_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README.read_text())
    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []
