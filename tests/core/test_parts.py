import asyncio

import pytest

from core import mongo
from core.parts import open_parts
from core.settings import Settings, load
from local.ports import free_port


@pytest.fixture
def settings(database_uri: str, redis_url: str) -> Settings:
    return load(_env_file=None, db_uri=database_uri, redis_url=redis_url)


async def test_parts_work_while_they_are_open_and_leave_no_task_behind(settings: Settings) -> None:
    before = asyncio.all_tasks()
    async with open_parts(settings) as parts:
        assert parts.settings is settings
        assert await parts.redis.ping()
        await mongo.now(parts.mongo)
    ours = {task for task in asyncio.all_tasks() - before if "core/" in str(task.get_coro())}
    assert not ours


async def test_what_was_woken_is_queued_before_the_parts_close(settings: Settings) -> None:
    async with open_parts(settings) as parts:
        parts.queue.wake("sweep", lane="bulk", job_id="sweep")
    async with open_parts(settings) as parts:
        (job,) = await parts.redis.queued_jobs(queue_name="belfry:bulk")
        assert job.job_id == "sweep"


async def test_parts_close_after_an_error_too(settings: Settings) -> None:
    with pytest.raises(ZeroDivisionError):
        async with open_parts(settings) as parts:
            raise ZeroDivisionError
    with pytest.raises(Exception, match="after close"):
        await mongo.now(parts.mongo)


async def test_parts_open_and_close_without_servers() -> None:
    away = free_port()
    settings = load(
        _env_file=None,
        db_uri=f"mongodb://127.0.0.1:{away}/belfry",
        redis_url=f"redis://127.0.0.1:{away}/0",
    )
    async with open_parts(settings) as parts, asyncio.timeout(30):
        parts.queue.wake("sweep", lane="bulk", job_id="sweep")
        parts.wakeups.publish("u1", b"1")
        async with parts.wakeups.listen("u1"):
            pass
