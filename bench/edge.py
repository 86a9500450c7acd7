"""The edge: creating a notification and listing an inbox by GraphQL, against bare routes."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import orjson
from bson import ObjectId

from bench.load import Load, Tally
from bench.measure import Contest, Rival, Sample
from bench.stage import ROOT, Row, Stage, token
from core import clock

NAMES = ("create", "list")
GOAL = 0.75
USERS = 1_000
KEPT = 100
CONNECTIONS = 32
WARMUP_SECONDS = 0.5

CREATE = """mutation Create($input: CreateNotificationInput!) {
  createNotification(input: $input) {
    notification { id timestamp isNew key targetId data }
    unread
    errors { field message code }
  }
}"""
LIST = """query List($userId: ID!) {
  inbox(userId: $userId) {
    total
    unread
    page(skip: 0, limit: 20) { list { id timestamp isNew key targetId data } }
  }
}"""
CREATED = '"createNotification":{"notification":{"id":"'
LISTED = '"unread":100,"page":{"list":[{"id":"'

DATA = {"text": "See you at noon?", "from": "Ada", "chat": 42}
TARGET = "0be1f70000000000000000aa"
WRITERS = [f"{0xC0FFEE << 72 | number:024x}" for number in range(USERS)]
READERS = [f"{0xBEEFED << 72 | number:024x}" for number in range(USERS)]


@dataclass(frozen=True, slots=True)
class Target:
    """A server under test: where it listens, and its process."""

    port: int
    pid: int
    seconds: float

    def sample(self, path: str, bodies: Iterable[Row], marker: str) -> Sample:
        """Load it for some seconds; raises CalledProcessError on a wrong answer."""
        load = Load(
            port=self.port,
            path=path,
            token=token(),
            bodies=[orjson.dumps(body).decode() for body in bodies],
            marker=marker,
            seconds=self.seconds,
            warmup_seconds=WARMUP_SECONDS,
            connections=CONNECTIONS,
            pid=self.pid,
        )
        tally = _generate(load)
        cpu_us = tally.cpu_seconds / tally.requests * 1e6
        return Sample(tally.requests / tally.seconds, cpu_us, tally.p99_ms)


def contests(stage: Stage, seconds: float, wanted: Iterable[str]) -> Iterator[Contest]:
    """The contests, each with both servers running until the next is asked for."""
    with _running(stage, seconds) as (belfry, bare):
        for name in wanted:
            if name == "create":
                yield _create(stage, belfry, bare)
            else:
                yield _list(stage, belfry, bare)


@contextmanager
def _running(stage: Stage, seconds: float) -> Iterator[tuple[Target, Target]]:
    with stage.api() as api, stage.bare("bench.edge_bare") as bare:
        yield (
            Target(stage.api_port, api.pid, seconds),
            Target(stage.bare_port, bare.pid, seconds),
        )


def _create(stage: Stage, belfry: Target, bare: Target) -> Contest:
    inputs = [
        {"userId": user, "key": "new_message", "targetId": TARGET, "data": DATA} for user in WRITERS
    ]
    bodies = [{"query": CREATE, "variables": {"input": one}} for one in inputs]

    def after_reset(take: Callable[[], Sample]) -> Callable[[], Sample]:
        def fresh() -> Sample:
            # Each turn begins with empty inboxes, else the later one would find larger ones.
            fill(stage, WRITERS, 0)
            return take()

        return fresh

    return Contest(
        "create",
        "requests",
        Rival("Belfry", after_reset(lambda: belfry.sample("/graphql", bodies, CREATED))),
        Rival("bare", after_reset(lambda: bare.sample("/create", inputs, CREATED))),
        GOAL,
    )


def _list(stage: Stage, belfry: Target, bare: Target) -> Contest:
    fill(stage, READERS, KEPT)
    variables = [{"userId": user} for user in READERS]
    bodies = [{"query": LIST, "variables": one} for one in variables]
    return Contest(
        "list",
        "requests",
        Rival("Belfry", lambda: belfry.sample("/graphql", bodies, LISTED)),
        Rival("bare", lambda: bare.sample("/list", variables, LISTED)),
        GOAL,
    )


def fill(stage: Stage, users: list[str], kept: int) -> None:
    """Make these users anew, each with some notifications."""
    collection = stage.database["users"]
    ids = [ObjectId(user) for user in users]
    collection.delete_many({"_id": {"$in": ids}})
    counts = {"seq": kept, "unread": kept, "floor": 0, "touched": 0}
    collection.insert_many(
        {"_id": user, "email": "", "inbox": [_item(seq + 1) for seq in range(kept)], **counts}
        for user in ids
    )


def _item(seq: int) -> Row:
    return {
        "id": str(ObjectId()),
        "at": clock.now(),
        "key": "new_message",
        "target_id": TARGET,
        "data": orjson.dumps(DATA).decode(),
        "title": "",
        "body": "",
        "new": True,
        "seq": seq,
    }


def _generate(load: Load) -> Tally:
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=orjson.dumps(asdict(load)),
        stdout=subprocess.PIPE,
        cwd=ROOT,
        check=True,
    )
    return Tally(**orjson.loads(done.stdout))
