"""A whole Belfry of real processes, and a user's ways to it: HTTP, sockets, mails, the ledger."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import aiohttp
import pytest
from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from pymongo import MongoClient

from core import tokens
from local.children import Child
from local.mongod import Mongod
from local.ports import free_port
from local.redis import Redis
from tests.emptying import empty
from tests.processes import Api, Service

SECRET = "a secret of the journeys, longer than it must be"
STAFF = "5f0c3a1b2c3d4e5f6a7b8c99"
UNKNOWN = "somebody@example.com"
"""The address that users get whom nobody has told of before."""
PATIENCE = 120.0
MESSENGERS = {name: f"{name}-secret-0a1b2c" for name in ("telegram", "whatsapp", "viber")}
"""Their tokens."""


AnyChild = TypeVar("AnyChild", bound=Child)


@dataclass
class House:
    """The processes by name, each with its log, and what they are told by their environment."""

    folder: Path
    environment: dict[str, str]
    ports: dict[str, int]
    http: aiohttp.ClientSession
    processes: list[Child] = field(default_factory=list)

    def start(self, process: AnyChild) -> AnyChild:
        """Start a process that ends with the test."""
        self.processes.append(process)
        process.start()
        return process

    def api(self, port: int | None = None) -> Api:
        """Another API process, on the house's port unless told otherwise."""
        port = port or self.ports["api"]
        log = self.folder / f"api-{port}-{len(self.processes)}.log"
        process = Api(log, {**self.environment, "PORT": str(port)}, port)
        self.start(process)
        return process

    def worker(self, **settings: str) -> Service:
        """A worker; it is at work once its log says so."""
        log = self.folder / f"worker-{len(self.processes)}.log"
        return self.start(Service("worker", ["work"], log, {**self.environment, **settings}))

    def beside(self) -> "House":
        """A house of the same parts, with an environment and processes of its own."""
        environment, ports = dict(self.environment), dict(self.ports)
        return replace(self, environment=environment, ports=ports, processes=[])

    def stop(self) -> None:
        """End its processes, the last one first."""
        for process in reversed(self.processes):
            process.stop()

    async def forget(self) -> None:
        """Empty the database, the ledger and the mails, and turn off all faults."""
        with MongoClient[dict[str, Any]](self.environment["DB_URI"]) as client:
            empty(client.get_default_database(), keep={"kinds", "meta"})
        await self.faults()
        outside = f"{self.ports['outside']}/_ledger"
        ledgers = [outside, *(f"{outside}/{name}" for name in MESSENGERS)]
        for address in (*ledgers, f"{self.ports['mail']}/mails"):
            async with self.http.delete(f"http://127.0.0.1:{address}") as response:
                assert response.status == 204

    def token(self, role: str = "admin", subject: str = STAFF) -> str:
        """A Bearer token."""
        return tokens.sign(SECRET, subject, role, timedelta(hours=1))

    async def ask(self, document: str, role: str = "admin", **variables: Any) -> Any:
        """What an operation gives to a GraphQL client."""
        transport = AIOHTTPTransport(
            f"http://127.0.0.1:{self.ports['api']}/graphql",
            headers={"Authorization": f"Bearer {self.token(role)}"},
        )
        async with Client(transport=transport) as session:
            request = GraphQLRequest(document, variable_values=variables)
            return await session.execute(request)

    async def faults(self, **knobs: Any) -> None:
        """Turn the emulator's knobs; without any, it is well again."""
        url = f"http://127.0.0.1:{self.ports['outside']}/_faults"
        async with self.http.put(url, json=knobs) as response:
            assert response.status == 200, await response.text()

    async def ledger(self) -> list[dict[str, Any]]:
        """All that the emulator accepted, oldest first."""
        url = f"http://127.0.0.1:{self.ports['outside']}/_ledger.ndjson"
        async with self.http.get(url) as response:
            return [json.loads(line) async for line in response.content]

    async def mails(self, to: str) -> list[dict[str, Any]]:
        """The mails in the sink for an address."""
        url = f"http://127.0.0.1:{self.ports['mail']}/mails.json"
        async with self.http.get(url, params={"to": to}) as response:
            found: list[dict[str, Any]] = await response.json()
            return found


async def eventually(condition: Callable[[], Awaitable[Any]], seconds: float = PATIENCE) -> Any:
    """What the condition gives as soon as it is true; fails after the limit."""
    async with asyncio.timeout(seconds):
        while not (found := await condition()):
            await asyncio.sleep(0.05)
        return found


async def at_work(worker: Service) -> None:
    """Wait until a worker is ready to deliver."""

    async def started() -> bool:
        return "worker.started" in worker.log.read_text()

    await eventually(started)


def repeats(ledger: list[dict[str, Any]]) -> Counter[int]:
    """How often each id was accepted."""
    return Counter(entry["id"] for entry in ledger)


def moment(seconds: float = 0) -> str:
    """A time from now, as GraphQL has it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def messengers(outside: str) -> dict[str, str]:
    """What sets up the emulated messengers, with a token of its own for each."""
    return {
        **{f"{name.upper()}_TOKEN": token for name, token in MESSENGERS.items()},
        "TELEGRAM_URL": outside,
        "WHATSAPP_URL": f"{outside}/v23.0",
        "WHATSAPP_PHONE_ID": "1",
        "VIBER_URL": outside,
    }


@pytest.fixture(scope="session")
async def standing(
    mongod: Mongod, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """API and emulator, started once for all journeys."""
    ports = {name: free_port() for name in ("api", "outside", "smtp", "mail")}
    environment = {
        **os.environ,
        "DB_URI": mongod.uri(f"journeys_{uuid4().hex}"),
        "REDIS_URL": redis_server.url,
        "JWT_SECRET": SECRET,
        "EMAIL": UNKNOWN,
        "SMTP_PORT": str(ports["smtp"]),
        "SENDING_API_URL": f"http://127.0.0.1:{ports['outside']}",
        "SENDING_API_TOKEN": "the provider's token",
        **messengers(f"http://127.0.0.1:{ports['outside']}"),
        "PUBLIC_URL": f"http://127.0.0.1:{ports['api']}",
        "LEASE_SECONDS": "2",
        "DRAIN_SECONDS": "5",
        "LOG_FORMAT": "json",
    }
    async with aiohttp.ClientSession() as http:
        house = House(tmp_path_factory.mktemp("house"), environment, ports, http)
        arguments = ["outside", "--port", str(ports["outside"])]
        arguments += ["--smtp-port", str(ports["smtp"]), "--mail-port", str(ports["mail"])]
        log = house.folder / "outside.log"
        try:
            house.start(Service("outside", arguments, log, environment, ports["outside"]))
            house.api()
            yield house
        finally:
            house.stop()


@pytest.fixture
async def house(standing: House, redis_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """API and emulator run and hold nothing; a test starts its workers, which end with it."""
    assert all(process.alive for process in standing.processes)
    await standing.forget()
    house = replace(standing.beside(), folder=tmp_path)
    try:
        yield house
    finally:
        house.stop()
