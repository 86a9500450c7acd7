"""Metrics hear the events that logs hear, and are served as Prometheus reads them."""

import socket
import sys
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from core import events
from core.errors import ConfigurationError
from core.meters import MOST_SERIES, Count
from core.metrics import Metrics, heard, served
from core.settings import load
from local.ports import free_port


@pytest.fixture
def metrics() -> Iterator[Metrics]:
    with heard("worker") as metrics:
        yield metrics


def ours(metrics: Metrics) -> list[Metric]:
    return list(metrics.collect())


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


def test_an_operation_is_counted_and_timed(metrics: Metrics) -> None:
    asked = {"transport": "http", "kind": "query", "field": "inbox", "code": "OK"}
    for seconds in (0.002, 0.3, 99.0):
        events.note("operation.answered", **asked, seconds=seconds)
    assert value(metrics, "belfry_operations_total", **asked) == 3
    name, labels = "belfry_operation_seconds", {"kind": "query", "field": "inbox"}
    below = {
        le: value(metrics, f"{name}_bucket", le=le, **labels) for le in ("0.001", "0.5", "+Inf")
    }
    assert below == {"0.001": 0, "0.5": 2, "+Inf": 3}
    assert value(metrics, f"{name}_count", **labels) == 3
    assert value(metrics, f"{name}_sum", **labels) == pytest.approx(99.302)


def test_what_opens_and_closes_goes_up_and_down(metrics: Metrics) -> None:
    for name in ("socket.opened", "socket.opened", "socket.closed"):
        events.note(name)
    assert value(metrics, "belfry_sockets") == 1


def test_a_state_takes_the_place_of_the_one_before(metrics: Metrics) -> None:
    events.note("queues.looked", breakers={("email",): 1.0, ("viber",): 0.0})
    events.note("queues.looked", breakers={("viber",): 1.0})
    assert value(metrics, "belfry_breaker_open", channel="viber") == 1
    assert value(metrics, "belfry_breaker_open", channel="email") is None


def test_the_time_of_a_provider_is_told_in_seconds(metrics: Metrics) -> None:
    events.emit("message.attempted", channel="email", verdict="accepted", duration_ms=1500.0)
    assert value(metrics, "belfry_provider_seconds_sum", channel="email") == 1.5


def test_what_the_log_warns_of_is_counted_by_its_name(metrics: Metrics) -> None:
    for name in ("tick.failed", "tick.failed", "counters.differ", "client.created"):
        events.emit(name)
    troubles = "belfry_troubles_total"
    assert value(metrics, troubles, event="tick.failed") == 2
    assert value(metrics, troubles, event="counters.differ") == 1
    assert value(metrics, troubles, event="client.created") is None


def test_the_process_says_what_it_is(metrics: Metrics) -> None:
    (build,) = [it for it in metrics.registry.collect() if it.name == "belfry_build_info"]
    (sample,) = build.samples
    assert (sample.labels["process"], sample.value) == ("worker", 1)
    assert value(metrics, "process_open_fds") or sys.platform != "linux"


def test_labels_without_end_fill_no_memory() -> None:
    meter = Count("belfry_x_total", "Of a mistake.", ("x",))
    for number in range(2 * MOST_SERIES):
        meter.add((str(number),), 1)
    assert len(meter.family().samples) == MOST_SERIES


def test_other_events_and_odd_fields_count_for_nothing(metrics: Metrics) -> None:
    before = ours(metrics)
    events.emit("bell.rung", count=3)
    events.emit("leases.reclaimed")
    events.emit("message.attempted", channel=None, verdict="sent")
    assert ours(metrics) == before


def scrape(port: int, host: str = "127.0.0.1") -> dict[str, float]:
    """The samples without labels that a process answers with."""
    with urlopen(f"http://{host}:{port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    families = text_string_to_metric_families(text)
    return {one.name: one.value for family in families for one in family.samples if not one.labels}


def test_they_are_served_while_the_process_works_and_not_after() -> None:
    port = free_port()
    with served(load(_env_file=None, metrics_port=port), "worker"):
        events.emit("leases.reclaimed", count=2)
        assert scrape(port)["belfry_leases_reclaimed_total"] == 2
        with pytest.raises(OSError, match=r"refused|assign|unreachable"):
            scrape(port, "127.0.0.2")  # METRICS_HOST is one address of this machine
    with pytest.raises(OSError, match="refused"):
        scrape(port)
    with served(load(_env_file=None, metrics_port=port), "worker"):
        assert scrape(port)["belfry_leases_reclaimed_total"] == 0


def test_without_a_port_nothing_listens_to_anything() -> None:
    before = list(events._listeners)
    with served(load(_env_file=None), "worker"):
        assert events._listeners == before


def test_a_taken_port_is_a_configuration_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(ConfigurationError, match=f"METRICS_PORT: .*:{port}"),
            served(load(_env_file=None, metrics_port=port), "worker"),
        ):
            pass
