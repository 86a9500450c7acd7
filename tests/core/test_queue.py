from collections.abc import AsyncIterator, Iterator, Mapping

import orjson
import pytest
from arq.connections import ArqRedis

from core import events, redis
from core.queue import EXPIRY_SECONDS, Queue, queue_name
from local.ports import free_port


@pytest.fixture
async def pool(redis_url: str) -> AsyncIterator[ArqRedis]:
    pool = redis.connect(redis_url)
    yield pool
    await pool.aclose()


@pytest.fixture
def heard() -> Iterator[list[tuple[str, Mapping[str, object]]]]:
    heard: list[tuple[str, Mapping[str, object]]] = []
    leave = events.subscribe(lambda name, fields: heard.append((name, fields)))
    yield heard
    leave()


async def test_a_wake_up_is_a_job_of_its_lane_with_its_name_and_arguments(pool: ArqRedis) -> None:
    queue = Queue(pool)
    queue.wake("pump", "bulk", 0, lane="bulk", job_id="pump:bulk:0")
    await queue.close()
    (job,) = await pool.queued_jobs(queue_name=queue_name("bulk"))
    assert (job.job_id, job.function, tuple(job.args), job.kwargs) == (
        "pump:bulk:0",
        "pump",
        ("bulk", 0),
        {},
    )
    assert await pool.queued_jobs(queue_name=queue_name("personal")) == []


async def test_a_job_is_json_and_no_pickle(pool: ArqRedis) -> None:
    queue = Queue(pool)
    queue.wake("sweep", lane="bulk", job_id="sweep")
    await queue.close()
    packed = await pool.get("arq:job:sweep")
    assert packed is not None
    assert orjson.loads(packed)["f"] == "sweep"


async def test_a_wake_up_that_nobody_takes_expires(pool: ArqRedis) -> None:
    queue = Queue(pool)
    queue.wake("sweep", lane="bulk", job_id="sweep")
    await queue.close()
    assert 0 < await pool.ttl("arq:job:sweep") <= EXPIRY_SECONDS


async def test_a_job_is_queued_once_at_a_time(pool: ArqRedis) -> None:
    queue = Queue(pool)
    for slot in (0, 0, 1, 0):
        queue.wake("pump", "bulk", slot, lane="bulk", job_id=f"pump:{slot}")
    await queue.close()
    queue.wake("pump", "bulk", 0, lane="bulk", job_id="pump:0")
    await queue.close()
    jobs = await pool.queued_jobs(queue_name=queue_name("bulk"))
    assert sorted(job.job_id or "" for job in jobs) == ["pump:0", "pump:1"]


async def test_a_job_that_was_taken_can_be_queued_again(pool: ArqRedis) -> None:
    queue = Queue(pool)
    for _ in range(2):
        queue.wake("sweep", lane="bulk", job_id="sweep")
        await queue.close()
        (job,) = await pool.queued_jobs(queue_name=queue_name("bulk"))
        assert job.job_id == "sweep"
        await pool.delete("arq:job:sweep", queue_name("bulk"))


async def test_without_redis_a_wake_up_is_an_event_and_no_error(
    heard: list[tuple[str, Mapping[str, object]]],
) -> None:
    pool = redis.connect(f"redis://127.0.0.1:{free_port()}/0")
    queue = Queue(pool)
    for _ in range(2):
        for _ in range(100):  # while the first is under way, the others are nothing to do
            queue.wake("sweep", lane="bulk", job_id="sweep")
        await queue.close()
    await pool.aclose()
    names = [(name, fields["job"], fields["job_id"]) for name, fields in heard]
    assert names == [("queue.unreachable", "sweep", "sweep")] * 2
