"""Logging: one structlog pipeline for our events and for the libraries' own records."""

import logging
import sys
from collections.abc import Mapping
from typing import Any

import orjson
import structlog

from core import events
from core.settings import Settings

_TROUBLE = (".failed", ".lost", ".unreachable")


def configure(settings: Settings, process: str) -> None:
    """Log to stderr, JSON or readable by setting; every line names the process."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
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
    structlog.contextvars.bind_contextvars(process=process)
    events.subscribe(_write)


def _renderer(settings: Settings) -> Any:  # noqa: ANN401 - structlog's own type for processors
    readable = settings.log_format == "console" or (
        settings.log_format == "auto" and sys.stderr.isatty()
    )
    return structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer(_dump)


def _dump(line: object, **_: object) -> str:
    return orjson.dumps(line, default=str).decode()


def _write(name: str, fields: Mapping[str, object]) -> None:
    log = structlog.get_logger("belfry")
    if name.endswith(_TROUBLE):
        log.warning(name, **fields)
    else:
        log.info(name, **fields)
