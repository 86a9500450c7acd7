"""What services tell those who count (M21)."""

from collections.abc import Iterator

import pytest

from core import clock
from core.metrics import Metrics, heard
from core.parts import Parts
from models.provider import Provider
from rules.message import Status
from services import closing, gauges, results
from tests import factories
from tests.services.claims import FAILED, change, pending
from tests.services.pumping import API, claim


@pytest.fixture
def metrics() -> Iterator[Metrics]:
    with heard("worker") as metrics:
        yield metrics


def messages(metrics: Metrics, status: Status) -> float | None:
    labels = {"channel": API, "status": status}
    return metrics.registry.get_sample_value("belfry_messages_total", labels)


async def test_messages_are_counted_as_they_come_to_a_status(
    parts: Parts, metrics: Metrics
) -> None:
    mailing_id = await factories.launched(parts, 5)
    sent, failed, put_off, *_ = await claim(parts, mailing_id, 3)
    changes = [change(sent), change(failed, FAILED), change(put_off, pending())]
    await results.write(parts, changes)
    await closing.close(parts, {"mailing_id": mailing_id}, Status.EXPIRED, "the end came first")
    told = {status: messages(metrics, status) for status in Status}
    assert {status: count for status, count in told.items() if count} == {
        Status.SENT: 1,
        Status.FAILED: 1,
        Status.PENDING: 1,
        Status.EXPIRED: 3,
    }


async def test_a_result_that_came_too_late_counts_for_nothing(
    parts: Parts, metrics: Metrics
) -> None:
    mailing_id = await factories.launched(parts, 1)
    (one,) = await claim(parts, mailing_id)
    assert [await results.write(parts, [change(one)]) for _ in "ab"] == [1, 0]
    assert messages(metrics, Status.SENT) == 1


async def test_breakers_are_as_the_database_says(parts: Parts, metrics: Metrics) -> None:
    for channel, state in (("viber", "open"), ("telegram", "probing")):
        await Provider(id=channel, state=state, changed_at=clock.now()).insert()
    await gauges.look(parts)
    name = "belfry_breaker_open"
    told = [metrics.registry.get_sample_value(name, {"channel": it}) for it in ("email", "viber")]
    assert told == [0, 1]
    assert metrics.registry.get_sample_value(name, {"channel": "telegram"}) == 1


async def test_queues_are_as_the_database_says(parts: Parts, metrics: Metrics) -> None:
    mailing_id = await factories.launched(parts, 5)
    await claim(parts, mailing_id, 2)
    await gauges.look(parts)
    here = {"lane": "bulk", "channel": API}
    told = {
        state: metrics.registry.get_sample_value("belfry_queue_messages", {**here, "state": state})
        for state in ("waiting", "scheduled", "running")
    }
    assert told == {"waiting": 3, "scheduled": 0, "running": 2}
    assert (metrics.registry.get_sample_value("belfry_oldest_due_seconds", here) or 0) > 0
    elsewhere = {**here, "lane": "personal"}
    assert metrics.registry.get_sample_value("belfry_oldest_due_seconds", elsewhere) == 0
    assert metrics.registry.get_sample_value("belfry_workers", {"lane": "bulk"}) == 0
