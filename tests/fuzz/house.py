"""A whole Belfry of real processes for the fuzz, and everyone who may ask it."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo import MongoClient
from pymongo.database import Database

from core import tokens
from local.mongod import Mongod
from local.ports import LOOPBACK, free_port
from local.redis import Redis
from rules.roles import Role
from tests.processes import Api, Service

SECRET = "a secret of the fuzz, longer than it must be"
STAFF = "5f0c3a1b2c3d4e5f6a7b8c99"
OWN = "5f0c3a1b2c3d4e5f6a7b8c90"
"""The user whom subscribers' tokens speak for."""
ROLES = ("admin", "operator", "sender", "viewer", "subscriber", "key", "none")
"""Whoever a field may be asked as; `key` is an API key, of an operator."""
_ENDLESS = {
    "RATE_LIMIT_PER_MINUTE": "10000000",
    "RATE_LIMIT_SUBSCRIBER_PER_MINUTE": "10000000",
    "RATE_LIMIT_ANONYMOUS_PER_MINUTE": "10000000",
    "SOCKETS_PER_USER": "10000",
}
"""All of the fuzz comes from one address, and speaks for few."""


@dataclass
class House:
    """The processes, and the words by which each role signs in."""

    mongod: Mongod
    api: Api
    workers: list[Service]
    environment: dict[str, str]
    database: Database[dict[str, Any]]
    bearers: dict[str, str] = field(default_factory=dict)
    own_keys: set[str] = field(default_factory=set)
    """Ids of the API keys that the fuzz itself needs, which it must not revoke."""

    def headers(self, role: str) -> dict[str, str]:
        """What a request of the role says of who asks."""
        return {"Authorization": f"Bearer {self.bearers[role]}"} if role in self.bearers else {}

    def data(self, query: str, **variables: Any) -> Any:
        """What an operation of an admin gives; fails if it gives errors."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Content-Type": "application/json", **self.headers("admin")}
        line = HTTPConnection(LOOPBACK, int(self.environment["PORT"]), timeout=30)
        with closing(line):
            line.request("POST", "/graphql", body, headers)
            answer = json.load(line.getresponse())
        assert "errors" not in answer, answer
        return answer["data"]

    def log(self) -> Iterator[str]:
        """Every line that the API and the workers wrote."""
        for process in (self.api, *self.workers):
            yield from process.log.read_text().splitlines()


@contextmanager
def standing(folder: Path, mongod: Mongod, redis: Redis) -> Iterator[House]:
    """A house over the two servers, as long as the block runs; its database goes with it."""
    name = f"fuzz_{ObjectId()}"
    ports = {at: free_port() for at in ("api", "outside", "smtp", "mail")}
    environment = {
        **os.environ,
        **_ENDLESS,
        "DB_URI": mongod.uri(name),
        "REDIS_URL": redis.url,
        "JWT_SECRET": SECRET,
        "PORT": str(ports["api"]),
        "SMTP_PORT": str(ports["smtp"]),
        "SENDING_API_URL": f"http://{LOOPBACK}:{ports['outside']}",
        "TELEGRAM_URL": f"http://{LOOPBACK}:{ports['outside']}",
        "TELEGRAM_TOKEN": "any",
        "VIBER_URL": f"http://{LOOPBACK}:{ports['outside']}",
        "VIBER_TOKEN": "any",
        "DRAIN_SECONDS": "5",
        "LOG_FORMAT": "json",
    }
    outside = ["outside", "--port", str(ports["outside"]), "--smtp-port", str(ports["smtp"])]
    with MongoClient[dict[str, Any]](mongod.uri(name)) as client, ExitStack() as stack:
        stack.callback(client.drop_database, name)
        emulator = Service(
            "outside",
            [*outside, "--mail-port", str(ports["mail"])],
            folder / "outside.log",
            environment,
            ports["outside"],
        )
        api = Api(folder / "api.log", environment, ports["api"])
        worker = Service("worker", ["work"], folder / "worker.log", environment)
        for process in (emulator, api, worker):
            stack.callback(process.stop)
            process.launch()
        for process in (emulator, api, worker):
            process.wait_ready()
        house = House(mongod, api, [worker], environment, client[name])
        _sign_in(house)
        yield house


def _sign_in(house: House) -> None:
    for role in map(str, Role):
        subject = OWN if role == "subscriber" else STAFF
        house.bearers[role] = tokens.sign(SECRET, subject, role, timedelta(hours=12))
    made = house.data(
        """mutation { createApiKey(input: {name: "The fuzz", role: OPERATOR}) {
            apiKey { id } secret } }"""
    )["createApiKey"]
    house.bearers["key"] = made["secret"]
    house.own_keys.add(made["apiKey"]["id"])
