"""A mailing through the public API, and the worker's time until all of it is counted as sent."""

import time
import urllib.request
from datetime import timedelta
from typing import Any

import orjson
import psutil

from bench.measure import Sample
from bench.rows import TEXT
from bench.stage import Stage, token
from core import clock
from local.children import Child
from local.ports import LOOPBACK

POLL_SECONDS = 0.02
LIMIT_SECONDS = 1_200.0

CREATE = """mutation Create($input: CreateMailingInput!) {
  createMailing(input: $input) { mailing { id } errors { field message } }
}"""


class Incomplete(Exception):
    """Not every message arrived exactly once, so the time taken means nothing."""


def deliver(stage: Stage, worker: Child, count: int, **said: object) -> Sample:
    """Create a mailing to everyone, and wait until this many messages are sent."""
    process = psutil.Process(worker.pid)
    start, before = time.perf_counter(), process.cpu_times()
    create_mailing(stage, **said)
    while (sent := sent_so_far(stage)) < count:
        if time.perf_counter() - start > LIMIT_SECONDS:
            raise Incomplete(f"{sent} of {count} sent after {LIMIT_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)
    seconds, after = time.perf_counter() - start, process.cpu_times()
    cpu = after.user + after.system - before.user - before.system
    return Sample(count / seconds, cpu / count * 1e6)


def create_mailing(stage: Stage, **said: object) -> str:
    """A mailing to everyone that has started, unless something else is said; its id."""
    now = clock.now()
    mailing = {
        "name": "bench",
        "text": TEXT,
        "startAt": (now - timedelta(minutes=1)).isoformat(),
        "endAt": (now + timedelta(hours=6)).isoformat(),
        "audience": {"all": True},
        **said,
    }
    body = {"query": CREATE, "variables": {"input": mailing}}
    answer = call(stage.api_port, "/graphql", body)
    if "data" not in answer or answer["data"]["createMailing"]["errors"]:
        raise Incomplete(f"no mailing: {answer}")
    return str(answer["data"]["createMailing"]["mailing"]["id"])


def sent_so_far(stage: Stage) -> int:
    """Messages counted as sent."""
    shards = stage.database["counters"].find({}, {"counts.sent": 1})
    return sum(shard["counts"].get("sent", 0) for shard in shards)


def call(port: int, path: str, body: object = None, method: str | None = None) -> Any:  # noqa: ANN401
    """The JSON that a server of the run answers, None for an empty answer."""
    request = urllib.request.Request(
        f"http://{LOOPBACK}:{port}{path}",
        data=None if body is None else orjson.dumps(body),
        headers={"Authorization": f"Bearer {token()}", "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own http URL
        said = answer.read()
        return orjson.loads(said) if said else None
