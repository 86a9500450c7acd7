"""The worker process: one arq worker per lane, supervised, and a tick beside each."""

import asyncio
import signal
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import orjson
import uvloop
from arq.worker import Worker, func

from channels.channel import Channel
from channels.registry import close_channels, open_channels
from core import (
    bearings,
    events,
    failpoints,
    log,
    memory,
    metrics,
    pulse,
    queue,
    redis,
    seals,
    tasks,
    tracing,
)
from core.errors import ConfigurationError
from core.parts import Parts, open_parts
from core.settings import Settings
from jobs import health
from jobs.alone import work_alone
from jobs.heartbeat import ALONE, Heart, beating, new_name
from jobs.history import history
from jobs.lanes import JOBS_AT_ONCE, LANES
from jobs.launch import launch, launch_due
from jobs.pump import pump
from jobs.reconcile import reconcile
from jobs.report import report
from jobs.sweep import sweep, tick
from services import daily_reports, gauges, start

JOB_TIMEOUT_SECONDS = 600
"""A last resort: jobs bound themselves, and one that arq cancels is lost until the next tick."""
RETURN_SECONDS = 1.0
FUNCTIONS = (pump, launch, launch_due, sweep, reconcile, history, report)


def work(settings: Settings, lanes: Sequence[str]) -> None:
    """Run the worker until SIGTERM or SIGINT.

    Raises ConfigurationError on an unknown lane, on a bad REPORT_TO, and on a database that is
    newer than this code.
    """
    unknown = set(lanes) - set(LANES)
    if unknown or not lanes:
        raise ConfigurationError(f"lanes are {', '.join(LANES)}; not {', '.join(sorted(unknown))}")
    seals.check(settings)
    daily_reports.recipients(settings)
    log.configure(settings, "worker")
    failpoints.arm(settings.belfry_fail_at, testing=settings.belfry_testing)
    with tracing.told(settings, "worker"), metrics.served(settings, "worker"):
        uvloop.run(_work(settings, lanes))


async def _work(settings: Settings, lanes: Sequence[str]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    started = asyncio.Event()
    async with open_parts(settings) as parts, health.served(parts, started):
        if not await start.prepared(parts, stop):
            return
        started.set()
        memory.settle()
        events.emit("worker.started", lanes=list(lanes))
        watching = [asyncio.create_task(each) for each in _watching(parts)]
        try:
            async with beating(lanes, stop) as heart:
                await asyncio.gather(*(serve_lane(parts, lane, heart, stop) for lane in lanes))
        finally:
            await tasks.end(watching)
    events.emit("worker.stopped", lanes=list(lanes))


def _watching(parts: Parts) -> Iterator[Coroutine[None, None, None]]:
    """What only those who look at metrics need."""
    if parts.settings.metrics_port:
        yield tasks.kept_up("pulse", partial(pulse.beat, parts))
        yield tasks.kept_up("gauges", partial(gauges.watch, parts))


async def serve_lane(parts: Parts, lane: str, heart: Heart, stop: asyncio.Event) -> None:
    """Run a lane's jobs until `stop`: by arq, and without it while Redis is away."""
    channels = open_channels(parts.settings)
    try:
        while not stop.is_set():
            name, doing = str(new_name()), set[str]()
            heart.lives(lane, name, doing)
            await _live(parts, lane, channels, name, doing, stop)
            if not stop.is_set():
                heart.lives(lane, name, {ALONE})
                await work_alone(parts, lane, channels.values(), name, stop)
    finally:
        await close_channels(channels)


async def _live(
    parts: Parts,
    lane: str,
    channels: Mapping[str, Channel],
    name: str,
    doing: set[str],
    stop: asyncio.Event,
) -> None:
    """One life of an arq worker: it ends when told to stop, or dies with Redis.

    Each life has a name, and so job ids, of its own: a Redis that comes back still holds the
    locks of jobs that ended while it was away. And each tells its pumps to stop, lest they be
    cancelled in the middle of their sends.
    """
    over = asyncio.Event()
    pool = redis.connect(parts.settings.redis_url)
    ctx = {"parts": parts, "channels": channels, "stop": over, "worker": name, "doing": doing}
    worker = _arq_worker(pool, lane, ctx)
    running = asyncio.create_task(worker.async_run())
    ticking = asyncio.create_task(tick(parts, lane, name))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, ticking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            lost = running if running.done() else ticking
            events.emit("worker.lane.lost", lane=lane, error=repr(lost.exception()))
            over.set()
            await _pause(stop)
    finally:
        over.set()
        await tasks.end((ticking, stopping))
        await _end(worker, running, stop, parts.settings.drain_seconds)
        await pool.aclose()


def _arq_worker(pool: Any, lane: str, ctx: dict[str, Any]) -> Worker:  # noqa: ANN401 - arq's type
    return Worker(
        functions=[func(job, keep_result=0, max_tries=1) for job in FUNCTIONS],
        queue_name=queue.queue_name(lane),
        redis_pool=pool,
        handle_signals=False,
        max_jobs=JOBS_AT_ONCE,
        job_timeout=JOB_TIMEOUT_SECONDS,
        keep_result=0,
        poll_delay=0.05,
        health_check_interval=10,
        ctx=dict(ctx),
        job_serializer=redis.dump,
        job_deserializer=orjson.loads,
        log_results=False,
        on_job_start=_begin,
    )


async def _begin(ctx: dict[str, Any]) -> None:
    """In the job's own task: what it logs carries its id."""
    bearings.take(bearings.Job(ctx["job_id"]))


async def _end(
    worker: Worker, running: "asyncio.Task[None]", stop: asyncio.Event, drain_seconds: float
) -> None:
    """Let jobs under way finish (pumps have been told to stop), then cancel what is left.

    But pumps only once the process ends. Where MongoDB is away, too, nobody else knows what they
    have sent: a lane that lost Redis would throw it away, and all that would leave again.
    """
    worker.allow_pick_jobs = False
    jobs = {name: task for name, task in worker.tasks.items() if not task.done()}
    if jobs:
        await asyncio.wait(jobs.values(), timeout=drain_seconds)
    pumping = {task for name, task in jobs.items() if name.startswith("pump:")}
    await tasks.end({running, *jobs.values()} - pumping)
    if pumping and not stop.is_set():
        written, stopping = (asyncio.create_task(it) for it in (asyncio.wait(pumping), stop.wait()))
        await asyncio.wait({written, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({written}, timeout=drain_seconds)
        await tasks.end((written, stopping))
    await tasks.end(pumping)


async def _pause(stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), RETURN_SECONDS)
