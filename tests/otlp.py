"""A collector of traces: OTLP over HTTP on loopback, as the protocol has it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class Told:
    """A span as it came."""

    process: str
    name: str
    kind: int
    trace: bytes
    id: bytes
    parent: bytes
    failed: str
    attributes: Mapping[str, str | int]


class Collector:
    """What has come so far."""

    def __init__(self) -> None:
        self.spans: list[Told] = []
        self.address = ""

    def take(self, body: bytes) -> None:
        """Take one batch; raises DecodeError if it is none."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            about = {it.key: it.value.string_value for it in resource.resource.attributes}
            assert about["service.name"] == "belfry"
            for scope in resource.scope_spans:
                for span in scope.spans:
                    values = {
                        it.key: it.value.string_value or it.value.int_value
                        for it in span.attributes
                    }
                    self.spans.append(
                        Told(
                            about["service.instance.role"],
                            span.name,
                            span.kind,
                            span.trace_id,
                            span.span_id,
                            span.parent_span_id,
                            span.status.message,
                            values,
                        )
                    )

    def named(self, name: str) -> list[Told]:
        """Those of this name."""
        return [span for span in self.spans if span.name == name]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens meanwhile."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            assert self.headers["Content-Type"] == "application/x-protobuf"
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: what comes is looked at."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
