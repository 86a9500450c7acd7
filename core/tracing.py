"""Traces: one span an operation and one an attempt, off unless TRACING_URL says where they go (M21).

While it is off, nothing of OpenTelemetry is imported, and each place that could begin a span asks
whether there is a tracer. What is to be done later carries the way back to its operation in its row,
as the header `traceparent` of the W3C's Trace Context has it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from core.errors import ConfigurationError
from core.settings import Settings
from core.spans import Kind, Span, Tracer

_tracer: Tracer | None = None
_current: ContextVar[Span | None] = ContextVar("span", default=None)


@contextmanager
def told(settings: Settings, process: str) -> Iterator[None]:
    """Trace meanwhile, if a setting says where to; raises ConfigurationError without the library."""
    global _tracer  # noqa: PLW0603 - one a process, like its log
    if not settings.tracing_url:
        yield
        return
    _tracer = tracer = _opened(settings, process)
    try:
        yield
    finally:
        _tracer = None
        tracer.close()


def begin(kind: Kind, parent: str | None = None) -> Span | None:
    """A span, if anybody traces."""
    return None if _tracer is None else _tracer.begin(kind, parent)


def enter(span: Span) -> None:
    """From now on this task, and those that it starts, work for that span."""
    _current.set(span)


def traceparent() -> str | None:
    """What to write down for later, if anybody traces."""
    if _tracer is None or (span := _current.get()) is None:
        return None
    return span.traceparent


def _opened(settings: Settings, process: str) -> Tracer:
    try:
        from core import opentelemetry  # noqa: PLC0415 - an extra, for those who trace
    except ImportError:
        message = "TRACING_URL needs OpenTelemetry: install its extra `tracing`"
        raise ConfigurationError(message) from None
    return opentelemetry.OpenTelemetry(settings.tracing_url, process)
