"""Whatever breaks while whatever is written: every tab ends with exactly what the database has.

STORM_SEED chooses another storm: `STORM_SEED=7 .venv/bin/python -m pytest tests/journeys/test_bell_chaos.py`.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from bson import ObjectId
from pymongo import MongoClient

from core import tasks
from graph import ids
from local.ports import free_port
from local.redis import Redis
from tests import examples
from tests.journeys.conftest import House, eventually
from tests.journeys.storm import Storm, break_everything
from tests.journeys.tabs import NodeTab, PythonTab, Shown, Tab, shown
from tests.processes import Api

SEED = os.environ.get("STORM_SEED", "1")
LIMITS = (40, 40, 25)
"""NOTIFICATION_LIMIT of each API: one of them has been told of a lower one."""
USERS, TABS_EACH = 4, 3
WRITERS, STEPS = 8, 160
EVENTS = {
    *("NotificationCreated", "NotificationUpdated", "NotificationsRead", "NotificationRetracted"),
    *("NotificationArchived", "NotificationUnarchived", "Resync"),
}


@asynccontextmanager
async def open_tabs(
    tabs: Sequence[Tab], calm: asyncio.Event
) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Run the tabs; none ends by itself."""
    running = [asyncio.create_task(tab.run(calm)) for tab in tabs]
    try:
        yield running
    finally:
        await tasks.end(running)


def stored(house: House, user: str) -> Shown:
    """What the database has of an inbox, without times."""
    with MongoClient[dict[str, Any]](house.environment["DB_URI"]) as client:
        row = client.get_default_database().users.find_one({"_id": ObjectId(user)})
    assert row is not None
    items = sorted(row["inbox"], key=lambda item: -item["seq"])
    told: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    for item in items:
        told[item.get("archived", False)].append(
            {
                "id": ids.opaque("Notification", user, item["id"]),
                "seq": item["seq"],
                "isNew": item["new"],
                "data": item["data"],
            }
        )
    unread = sum(item["new"] for item in items)
    assert unread == row["unread"]
    return {"seq": row["seq"], "unread": unread, "shown": told[False], "archived": told[True]}


async def loaded(program: ModuleType, house: House, user: str) -> Shown:
    """What somebody sees who comes now."""
    address = f"127.0.0.1:{house.ports['api']}"
    bell = program.Bell(address, lambda: house.token("subscriber", user), user)
    await bell.load()
    return shown(bell)


def bare(state: Shown) -> Shown:
    """The part of what is shown that can be compared with what is stored."""

    def part(one: dict[str, Any]) -> dict[str, Any]:
        # As services/content.py packs it.
        packed = f'{{"text":{one["data"]["text"]!r}}}'
        return {name: one[name] for name in ("id", "seq", "isNew")} | {"data": packed}

    lists = {name: [part(one) for one in state[name]] for name in ("shown", "archived")}
    return {**state, **lists}


@pytest.mark.usefixtures("short_transactions")
async def test_every_tab_ends_with_what_the_database_has(house: House, tmp_path: Path) -> None:
    redis = Redis(tmp_path / "redis", free_port())
    redis.start()
    unlimited = {"RATE_LIMIT_PER_MINUTE": "0", "RATE_LIMIT_SUBSCRIBER_PER_MINUTE": "0"}
    house.environment |= {"REDIS_URL": redis.url, **unlimited}
    apis: dict[int, Api] = {}
    for limit in LIMITS:
        house.environment["NOTIFICATION_LIMIT"] = str(limit)
        port = free_port()
        apis[port] = house.api(port)
    try:
        await survive(house, apis, redis, tmp_path)
    finally:
        redis.stop()


async def survive(house: House, apis: dict[int, Api], redis: Redis, folder: Path) -> None:
    """The storm itself, and what is left after it."""
    ports = list(apis)
    users = [str(ObjectId()) for _ in range(USERS)]
    program, script = examples.python("bell.md", folder), examples.javascript("bell.md", folder)
    tabs: list[Tab] = [
        PythonTab(program, house, user, ports, f"{SEED}:{user_number}:{number}")
        for user_number, user in enumerate(users)
        for number in range(TABS_EACH)
    ]
    tabs += [NodeTab(script, house, user, ports) for user in users[:2]]
    storm, calm = Storm(house, users, ports, SEED), asyncio.Event()
    async with open_tabs(tabs, calm) as running:
        await asyncio.gather(
            storm.write(WRITERS, STEPS), break_everything(list(apis.values()), redis, SEED)
        )
        calm.set()
        for user in users:
            truth = await loaded(program, house, user)
            assert bare(truth) == stored(house, user)

            async def all_show_it(user: str = user, truth: Shown = truth) -> bool:
                for one in running:
                    if one.done():
                        one.result()
                return all(tab.shows() == truth for tab in tabs if tab.user == user)

            await eventually(all_show_it)
    assert all(tab.is_in_order() for tab in tabs)
    assert storm.strange == []
    told = [event for tab in tabs if isinstance(tab, PythonTab) for event in tab.told]
    assert {event["__typename"] for event in told} == EVENTS
    assert {event["replayed"] for event in told} == {True, False}
    assert sum(stored(house, user)["seq"] for user in users) > 1_000
