"""Metrics: listens to what happened and keeps numbers for Prometheus in a registry of its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, start_http_server

from core import events
from core.errors import ConfigurationError
from core.settings import Settings


class Metrics:
    """The numbers of one process; counters start at 0 with it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._differences = Counter(
            "belfry_counter_differences_total",
            "Messages by which a counter was off from the rows, each time that was found.",
            ["key"],
            registry=self.registry,
        )
        self._reconciled = Counter(
            "belfry_mailings_reconciled_total",
            "Mailings whose counters were compared with their rows.",
            registry=self.registry,
        )
        self._reclaimed = Counter(
            "belfry_leases_reclaimed_total",
            "Messages taken back from workers that went away.",
            registry=self.registry,
        )
        self._attempts = Counter(
            "belfry_attempts_total",
            "Tries to deliver a message.",
            ["channel", "verdict"],
            registry=self.registry,
        )

    def hear(self, name: str, fields: Mapping[str, object]) -> None:
        """Take note of an event; most say nothing that is counted here."""
        match name, fields:
            case "message.attempted", {"channel": str(channel), "verdict": str(verdict)}:
                self._attempts.labels(channel, verdict).inc()
            case "leases.reclaimed", {"count": int(count)}:
                self._reclaimed.inc(count)
            case "counters.reconciled", _:
                self._reconciled.inc()
            case "counters.differ", {"differences": dict(differences)}:
                self._reconciled.inc()
                for key, difference in differences.items():
                    self._differences.labels(key).inc(abs(difference))
            case _:
                pass


@contextmanager
def served(settings: Settings) -> Iterator[None]:
    """Keep metrics and answer `/metrics` meanwhile, where METRICS_PORT says so.

    Raises ConfigurationError if the port is taken.
    """
    if not settings.metrics_port:
        yield
        return
    metrics = Metrics()
    host, port = settings.metrics_host, settings.metrics_port
    try:
        server, thread = start_http_server(port, host, metrics.registry)
    except OSError as error:
        raise ConfigurationError(f"METRICS_PORT: can't listen on {host}:{port}: {error}") from None
    leave = events.subscribe(metrics.hear)
    try:
        yield
    finally:
        leave()
        server.shutdown()
        thread.join()
        server.server_close()
