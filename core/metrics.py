"""Metrics: listens to what happened and keeps numbers for Prometheus; core/metrics_table.py has them."""

import platform
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from core import events
from core.errors import ConfigurationError
from core.hearing import Change
from core.meters import Gauge
from core.metrics_table import TABLE
from core.settings import Settings


class Metrics(Collector):
    """The numbers of one process; counters start at 0 with it."""

    def __init__(self, process: str) -> None:
        self.registry = CollectorRegistry()
        self._meters = {row.name: row.meter() for row in TABLE}
        self._changes: defaultdict[str, list[Change]] = defaultdict(list)
        for row in TABLE:
            for hearing in row.hears:
                change = hearing.change(self._meters[row.name])
                self._changes[hearing.event].append(change)
        build = self._meters["build_info"]
        assert isinstance(build, Gauge)
        build.replace({(process, _version(), platform.python_version()): 1})
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def hear(self, name: str, fields: Mapping[str, object]) -> None:
        """Take note of an event; most say nothing that is counted here."""
        if events.level(name) != "info":
            self._meters["troubles_total"].add((name,), 1)
        self.note(name, fields)

    def note(self, name: str, fields: Mapping[str, object]) -> None:
        """The same of what the log does not hear."""
        for change in self._changes.get(name, ()):
            try:
                change(fields)
            except (LookupError, TypeError, AttributeError):
                # A field that is not there, or is no number: nothing to count, and no reason to stop.
                continue

    def collect(self) -> Iterable[Metric]:
        """All of them, for Prometheus."""
        return [meter.family() for meter in self._meters.values()]


@contextmanager
def heard(process: str) -> Iterator[Metrics]:
    """Numbers that are kept meanwhile."""
    metrics = Metrics(process)
    with ExitStack() as leaving:
        leaving.callback(events.subscribe(metrics.hear))
        leaving.callback(events.subscribe_to_notes(metrics.note))
        yield metrics


@contextmanager
def served(settings: Settings, process: str) -> Iterator[None]:
    """Keep metrics and answer `/metrics` meanwhile, where METRICS_PORT says so.

    A port of its own: on the API's, anybody could read them. Raises ConfigurationError if it is taken.
    """
    if not settings.metrics_port:
        yield
        return
    host, port = settings.metrics_host, settings.metrics_port
    with heard(process) as metrics:
        try:
            server, thread = start_http_server(port, host, metrics.registry)
        except OSError as error:
            message = f"METRICS_PORT: can't listen on {host}:{port}: {error}"
            raise ConfigurationError(message) from None
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _version() -> str:
    try:
        return version("belfry")
    except PackageNotFoundError:
        return "checkout"
