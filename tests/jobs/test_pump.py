"""The pump's job: each channel is pumped by itself, so that none waits for another's provider."""

import asyncio
from datetime import timedelta
from functools import partial

from pydantic import SecretStr

from channels.registry import close_channels, open_channels
from core import clock, mongo
from core.settings import Settings
from jobs.pump import pump
from local.faults import Dice, Faults
from local.mongod import Mongod
from local.outside import Outside
from local.redis import Redis
from local.smtp_sink import Sink
from rules.message import Route
from services import personal
from services.personal import Personal
from tests.jobs.conftest import at_work, eventually, notify


def by_telegram() -> Personal:
    now = clock.now()
    words = {"subject": "", "text": "Hello"}
    return Personal("test", "ann", Route.TELEGRAM, "4711", words, now, now + timedelta(hours=1))


async def test_a_channel_whose_provider_hangs_keeps_no_other_waiting(
    database: Mongod,
    redis: Redis,
    settings: Settings,
    outside: tuple[Outside, str],
    sink: tuple[Sink, int],
) -> None:
    emulated, address = outside
    emulated.messengers["telegram"].dice = Dice(Faults(hang_rate=1))
    set_up = {"telegram_url": address, "telegram_token": SecretStr("any"), "lease_seconds": 60.0}
    database.start()
    redis.start()
    async with at_work(settings.model_copy(update=set_up)) as parts:
        parts.database_clock.observe(await mongo.now(parts.mongo))
        row = by_telegram()
        work = partial(personal.add, message=row, now=clock.now())
        await mongo.in_transaction(parts.mongo, work)
        channels = open_channels(parts.settings)
        stop, doing = asyncio.Event(), set[str]()
        ctx = {"parts": parts, "channels": channels, "worker": "w", "stop": stop, "doing": doing}
        hanging = asyncio.create_task(pump(ctx, "personal", 0))
        await eventually(lambda: doing == {"pump:0:telegram"})
        await notify(parts)
        assert await pump(ctx, "personal", 0) == 1
        assert len(sink[0].mails) == 1
        assert not hanging.done()
        hanging.cancel()
        await asyncio.wait([hanging])
        await close_channels(channels)
