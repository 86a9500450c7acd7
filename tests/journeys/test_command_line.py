"""C6, X3: a mailing is made, followed to its end, and told apart, all from the command line."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from tests.cli.conftest import Ran
from tests.cli.terminal import seen
from tests.journeys.commands import command
from tests.journeys.conftest import House, at_work, eventually


async def test_a_mailing_is_made_followed_and_told_on_the_command_line(
    house: House, tmp_path: Path
) -> None:
    belfry = command(house, tmp_path)
    for number in range(3):
        await belfry.ask("clients", "add", f"7916000000{number}", "--tag", "vip")
    options = ("--name", "News", "--tag", "vip", "--end", "2h", "--idempotency-key", "k")
    start = ("--start", "2026-01-01T00:00:00Z", "--end", "2099-01-01T00:00:00Z")
    said = ("mailings", "create", "--text", "-", *options, *start, "--json")
    made = (await belfry.run(*said, said="Hello")).json
    assert (await belfry.run(*said, said="Hello")).json["id"] == made["id"]
    preview = await belfry.ask("mailings", "preview", "--text", "Hello", *options)
    assert (preview["messages"], preview["samples"][0]["text"]) == (3, "Hello")

    await belfry.ask("mailings", "pause", made["id"])
    watch = asyncio.create_task(belfry.run("watch", "mailing", made["id"], "--json"))
    await at_work(house.worker())
    await belfry.ask("mailings", "resume", made["id"])
    followed: Ran = await watch
    assert followed.code == 0
    events = [json.loads(line) for line in followed.said.splitlines()]
    assert events[-1]["status"] == "FINISHED"
    assert {"status": "SENT", "count": 3} in events[-1]["counts"]["byStatus"]

    told = await belfry.run("watch", "mailing", made["id"])
    assert told.said.splitlines()[-1] == "finished\t3/3\tsent 3"
    last = (await seen(belfry, "watch", "mailing", made["id"])).splitlines()[-1]
    assert re.fullmatch(r"finished ━+ 100% of 3 +sent 3 *", last)
    messages = await belfry.ask("mailings", "messages", made["id"], "--status", "sent")
    assert {each["attempts"][0]["verdict"] for each in messages["nodes"]} == {"ACCEPTED"}
    assert (await belfry.ask("stats", "--mailing", made["id"]))["total"] == 3
    assert (await belfry.ask("mailings", "show", made["id"]))["status"] == "FINISHED"


async def test_attempts_are_told_as_they_are_made(house: House, tmp_path: Path) -> None:
    belfry = command(house, tmp_path)
    await belfry.ask("clients", "add", "79160000001", "--tag", "vip")
    made = await belfry.ask("mailings", "create", "--name", "a", "--text", "b", "--tag", "vip")
    process = await belfry.start("watch", "attempts", made["id"], "--json")
    assert process.stdout is not None
    # The tail has no past: only a message that is tried while it listens is told.
    await house.faults(refuse_rate=1)
    await at_work(house.worker())

    async def tried() -> Any:
        await belfry.run("mailings", "retry", made["id"])
        return await line(process)

    attempt = await eventually(tried)
    process.terminate()
    await process.wait()
    assert json.loads(attempt)["address"] == "79160000001"


async def line(process: asyncio.subprocess.Process) -> bytes | None:
    """A line, if one comes soon."""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(1):
            return await process.stdout.readline()
    except TimeoutError:
        return None
