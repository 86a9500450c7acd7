"""Logging: one structlog pipeline for our events and for the libraries' own records."""

import json
import logging
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import orjson
import structlog

from core import events
from core.settings import Settings

_TROUBLE = (".failed", ".lost", ".unreachable")
_ALARM = (".differ",)
"""What can't happen has happened: somebody has to look."""


def configure(settings: Settings, process: str) -> None:
    """Log to stderr, JSON or readable by setting; every line names the process."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Our own events, one or more a message, skip the standard library: it would take 5 times as long.
    last = [structlog.processors.format_exc_info, _renderer(settings), _encode]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    _configure_libraries(settings, shared)
    structlog.contextvars.bind_contextvars(process=process)
    log = structlog.get_logger().bind()
    events.subscribe(partial(_write, log))


def _configure_libraries(settings: Settings, shared: list[Any]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _renderer(settings),
            ],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(settings.log_level.upper())
    for noisy in ("arq", "pymongo", "httpx", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _renderer(settings: Settings) -> Any:  # noqa: ANN401 - structlog's own type for processors
    readable = settings.log_format == "console" or (
        settings.log_format == "auto" and sys.stderr.isatty()
    )
    return structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer(_dump)


def _dump(line: object, **_: object) -> str:
    try:
        return orjson.dumps(line, default=str).decode()
    except TypeError:
        # Half a surrogate pair, say, which somebody's answer may hold.
        return json.dumps(line, default=str)


def _encode(log: object, method: str, line: str) -> bytes:
    return line.encode()


def _write(log: Any, name: str, fields: Mapping[str, object]) -> None:  # noqa: ANN401 - structlog's
    say = log.info
    if name.endswith(_TROUBLE):
        say = log.warning
    elif name.endswith(_ALARM):
        say = log.error
    # A full disk or a closed pipe must not stop the work that the line is about.
    with suppress(OSError, ValueError):
        say(name, **fields)
