"""`belfry logs`: what it finds in logs, and what it passes over (M23)."""

import base64
import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import belfry
from core.errors import Invalid

MAILING, OTHER = "65f0c3a1b2c3d4e5f6a7b8c1", "65f0c3a1b2c3d4e5f6a7b8c2"
CLIENT = "65f0c3a1b2c3d4e5f6a7b8c3"
MESSAGE = "b9ae3b29-4f1a-5d8e-9c73-1d5df2ad1e11"


def line(second: int, event: str, **fields: object) -> str:
    at = f"2026-01-01T00:00:{second:02}.000000Z"
    said = {**fields, "event": event, "process": "api", "level": "info", "timestamp": at}
    return json.dumps(said)


API = [
    line(1, "mailing.created", mailing_id=MAILING, request="r1", principal="p1"),
    line(2, "mailing.created", mailing_id=OTHER, request="r2"),
    line(3, "operation.failed", request="r1", exception="Traceback\nZeroDivisionError"),
    line(8, "clients.created", client_ids=[CLIENT, "65f0c3a1b2c3d4e5f6a7b8c4"], request="r3"),
]
WORKER = [
    line(4, "mailing.launched", mailing_id=MAILING, messages=1),
    line(5, "message.attempted", mailing_id=MAILING, message_id=MESSAGE, client_id=CLIENT),
    line(6, "messages.quarantined", message_ids=["another", MESSAGE]),
    line(7, "message.attempted", mailing_id=OTHER, message_id="another", outside_id=4711),
]


@pytest.fixture
def logs(tmp_path: Path) -> tuple[str, str]:
    api, worker = tmp_path / "api.log", tmp_path / "worker.log.gz"
    api.write_text("\n".join(API) + "\n")
    worker.write_bytes(gzip.compress("\n".join(WORKER).encode()))
    return str(api), str(worker)


def ask(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(belfry.app, ["logs", *arguments], input=given)


def seconds(said: Result) -> list[int]:
    """Which lines came, by their time."""
    assert said.exit_code == 0, said.output
    return [int(json.loads(line)["timestamp"][17:19]) for line in said.stdout.splitlines()]


def opaque(kind: str, key: str) -> str:
    return base64.urlsafe_b64encode(f"{kind}:{key}".encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("about", "found"),
    [
        (("--mailing", MAILING), [1, 3, 4, 5, 6]),
        (("--mailing", opaque("Mailing", MAILING)), [1, 3, 4, 5, 6]),
        (("--message", MESSAGE), [5, 6]),
        (("--message", opaque("Message", MESSAGE)), [5, 6]),
        (("--message", MESSAGE.upper()), [5, 6]),
        (("--message", "4711"), [7]),
        (("--client", opaque("Client", CLIENT)), [5, 6, 8]),
        (("--request", "r2"), [2]),
        (("--request", "r2", "--client", CLIENT), [2, 5, 6, 8]),
    ],
)
def test_all_that_is_about_it_comes_in_the_order_of_time(
    logs: tuple[str, str], about: tuple[str, ...], found: list[int]
) -> None:
    api, worker = logs
    assert seconds(ask(*about, "--json", worker, api)) == found


def test_lines_come_as_they_are_for_programs_and_readable_for_people(
    logs: tuple[str, str],
) -> None:
    assert ask("--request", "r1", "--json", logs[0]).stdout.splitlines() == [API[0], API[2]]
    first, second, *trace = ask("--request", "r1", logs[0]).stdout.splitlines()
    assert first == (
        "2026-01-01T00:00:01.000000Z api    mailing.created "
        f"mailing_id={MAILING} request=r1 principal=p1"
    )
    assert second.endswith("operation.failed request=r1")
    assert trace == ["    Traceback", "    ZeroDivisionError"]


def test_what_a_log_quotes_steers_no_terminal() -> None:
    said = ask("--request", "r", "-", given=line(1, "x", request="r", answer="\x1b[2J\nowned"))
    assert "\x1b" not in said.stdout
    assert len(said.stdout.splitlines()) == 1


def test_broken_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    broken = ["{", "[]", "{}", '{"timestamp": 1, "event": "x"}', "\xff", "x" * 2_000_000, ""]
    log = tmp_path / "api.log"
    log.write_text("\n".join([API[0], *broken, API[1]]), encoding="latin-1")
    said = ask("--mailing", OTHER, "--json", str(log))
    assert seconds(said) == [2]
    assert "7 of 9 lines passed over" in said.stderr


def test_without_a_file_it_reads_what_is_piped_in(tmp_path: Path) -> None:
    said = ask("--mailing", MAILING, "--json", "--data", str(tmp_path), given="\n".join(API))
    assert seconds(said) == [1, 3]


def test_without_a_file_it_reads_the_logs_of_belfry_up(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "api.log").write_text(API[0])
    (folder / "worker.old.log").write_text(WORKER[0])
    (folder / "mongodb.log").write_text("no event")
    assert seconds(ask("--mailing", MAILING, "--json", "--data", str(tmp_path))) == [1, 4]


def test_nothing_found_is_told_by_the_exit_code(logs: tuple[str, str]) -> None:
    said = ask("--request", "nobody", *logs)
    assert (said.exit_code, said.stdout) == (1, "")
    assert "nothing about it in 8 lines" in said.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "say what about"),
        (("--mailing", "x"), "--mailing: is no id of a Mailing"),
        (("--mailing", opaque("Client", CLIENT)), "give it as --client"),
        (("--message", MAILING), "--message: is no id of a Message"),
        (("--mailing", MAILING, "nowhere.log"), "can't read nowhere.log: No such file"),
    ],
)
def test_what_is_asked_wrongly_is_explained(arguments: tuple[str, ...], complaint: str) -> None:
    said = ask(*arguments)
    assert isinstance(said.exception, Invalid)
    assert complaint in str(said.exception)


def test_a_packed_file_that_is_cut_is_no_silence(tmp_path: Path) -> None:
    cut = tmp_path / "worker.log.gz"
    cut.write_bytes(gzip.compress("\n".join(WORKER).encode())[:-20])
    assert "can't read" in str(ask("--mailing", MAILING, str(cut)).exception)
