"""One trace, from the operation that made a mailing to the attempt that delivered it (M21)."""

from local.ports import free_port
from tests.journeys.conftest import House, eventually
from tests.journeys.test_mailing import add_clients, finished, mail
from tests.otlp import collecting


async def test_one_trace_leads_from_an_operation_to_its_attempts(house: House) -> None:
    with collecting() as collector:
        house.environment["TRACING_URL"] = collector.address
        house.environment["OTEL_BSP_SCHEDULE_DELAY"] = "100"  # milliseconds
        house.ports["api"] = free_port()
        house.api()
        worker = house.worker()
        await add_clients(house, 2)
        mailing = await mail(house)
        assert await finished(house, mailing) == {"total": 2, "sent": 2}
        assert worker.stop()

        async def told() -> bool:
            return bool(collector.named("mutation createMailing"))

        await eventually(told)
        (operation,) = collector.named("mutation createMailing")
        attempts = collector.named("attempt sending_api")
        assert [span.process for span in (operation, *attempts)] == ["api", "worker", "worker"]
        assert {span.trace for span in attempts} == {operation.trace}
        assert {span.parent for span in attempts} == {operation.id}
        assert operation.attributes["belfry.transport"] == "http"
        assert all(span.attributes["belfry.code"] == "200" for span in attempts)
        assert not {span.trace for span in collector.named("query mailing")} & {operation.trace}
