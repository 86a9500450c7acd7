"""The servers of a run: databases and Belfry's processes, each on a free port."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from pymongo import MongoClient
from pymongo.database import Database

from bench.measure import Sample
from core import tokens
from local import ports
from local.children import Child
from local.mongod import Mongod
from local.processes import Api, Service
from local.redis import Redis

ROOT = Path(__file__).parent.parent
SECRET = "a-secret-for-measuring-only-and-nothing-else"  # noqa: S105 - lives for one run
TOKEN = "bench"  # noqa: S105 - the same
ADMIN = "0be1f7000000000000000002"
DATABASE = "bench"
CONCURRENCY = 64
"""Requests to the outside under way at once."""
SMTP_CONNECTIONS = 4
"""Kept connections to the SMTP server."""
SENDER = "bell@example.com"
SUBJECT = "Your order is ready"

Row = dict[str, Any]


class Server(Child):
    """A module of ours as a server in a process of its own; ready when its port is open."""

    def __init__(self, module: str, port: int, log: Path, env: dict[str, str]) -> None:
        super().__init__(module, [sys.executable, "-m", module, str(port)], log, env)
        self.port = port

    def wait_ready(self, limit_seconds: float = 30) -> None:
        """Wait until it listens; raises Unavailable."""
        self.wait_for(lambda: ports.is_open(self.port), limit_seconds)


@dataclass(slots=True)
class Stage:
    """The databases of a run, and the servers that can be started on them."""

    folder: Path
    mongod: Mongod
    redis: Redis
    database: Database[Row]
    api_port: int = field(default_factory=ports.free_port)
    outside_port: int = field(default_factory=ports.free_port)
    bare_port: int = field(default_factory=ports.free_port)
    smtp_port: int = field(default_factory=ports.free_port)

    @property
    def env(self) -> dict[str, str]:
        """The settings of every process under test."""
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "HOST": ports.LOOPBACK,
            "PORT": str(self.api_port),
            "DB_URI": self.mongod.uri(DATABASE),
            "REDIS_URL": self.redis.url,
            "SENDING_API_URL": f"http://{ports.LOOPBACK}:{self.outside_port}",
            "SENDING_API_TOKEN": TOKEN,
            "SENDING_API_CONCURRENCY": str(CONCURRENCY),
            "SMTP_HOST": ports.LOOPBACK,
            "SMTP_PORT": str(self.smtp_port),
            "SMTP_EMAIL": SENDER,
            "SMTP_CONNECTIONS": str(SMTP_CONNECTIONS),
            "JWT_SECRET": SECRET,
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "info",
            "NOTIFICATION_LIMIT": "100",
            # Counted as ever, but more than one load can use up.
            "RATE_LIMIT_PER_MINUTE": "10000000",
            "RATE_LIMIT_SUBSCRIBER_PER_MINUTE": "10000000",
        }

    @contextmanager
    def api(self) -> Iterator[Child]:
        """`belfry serve`, while the block runs."""
        with _running(Api(self._log("api"), self.env, self.api_port)) as child:
            yield child

    @contextmanager
    def worker(self) -> Iterator[Child]:
        """`belfry work`, while the block runs."""
        with _running(Service("worker", ["work"], self._log("worker"), self.env)) as child:
            yield child

    @contextmanager
    def outside(self) -> Iterator[Child]:
        """The emulator of the outside services, its ledger in memory, while the block runs."""
        arguments = ["outside", "--port", str(self.outside_port)]
        log, port = self._log("outside"), self.outside_port
        with _running(Service("outside", arguments, log, self.env, port)) as child:
            yield child

    @contextmanager
    def bare(self, module: str) -> Iterator[Child]:
        """A bare server, while the block runs."""
        with _running(Server(module, self.bare_port, self._log(module), self.env)) as child:
            yield child

    @contextmanager
    def sink(self) -> Iterator[Child]:
        """The lean SMTP sink, while the block runs."""
        module = "bench.smtp_sink"
        with _running(Server(module, self.smtp_port, self._log(module), self.env)) as child:
            yield child

    def sample_of(self, module: str, *arguments: str) -> Sample:
        """What a module prints as a sample, run as a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            stdout=subprocess.PIPE,
            env=self.env,
            cwd=ROOT,
            check=True,
        )
        return Sample(**orjson.loads(done.stdout))

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Databases in a folder, for as long as the block runs."""
    mongod = Mongod(folder / "mongodb", ports.free_port())
    redis = Redis(folder / "redis", ports.free_port())
    with _running(mongod), _running(redis):
        client: MongoClient[Row] = MongoClient(
            mongod.uri(DATABASE), w="majority", uuidRepresentation="standard", tz_aware=True
        )
        with client:
            yield Stage(folder, mongod, redis, client[DATABASE])


@contextmanager
def _running(child: Child) -> Iterator[Child]:
    try:
        child.start()
        yield child
    finally:
        child.stop()


def phone_of(number: int) -> int:
    """The phone of the client with this number."""
    return 79_000_000_000 + number


def email_of(number: int) -> str:
    """Its address."""
    return f"client-{number}@example.org"


def token() -> str:
    """A token that may do everything."""
    return tokens.sign(SECRET, ADMIN, "admin", timedelta(hours=12))
