"""Lanes: what is personal does not wait for the bulk, whatever becomes of that (T7)."""

from functools import partial

from core.settings import Settings
from local.faults import Faults
from local.mongod import Mongod
from local.outside import Outside
from local.redis import Redis
from local.smtp_sink import Sink
from rules.message import Status
from services import launch, mailings, stats
from tests import factories
from tests.jobs.conftest import at_work, eventually, notify
from tests.processes import Service

CLIENTS = 3_000


def delivered(sink: Sink, count: int) -> bool:
    return len(sink.mails) == count


async def test_a_personal_e_mail_passes_thousands_that_wait_for_a_provider_that_hangs(
    worker: Service,
    database: Mongod,
    redis: Redis,
    settings: Settings,
    outside: tuple[Outside, str],
    sink: tuple[Sink, int],
) -> None:
    api, _ = outside
    api.faults = Faults(hang_rate=1)
    database.start()
    redis.start()
    async with at_work(settings) as parts:
        await factories.clients(CLIENTS)
        mailing = await mailings.create(parts, "a test", factories.mailing())
        mailing_id = factories.id_of(mailing)
        await launch.launch(parts, mailing_id)
        worker.launch()

        async def leaving() -> bool:
            counts = await stats.of_mailing(parts, mailing_id)
            return counts.by_status[Status.SENDING] > settings.sending_api_concurrency

        await eventually(leaving)
        for count in range(1, 6):
            await notify(parts)
            await eventually(partial(delivered, sink[0], count))
        assert api.ledger.count == 0
        counts = await stats.of_mailing(parts, mailing_id)
        assert counts.by_status[Status.SENT] == 0
        assert counts.total == CLIENTS
