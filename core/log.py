"""Logging: one structlog pipeline for our events and for the libraries' own records."""

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
import structlog

from core import bearings, events, masking
from core.settings import Settings


def configure(settings: Settings, process: str) -> None:
    """Log to stderr, JSON or readable by setting; every line names the process."""
    _configure_libraries(settings)
    structlog.contextvars.bind_contextvars(process=process)
    events.subscribe(listener(settings, process))


def listener(settings: Settings, process: str) -> events.Listener:
    """What writes our own events.

    One or more a message, they skip the standard library: it would take 5 times as long.
    """
    if _is_readable(settings):
        return partial(_write, _readable_logger(settings))
    return _Lines(settings, process).write


def _merge_bearings(log: object, method: str, line: Any) -> Any:  # noqa: ANN401 - structlog's
    return {**bearings.ids(), **line}


def _first() -> Iterator[Any]:
    """What gives a line its fields."""
    yield structlog.contextvars.merge_contextvars
    yield _merge_bearings
    yield structlog.processors.add_log_level
    yield structlog.processors.TimeStamper(fmt="iso", utc=True)


def _readable_logger(settings: Settings) -> Any:  # noqa: ANN401 - structlog's
    steps: list[Any] = [*_first(), *_last(settings), _encode]
    return structlog.wrap_logger(
        structlog.BytesLogger(sys.stderr.buffer),
        processors=steps,
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        cache_logger_on_first_use=True,
    ).bind()


def _configure_libraries(settings: Settings) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_first(), *([_mask_said] if _is_masked(settings) else [])],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_last(settings),
            ],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(settings.log_level.upper())
    for noisy in ("arq", "pymongo", "httpx", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _last(settings: Settings) -> Iterator[Any]:
    """What is done to every line once it has all its fields."""
    yield structlog.processors.format_exc_info
    if _is_masked(settings):
        yield _mask
    if _is_readable(settings):
        yield _disarm
        yield structlog.dev.ConsoleRenderer()
    else:
        yield structlog.processors.JSONRenderer(_dump)


def _mask(log: object, method: str, line: Any) -> Any:  # noqa: ANN401 - structlog's
    masking.mask(line)
    return line


def _mask_said(log: object, method: str, line: Any) -> Any:  # noqa: ANN401 - structlog's
    """What libraries say is a text; our own events have names."""
    line["event"] = masking.text(str(line["event"]))
    return line


def _disarm(log: object, method: str, line: Any) -> Any:  # noqa: ANN401 - structlog's
    """Of what may be somebody else's words structlog writes these two to the terminal as they are."""
    line["event"] = _STEERING.sub(_escaped, str(line["event"])).replace("\n", "\\n")
    if "exception" in line:
        line["exception"] = _STEERING.sub(_escaped, line["exception"])
    return line


_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Whatever moves a terminal's cursor or colours it, but for ends of lines and tabs."""


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _is_masked(settings: Settings) -> bool:
    return settings.log_addresses == "masked"


def _is_readable(settings: Settings) -> bool:
    return settings.log_format == "console" or (
        settings.log_format == "auto" and sys.stderr.isatty()
    )


def _dump(line: object, **_: object) -> str:
    try:
        return orjson.dumps(line, default=str).decode()
    except TypeError:
        # Half a surrogate pair, say, which somebody's answer may hold.
        return json.dumps(line, default=str)


def _encode(log: object, method: str, line: str) -> bytes:
    return line.encode()


class _Lines:
    """Our own events as JSON: just what the pipeline would make of them, in a quarter of its time."""

    def __init__(self, settings: Settings, process: str) -> None:
        self._process = process
        self._masked = _is_masked(settings)
        self._least = logging.getLevelNamesMapping()[settings.log_level.upper()]
        self._out = structlog.BytesLogger(sys.stderr.buffer)

    def write(self, name: str, fields: Mapping[str, object]) -> None:
        level = events.level(name)
        if _SEVERITIES[level] < self._least:
            return
        line: dict[str, Any] = {**bearings.ids(), **fields, "event": name}
        line["process"], line["level"] = self._process, level
        line["timestamp"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        if "exc_info" in line:
            line = dict(structlog.processors.format_exc_info(None, level, line))
        if self._masked:
            masking.mask(line)
        with suppress(OSError, ValueError):
            self._out.msg(_dump(line).encode())


_SEVERITIES = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def _write(log: Any, name: str, fields: Mapping[str, object]) -> None:  # noqa: ANN401 - structlog's
    # A full disk or a closed pipe must not stop the work that the line is about.
    with suppress(OSError, ValueError):
        getattr(log, events.level(name))(name, **fields)
