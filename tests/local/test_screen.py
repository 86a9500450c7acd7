"""Errors in the logs of the parts are told once, in a line each."""

import json
from pathlib import Path

import pytest

from local.screen import Screen, Troubles


def said(level: str, event: str, **more: str) -> str:
    return json.dumps({"event": event, "level": level, **more}) + "\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    log = tmp_path / "api.log"
    log.write_text(said("error", "of an earlier run"))
    return log


def append(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def test_only_what_is_new_is_told_and_only_once(log: Path) -> None:
    troubles = Troubles({"API": log})
    assert troubles.new() == []
    append(log, said("error", "mongo.lost", error="refused"))
    assert troubles.new() == ["API: mongo.lost: refused"]
    assert troubles.new() == []


def test_daily_business_is_not_told(log: Path) -> None:
    troubles = Troubles({"API": log})
    append(log, said("info", "api.ready") + said("warning", "attempt.failed") + "error in words\n")
    assert troubles.new() == []


def test_a_traceback_is_told_whatever_its_level(log: Path) -> None:
    troubles = Troubles({"API": log})
    append(log, said("warning", "operation.failed", exception="Traceback\nKeyError: 1"))
    assert troubles.new() == ["API: operation.failed: KeyError: 1"]


def test_a_line_under_way_waits_for_its_end(log: Path) -> None:
    troubles = Troubles({"API": log})
    line = said("error", "whole")
    append(log, line[:20])
    assert troubles.new() == []
    append(log, line[20:])
    assert troubles.new() == ["API: whole"]


def test_a_flood_is_counted(log: Path) -> None:
    troubles = Troubles({"API": log})
    append(log, said("error", "again") * 10)
    assert troubles.new() == [*["API: again"] * 3, f"API: and 7 more in {log}"]


def test_a_line_that_never_ends_is_passed_over(log: Path) -> None:
    troubles = Troubles({"API": log})
    append(log, "x" * 3_000_000 + "\n")
    append(log, said("error", "after it"))
    told = [line for _ in range(5) for line in troubles.new()]
    assert told == ["API: after it"]


def test_a_log_put_aside_is_read_from_its_new_beginning(log: Path) -> None:
    append(log, said("info", "long ago") * 10)
    troubles = Troubles({"API": log})
    log.write_text(said("error", "fresh"))
    assert troubles.new() == ["API: fresh"]


def test_a_log_that_is_not_there_yet_is_no_trouble(tmp_path: Path) -> None:
    assert Troubles({"API": tmp_path / "none.log"}).new() == []


def test_a_token_stays_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    token = "t" * 300
    Screen().welcome({"API": "http://127.0.0.1:8000"}, {"admin": token}, f"curl {token} [x]")
    lines = capsys.readouterr().out.splitlines()
    assert f"  admin  {token}" in lines
    assert f"curl {token} [x]" in lines
