"""A whole Belfry of real processes, and a user's ways to it: HTTP, sockets, mails, the ledger."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport

from core import tokens
from local.ports import free_port
from local.processes import Api, Service

SECRET = "a secret of the journeys, longer than it must be"
STAFF = "5f0c3a1b2c3d4e5f6a7b8c99"
PATIENCE = 60.0


@dataclass
class House:
    """The processes by name, each with its log, and what they are told by their environment."""

    folder: Path
    environment: dict[str, str]
    ports: dict[str, int]
    http: aiohttp.ClientSession
    processes: list[Service] = field(default_factory=list)

    def start(self, process: Service) -> Service:
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

    def token(self, role: str = "admin", subject: str = STAFF) -> str:
        """A Bearer token."""
        return tokens.sign(SECRET, subject, role, timedelta(hours=1))

    async def ask(self, document: str, role: str = "admin", **variables: Any) -> dict[str, Any]:
        """What an operation gives to a GraphQL client."""
        transport = AIOHTTPTransport(
            f"http://127.0.0.1:{self.ports['api']}/graphql",
            headers={"Authorization": f"Bearer {self.token(role)}"},
        )
        async with Client(transport=transport) as session:
            request = GraphQLRequest(document, variable_values=variables)
            answer: dict[str, Any] = await session.execute(request)
            return answer

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


def repeats(ledger: list[dict[str, Any]]) -> Counter[int]:
    """How often each id was accepted."""
    return Counter(entry["id"] for entry in ledger)


def moment(seconds: float = 0) -> str:
    """A time from now, as GraphQL has it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@pytest.fixture
async def house(database_uri: str, redis_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """API and emulator are running; a test starts its workers itself."""
    ports = {name: free_port() for name in ("api", "outside", "smtp", "mail")}
    environment = {
        **os.environ,
        "DB_URI": database_uri,
        "REDIS_URL": redis_url,
        "JWT_SECRET": SECRET,
        "SMTP_PORT": str(ports["smtp"]),
        "SENDING_API_URL": f"http://127.0.0.1:{ports['outside']}",
        "SENDING_API_TOKEN": "the provider's token",
        "LEASE_SECONDS": "2",
        "DRAIN_SECONDS": "5",
        "LOG_FORMAT": "json",
    }
    async with aiohttp.ClientSession() as http:
        house = House(tmp_path, environment, ports, http)
        arguments = ["outside", "--port", str(ports["outside"])]
        arguments += ["--smtp-port", str(ports["smtp"]), "--mail-port", str(ports["mail"])]
        outside = Service(
            "outside", arguments, tmp_path / "outside.log", environment, ports["outside"]
        )
        try:
            house.start(outside)
            house.api()
            yield house
        finally:
            for process in reversed(house.processes):
                process.stop()
