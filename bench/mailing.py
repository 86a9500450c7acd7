"""A mailing through one worker onto the emulator, against a bare aiohttp loop onto the same."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import psutil
from bson import ObjectId

from bench.mailing_bare import FIRST_PHONE
from bench.measure import Contest, Rival, Sample
from bench.stage import ROOT, Stage, token
from core import clock
from local.children import Child
from local.ports import LOOPBACK

GOAL = 0.7
TEXT = "Your order is ready: come and fetch it before Friday, and bring this message along."
BATCH = 10_000
POLL_SECONDS = 0.02
LIMIT_SECONDS = 600.0
ROWS = ("messages", "attempts", "counters", "mailings", "clients")

CREATE = """mutation Create($input: CreateMailingInput!) {
  createMailing(input: $input) { mailing { id } errors { field message } }
}"""


class Incomplete(Exception):
    """Not every message arrived exactly once, so the time taken means nothing."""


def contests(stage: Stage, count: int) -> Iterator[Contest]:
    """The contest, with API, worker and emulator running until the next is asked for."""
    fill(stage, count)
    with stage.outside(), stage.api(), stage.worker() as worker:
        _call(stage.api_port, "/graphql", {"query": "{ __typename }"})
        yield Contest(
            "mailing",
            "messages",
            Rival("Belfry", lambda: _belfry(stage, worker, count)),
            Rival("bare", lambda: _bare(stage, count)),
            GOAL,
        )


def fill(stage: Stage, count: int) -> None:
    """Start with nothing but this many clients."""
    clear(stage, *ROWS)
    now = clock.now()
    for first in range(0, count, BATCH):
        stage.database["clients"].insert_many(
            {
                "_id": ObjectId(),
                "phone": str(FIRST_PHONE + number),
                "operator_code": "900",
                "tags": ["bench"],
                "time_zone": "UTC",
                "email": None,
                "created_at": now,
                "updated_at": now,
            }
            for number in range(first + 1, min(first + BATCH, count) + 1)
        )


def clear(stage: Stage, *collections: str) -> None:
    """Delete the rows and keep the indexes."""
    for name in collections:
        stage.database[name].delete_many({})


def _belfry(stage: Stage, worker: Child, count: int) -> Sample:
    clear(stage, "messages", "attempts", "counters")
    _call(stage.outside_port, "/_ledger", method="DELETE")
    process = psutil.Process(worker.pid)
    start, before = time.perf_counter(), process.cpu_times()
    _create_mailing(stage)
    while (sent := _sent(stage)) < count:
        if time.perf_counter() - start > LIMIT_SECONDS:
            raise Incomplete(f"{sent} of {count} sent after {LIMIT_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)
    seconds, after = time.perf_counter() - start, process.cpu_times()
    _check_ledger(stage, count)
    cpu = after.user + after.system - before.user - before.system
    return Sample(count / seconds, cpu / count * 1e6)


def _bare(stage: Stage, count: int) -> Sample:
    _call(stage.outside_port, "/_ledger", method="DELETE")
    base = f"http://{LOOPBACK}:{stage.outside_port}"
    done = subprocess.run(
        [sys.executable, "-m", "bench.mailing_bare", base, str(count), TEXT],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        check=True,
    )
    _check_ledger(stage, count)
    return Sample(**orjson.loads(done.stdout))


def _create_mailing(stage: Stage) -> None:
    now = clock.now()
    mailing = {
        "name": "bench",
        "text": TEXT,
        "startAt": (now - timedelta(minutes=1)).isoformat(),
        "endAt": (now + timedelta(hours=6)).isoformat(),
        "audience": {"all": True},
    }
    body = {"query": CREATE, "variables": {"input": mailing}}
    answer = _call(stage.api_port, "/graphql", body)
    if "data" not in answer or answer["data"]["createMailing"]["errors"]:
        raise Incomplete(f"no mailing: {answer}")


def _sent(stage: Stage) -> int:
    shards = stage.database["counters"].find({}, {"counts.sent": 1})
    return sum(shard["counts"].get("sent", 0) for shard in shards)


def _check_ledger(stage: Stage, count: int) -> None:
    ledger = _call(stage.outside_port, "/_ledger?limit=0")
    if ledger["distinct"] != count or ledger["repeats"]:
        said = f"{ledger['distinct']} arrived, {ledger['repeats']} of them more than once"
        raise Incomplete(f"{count} were sent, {said}")


def _call(port: int, path: str, body: object = None, method: str | None = None) -> Any:  # noqa: ANN401
    request = urllib.request.Request(
        f"http://{LOOPBACK}:{port}{path}",
        data=None if body is None else orjson.dumps(body),
        headers={"Authorization": f"Bearer {token()}", "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own http URL
        said = answer.read()
        return orjson.loads(said) if said else None
