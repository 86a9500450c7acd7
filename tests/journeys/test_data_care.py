"""A person asks what is held about it, and then to be forgotten; the numbers stay (T6, X8)."""

import json
from pathlib import Path

from bson import ObjectId

from tests.journeys.commands import command
from tests.journeys.conftest import House, eventually
from tests.journeys.subscribers import Bell
from tests.journeys.test_mailing import finished, mail

PHONE = "79165550001"


async def test_a_client_and_a_user_are_told_all_and_then_forgotten(
    house: House, tmp_path: Path
) -> None:
    belfry = command(house, tmp_path)
    client = (await belfry.ask("clients", "add", PHONE))["id"]
    worker = house.worker()
    mailing = await mail(house)
    assert await finished(house, mailing) == {"total": 1, "sent": 1}

    told = await belfry.run("export", "client", client, "--format", "ndjson")
    rows = [json.loads(line) for line in told.said.splitlines()]
    assert [row["kind"] for row in rows] == ["client", "message", "attempt", "action"]
    assert PHONE in str(rows[1]["data"]["address"])

    assert (await belfry.run("clients", "erase", client)).code != 0, "without --yes nothing goes"

    async def forgotten() -> bool:
        erased = await belfry.ask("clients", "erase", client, "--yes")
        return (erased["done"], erased["messages"]) == (True, 1)

    await eventually(forgotten)  # on a slow machine not at once
    assert await finished(house, mailing) == {"total": 1, "sent": 1}
    shown = await house.ask(
        "query ($id: ID!) { mailing(id: $id) { messages { nodes { address status } } } }",
        id=mailing,
    )
    assert shown["mailing"]["messages"]["nodes"] == [{"address": "", "status": "SENT"}]

    user = str(ObjectId())
    await belfry.ask("notify", user, "new_post")
    bell = Bell(house, user)
    async with bell.listening(house.ports["api"]):

        async def heard() -> bool:
            await belfry.ask("notify", user, "new_post")
            return bool(bell.events)

        await eventually(heard)
        await belfry.ask("users", "erase", user, "--yes")

        async def resynchronised() -> bool:
            return bool(bell.events[-1]["__typename"] == "Resync")

        await eventually(resynchronised)
    inbox = await house.ask("query ($id: ID!) { inbox(userId: $id) { total unread } }", id=user)
    assert inbox["inbox"] == {"total": 0, "unread": 0}
    assert worker.alive
