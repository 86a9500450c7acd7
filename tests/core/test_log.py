"""Logging is global to a process, so the stories here happen in processes of their own."""

import re
import subprocess
import sys
from typing import Any

import orjson
import pytest

from core import log, settings

PHONE = "79161234567"

PROLOGUE = """
import asyncio, logging
from datetime import UTC, datetime
from uuid import UUID
from bson import ObjectId
from core import events, log, settings
from core.parts import open_parts
said = settings.load(
    _env_file=None, log_format="{style}", log_level="info",
    jwt_secret="hunter2-that-is-long-enough-to-sign-with", smtp_password="hunter2-smtp",
    sending_api_token="hunter2-token", db_uri="mongodb://u:hunter2-db@127.0.0.1/belfry",
    redis_url="redis://:hunter2-redis@127.0.0.1:1/0",
)
log.configure(said, "worker")
"""

STORY = """
events.emit(
    "message.attempted", mailing_id=ObjectId("65f0c3a1b2c3d4e5f6a7b8c9"),
    message_id=UUID(int=7), due=datetime(2026, 1, 1, tzinfo=UTC), answer="Да\\nhm",
)
for name in ("leases.lost", "tick.failed", "wakeups.unreachable", "client.created"):
    events.emit(name)
events.emit("counters.differ", mailing_id="m1", differences={"open": -1})
logging.getLogger("uvicorn.error").warning("port %d is busy", 80)
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("x").exception("oh")
try:
    raise ValueError("no route to +79161234567")
except ValueError as error:
    events.emit("request.failed", exc_info=error)
    logging.getLogger("x").exception("no mail for ann@example.com")
logging.getLogger("x").debug("too fine")
logging.getLogger("arq").info("too noisy")

async def main():
    async with open_parts(said) as parts:
        parts.queue.wake("pump", "bulk", 0, lane="bulk", job_id="pump:bulk:0")
        await parts.queue.close()
        logging.getLogger("x").warning("%s %r", parts.settings, parts.settings)
        events.emit("settings.read", settings=parts.settings)

asyncio.run(main())
"""


def stderr_of(story: str, style: str) -> str:
    """What a process logs; stdout is not its place."""
    code = PROLOGUE.format(style=style) + story
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == ""
    return done.stderr


@pytest.fixture(scope="module")
def said() -> str:
    """The whole story; away from a terminal `auto` means JSON."""
    return stderr_of(STORY, style="auto")


@pytest.fixture(scope="module")
def lines(said: str) -> dict[str, dict[str, Any]]:
    """Each line of it by its event."""
    return {line["event"]: line for line in map(orjson.loads, said.splitlines())}


def test_an_event_is_one_line_of_json_with_its_ids(lines: dict[str, dict[str, Any]]) -> None:
    line = dict(lines["message.attempted"])
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "message.attempted",
        "level": "info",
        "process": "worker",
        "mailing_id": "65f0c3a1b2c3d4e5f6a7b8c9",
        "message_id": "00000000-0000-0000-0000-000000000007",
        "due": "2026-01-01T00:00:00+00:00",
        "answer": "Да\nhm",
    }


@pytest.mark.parametrize("event", ["leases.lost", "tick.failed", "wakeups.unreachable"])
def test_trouble_is_a_warning(lines: dict[str, dict[str, Any]], event: str) -> None:
    assert lines[event]["level"] == "warning"
    assert lines["client.created"]["level"] == "info"


def test_what_can_not_be_is_an_error(lines: dict[str, dict[str, Any]]) -> None:
    line = lines["counters.differ"]
    assert (line["level"], line["mailing_id"], line["differences"]) == ("error", "m1", {"open": -1})


def test_records_of_libraries_come_as_the_same_json(lines: dict[str, dict[str, Any]]) -> None:
    line = lines["port 80 is busy"]
    assert (line["level"], line["process"]) == ("warning", "worker")


def test_an_error_comes_with_its_traceback(lines: dict[str, dict[str, Any]]) -> None:
    assert "ZeroDivisionError: division by zero" in lines["oh"]["exception"]


def test_nobody_is_reached_by_a_traceback_or_by_what_a_library_says(
    lines: dict[str, dict[str, Any]],
) -> None:
    for event in ("request.failed", "no mail for a***@example.com"):
        assert "ValueError: no route to +***67" in lines[event]["exception"]


@pytest.mark.parametrize("style", ["json", "console"])
@pytest.mark.parametrize(
    ("addresses", "shown"), [("masked", ("7***67", "+***67")), ("full", (PHONE, f"+{PHONE}"))]
)
def test_a_setting_says_whether_addresses_are_shown(
    capsysbinary: pytest.CaptureFixture[bytes], style: str, addresses: str, shown: tuple[str, ...]
) -> None:
    said = settings.load(_env_file=None, log_format=style, log_addresses=addresses)
    log.listener(said, "api")("message.attempted", {"address": PHONE, "answer": f"no +{PHONE}"})
    line = capsysbinary.readouterr().err.decode()
    assert [each in line for each in (PHONE, *shown)] == [addresses == "full", True, True]


def test_what_is_below_the_level_is_left_out(lines: dict[str, dict[str, Any]]) -> None:
    assert "too fine" not in lines
    assert "too noisy" not in lines


def test_no_secret_comes_into_the_log(said: str) -> None:
    assert "queue.unreachable" in said
    assert "settings.read" in said
    assert "hunter2" not in said


READABLE = r"""
words = "told\n2026-01-01 all is well \x1b[2J\r\u202e"
events.emit("bell.rung", bell_id="b1", detail=words)
logging.getLogger("x").warning("%s", words)
try:
    raise ValueError(words)
except ValueError as error:
    events.emit("request.failed", exc_info=error)
"""


def test_a_readable_log_is_no_json_and_nobody_steers_its_terminal() -> None:
    said = stderr_of(READABLE, style="console")
    assert not said.startswith("{")
    assert "bell.rung" in said
    assert "b1" in said
    assert re.search("\x1b\\[2J|\r|\u202e", said) is None
    lines = said.splitlines()
    assert [line for line in lines if line.startswith("2026-01-01")] == lines[-1:], (
        "but a traceback has lines"
    )
