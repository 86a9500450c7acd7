"""Metrics hear the events that logs hear, and are served as Prometheus reads them."""

import socket
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from core import events
from core.errors import ConfigurationError
from core.metrics import Metrics, served
from core.settings import load
from local.ports import free_port


@pytest.fixture
def metrics() -> Iterator[Metrics]:
    metrics = Metrics()
    leave = events.subscribe(metrics.hear)
    yield metrics
    leave()


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_attempts_are_counted_by_channel_and_verdict(metrics: Metrics) -> None:
    for verdict in ("accepted", "accepted", "refused"):
        events.emit("message.attempted", channel="email", verdict=verdict, code="250")
    name = "belfry_attempts_total"
    assert value(metrics, name, channel="email", verdict="accepted") == 2
    assert value(metrics, name, channel="email", verdict="refused") == 1
    assert value(metrics, name, channel="sending_api", verdict="accepted") is None


def test_leases_are_counted_by_their_messages(metrics: Metrics) -> None:
    for count in (3, 4):
        events.emit("leases.reclaimed", count=count)
    assert value(metrics, "belfry_leases_reclaimed_total") == 7


def test_a_difference_is_counted_by_its_size_whatever_its_sign(metrics: Metrics) -> None:
    events.emit("counters.reconciled", mailing_id="a", rows=3)
    events.emit("counters.differ", mailing_id="b", rows=3, differences={"open": 2, "sent": -5})
    assert value(metrics, "belfry_mailings_reconciled_total") == 2
    assert value(metrics, "belfry_counter_differences_total", key="open") == 2
    assert value(metrics, "belfry_counter_differences_total", key="sent") == 5


def test_before_anything_happened_the_counters_stand_at_zero(metrics: Metrics) -> None:
    assert value(metrics, "belfry_mailings_reconciled_total") == 0
    assert value(metrics, "belfry_leases_reclaimed_total") == 0


def test_other_events_and_odd_fields_count_for_nothing(metrics: Metrics) -> None:
    before = list(metrics.registry.collect())
    events.emit("bell.rung", count=3)
    events.emit("leases.reclaimed")
    events.emit("message.attempted", channel=None, verdict="sent")
    assert list(metrics.registry.collect()) == before


def scrape(port: int) -> dict[str, float]:
    """The samples without labels that a process answers with."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    families = text_string_to_metric_families(text)
    return {one.name: one.value for family in families for one in family.samples if not one.labels}


def test_they_are_served_while_the_process_works_and_not_after() -> None:
    port = free_port()
    with served(load(_env_file=None, metrics_port=port)):
        events.emit("leases.reclaimed", count=2)
        assert scrape(port)["belfry_leases_reclaimed_total"] == 2
    with pytest.raises(OSError, match="refused"):
        scrape(port)
    with served(load(_env_file=None, metrics_port=port)):
        assert scrape(port)["belfry_leases_reclaimed_total"] == 0


def test_without_a_port_nothing_listens_to_anything() -> None:
    before = list(events._listeners)
    with served(load(_env_file=None)):
        assert events._listeners == before


def test_a_taken_port_is_a_configuration_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(ConfigurationError, match=f"METRICS_PORT: .*:{port}"),
            served(load(_env_file=None, metrics_port=port)),
        ):
            pass
