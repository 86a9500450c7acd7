"""Spans by OpenTelemetry, sent by OTLP over HTTP from a thread of its own.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ has what OTEL_*
variables change: headers, sampling, sizes of batches, attributes of the process.
"""

from threading import Timer

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from core.spans import Attribute, Kind

PATH = "/v1/traces"
"""Of a collector (OTLP/HTTP)."""
CLOSE_SECONDS = 2.0
_HEADER = "traceparent"
_KINDS = {
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "internal": SpanKind.INTERNAL,
}
_propagator = TraceContextTextMapPropagator()


class OpenTelemetry:
    """The spans of one process."""

    def __init__(self, url: str, process: str) -> None:
        resource = Resource.create({"service.name": "belfry", "service.instance.role": process})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._exporter = OTLPSpanExporter(endpoint=url.rstrip("/") + PATH)
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("belfry")

    def begin(self, kind: Kind, parent: str | None) -> "_Span":
        """A span that begins now, below its parent if that is a good `traceparent`."""
        context = _propagator.extract({_HEADER: parent}) if parent else None
        return _Span(self._tracer.start_span("belfry", context=context, kind=_KINDS[kind]))

    def close(self) -> None:
        """Send what is left, for a while: a collector that is away would be asked for 30 s."""
        giving_up = Timer(CLOSE_SECONDS, self._exporter.shutdown)
        giving_up.start()
        self._provider.shutdown()
        giving_up.cancel()


class _Span:
    """One of them."""

    __slots__ = ("_span",)

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def traceparent(self) -> str:
        """The way back to it."""
        carrier: dict[str, str] = {}
        _propagator.inject(carrier, trace.set_span_in_context(self._span))
        return carrier.get(_HEADER, "")

    def end(self, name: str, failed: str | None = None, **attributes: Attribute) -> None:
        """It is done."""
        self._span.update_name(name)
        for attribute, value in attributes.items():
            if value is not None:
                self._span.set_attribute(f"belfry.{attribute}", value)
        if failed is not None:
            self._span.set_status(Status(StatusCode.ERROR, failed))
        self._span.end()
