"""The emulator as a process: it ends in order, and what it has accepted survives a kill."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import aiosmtplib
import pytest

from local.ports import free_port

TOKEN = "token-of-the-test"
PATIENCE = 30.0
ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def running(*arguments: object) -> AsyncIterator[asyncio.subprocess.Process]:
    """`run` with these arguments in a process of its own, as soon as it answers."""
    code = f"from pathlib import *; from local.outside import run; run{arguments!r}"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=ROOT)
    try:
        async with asyncio.timeout(PATIENCE):
            await until_it_answers(f"http://127.0.0.1:{arguments[1]}/_faults", process)
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def until_it_answers(address: str, process: asyncio.subprocess.Process) -> None:
    async with aiohttp.ClientSession() as client:
        while process.returncode is None:
            with suppress(aiohttp.ClientConnectorError):
                async with client.get(address) as answer:
                    assert answer.status == 200
                    return
            await asyncio.sleep(0.02)
    raise AssertionError("the emulator ended by itself")


async def test_mails_have_a_ledger_of_their_own_beside_the_other(tmp_path: Path) -> None:
    port, smtp_port = free_port(), free_port()
    async with running("127.0.0.1", port, "", tmp_path / "ledger.ndjson", smtp_port, None):
        await aiosmtplib.send(
            b"Message-ID: <0c9d-1@example.com>\r\n\r\nHello\r\n",
            sender="belfry@example.com",
            recipients=["ada@example.org"],
            hostname="127.0.0.1",
            port=smtp_port,
        )
    entry = json.loads((tmp_path / "mail-ledger.ndjson").read_text())
    assert (entry["id"], entry["address"]) == ("0c9d-1", "ada@example.org")
    assert (tmp_path / "ledger.ndjson").read_text() == ""


async def test_what_was_accepted_survives_a_kill(tmp_path: Path) -> None:
    ledger, port = tmp_path / "ledger.ndjson", free_port()
    address = f"http://127.0.0.1:{port}"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for turn in (1, 2):
        arguments = ("127.0.0.1", port, TOKEN, ledger, None, None)
        async with running(*arguments) as process:
            async with aiohttp.ClientSession(address, headers=headers) as client:
                message = {"id": 7, "phone": 79001234567, "text": "Hello"}
                async with client.post("/v1/send/7", json=message) as answer:
                    assert answer.status == 200
            process.send_signal(signal.SIGKILL)
            await process.wait()
        entries = [json.loads(line) for line in ledger.read_text().splitlines()]
        assert [entry["repeat"] for entry in entries] == list(range(1, turn + 1))


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
async def test_all_parts_run_together_and_end_in_order(ending: signal.Signals) -> None:
    port, smtp_port, mail_port = (free_port() for _ in range(3))
    async with running("127.0.0.1", port, "", None, smtp_port, mail_port) as process:
        await aiosmtplib.send(
            b"Subject: A bell\r\n\r\nHello\r\n",
            sender="belfry@example.com",
            recipients=["ada@example.org"],
            hostname="127.0.0.1",
            port=smtp_port,
        )
        async with (
            aiohttp.ClientSession(f"http://127.0.0.1:{mail_port}") as client,
            client.get("/mails.json") as answer,
        ):
            (mail,) = await answer.json()
        assert (mail["to"], mail["text"]) == (["ada@example.org"], "Hello\n")
        process.send_signal(ending)
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0
