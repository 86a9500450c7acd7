"""Logging is global to a process, so each story here runs in a process of its own."""

import subprocess
import sys
from typing import Any

import orjson

PROLOGUE = """
import logging
from core import events, log, settings
said = settings.load(
    _env_file=None, log_format="{style}", log_level="info",
    jwt_secret="hunter2-that-is-long-enough-to-sign-with", smtp_password="hunter2-smtp",
    sending_api_token="hunter2-token", db_uri="mongodb://u:hunter2-db@127.0.0.1/belfry",
    redis_url="redis://:hunter2-redis@127.0.0.1:1/0",
)
log.configure(said, "worker")
"""


def stderr_of(story: str, style: str = "json") -> str:
    code = PROLOGUE.format(style=style) + story
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == ""
    return done.stderr


def lines(story: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in stderr_of(story).splitlines()]


def test_an_event_is_one_line_of_json_with_its_ids() -> None:
    (line,) = lines(
        "from bson import ObjectId; from uuid import UUID; from datetime import datetime, UTC\n"
        "events.emit('message.attempted', mailing_id=ObjectId('65f0c3a1b2c3d4e5f6a7b8c9'),"
        " message_id=UUID(int=7), due=datetime(2026, 1, 1, tzinfo=UTC), answer='Да\\nhm')"
    )
    stamp = line.pop("timestamp")
    assert stamp.endswith("Z")
    assert line == {
        "event": "message.attempted",
        "level": "info",
        "process": "worker",
        "mailing_id": "65f0c3a1b2c3d4e5f6a7b8c9",
        "message_id": "00000000-0000-0000-0000-000000000007",
        "due": "2026-01-01T00:00:00+00:00",
        "answer": "Да\nhm",
    }


def test_trouble_is_a_warning() -> None:
    said = lines(
        "for name in ('queue.unreachable', 'leases.lost', 'tick.failed', 'client.created'):\n"
        "    events.emit(name)"
    )
    assert [line["level"] for line in said] == ["warning", "warning", "warning", "info"]


def test_records_of_libraries_come_as_the_same_json_with_their_traceback() -> None:
    told, failed = lines(
        "logging.getLogger('uvicorn.error').warning('port %d is busy', 80)\n"
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    logging.getLogger('x').exception('oh')"
    )
    assert (told["event"], told["level"], told["process"]) == (
        "port 80 is busy",
        "warning",
        "worker",
    )
    assert failed["event"] == "oh"
    assert "ZeroDivisionError: division by zero" in failed["exception"]


def test_what_is_below_the_level_is_left_out() -> None:
    assert lines("logging.getLogger('x').debug('a'); logging.getLogger('arq').info('b')") == []


def test_no_secret_comes_into_the_log() -> None:
    story = """
import asyncio, structlog
from core.parts import open_parts
async def main():
    async with open_parts(said) as parts:
        parts.queue.wake("pump", "bulk", 0, lane="bulk", job_id="pump:bulk:0")
        await parts.queue.close()
        logging.getLogger("x").warning("%s %r", parts.settings, parts.settings)
        events.emit("settings.read", settings=parts.settings)
asyncio.run(main())
"""
    said = stderr_of(story)
    assert "queue.unreachable" in said
    assert "settings.read" in said
    assert "hunter2" not in said


def test_a_readable_log_is_no_json() -> None:
    said = stderr_of("events.emit('bell.rung', bell_id='b1')", style="console")
    assert not said.startswith("{")
    assert "bell.rung" in said
    assert "b1" in said


def test_away_from_a_terminal_auto_means_json() -> None:
    assert stderr_of("events.emit('bell.rung')", style="auto").startswith("{")
