"""The command `belfry` in processes of its own, against a real API."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from pymongo import MongoClient

from local.mongod import Mongod
from local.ports import free_port
from local.processes import COMMAND
from local.redis import Redis
from tests.graph.conftest import environment, token
from tests.processes import Api

PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a command."""

    code: int | None
    said: str
    complaint: str

    @property
    def json(self) -> Any:
        """The one document that it said."""
        return json.loads(self.said)


@dataclass(frozen=True, slots=True)
class Belfry:
    """The command with its environment: an address and a token, in an empty folder."""

    folder: Path
    environment: dict[str, str]
    program: tuple[str | Path, ...] = (sys.executable, COMMAND)

    async def start(self, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
        """The command under way, with pipes to it."""
        return await self.on(asyncio.subprocess.PIPE, *arguments, **environment)

    async def on(
        self, output: int, *arguments: str, **environment: str
    ) -> asyncio.subprocess.Process:
        """The command under way, with an open file or a pipe for what it says."""
        return await asyncio.create_subprocess_exec(
            *self.program,
            *arguments,
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
        )

    async def run(self, *arguments: str, said: str = "", **environment: str) -> Ran:
        """The command's end."""
        process = await self.start(*arguments, **environment)
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate(said.encode())
        return Ran(process.returncode, out.decode(), err.decode())

    async def ask(self, *arguments: str) -> Any:
        """What a command that succeeds says in JSON."""
        ran = await self.run(*arguments, "--json")
        assert (ran.code, ran.complaint) == (0, "")
        return ran.json


def of(api: Api, folder: Path, role: str = "admin") -> Belfry:
    """The command for an API."""
    told = {"BELFRY_URL": api.address, "BELFRY_TOKEN": token(role), "TZ": "Asia/Yekaterinburg"}
    return Belfry(folder, {"PATH": os.environ["PATH"], **told})


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Ctrl-C reaches our commands also where the tests run in the background of a shell."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
async def shared_api(
    mongod: Mongod, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    port, name = free_port(), f"cli_{ObjectId()}"
    log = tmp_path_factory.mktemp("cli") / "api.log"
    api = Api(log, environment(mongod.uri(name), redis_server.url, port), port)
    api.start()
    yield api
    assert api.stop(30)
    with MongoClient[dict[str, Any]](mongod.uri(name)) as client:
        client.drop_database(name)


@pytest.fixture
def belfry(shared_api: Api, tmp_path: Path) -> Belfry:
    """The command as an admin's, for an API that the tests share."""
    return of(shared_api, tmp_path)


@pytest.fixture
def user() -> str:
    """A user that no other test knows."""
    return str(ObjectId())
