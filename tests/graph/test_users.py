"""An API that dies with the inboxes of many users in one commit."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from bson import ObjectId

from local.mongod import Mongod
from local.ports import free_port
from tests.graph.conftest import Edge, environment, token
from tests.processes import Api
from tests.waiting import until

CREATE = """mutation ($id: ID!) { createNotification(input: {userId: $id, key: "new_post"}) {
    notification { seq } unread errors { code } } }"""
ONCE = {"notification": {"seq": 1}, "unread": 1, "errors": []}
HEADERS = {"Authorization": f"Bearer {token('admin')}"}


@pytest.fixture
async def doomed(edge: Edge, mongod: Mongod, redis_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """Another API on the same database, which dies in its first commit of several users."""
    port = free_port()
    env = environment(mongod.uri(edge.database.name), redis_url, port)
    plan = {"BELFRY_TESTING": "1", "BELFRY_FAIL_AT": "users.together"}
    api = Api(tmp_path / "doomed.log", {**env, **plan}, port)
    api.start()
    yield api
    api.stop()


@pytest.mark.usefixtures("long_transactions")
async def test_an_api_that_dies_in_a_commit_stores_nothing_and_soon_holds_nothing(
    edge: Edge, doomed: Api
) -> None:
    users = [str(ObjectId()) for _ in range(24)]
    async with aiohttp.ClientSession(doomed.address, headers=HEADERS) as http:
        said = [{"query": CREATE, "variables": {"id": user}} for user in users]
        asked = (http.post("/graphql", json=body) for body in said)
        told = await asyncio.gather(*asked, return_exceptions=True)
    await asyncio.to_thread(until, lambda: not doomed.alive)
    assert doomed.code == -signal.SIGKILL
    assert any(isinstance(one, aiohttp.ClientError) for one in told)
    stored = {str(row["_id"]) for row in edge.database.users.find({"seq": 1})} & set(users)
    lost = [user for user in users if user not in stored]
    assert len(lost) > 1
    # Long before MongoDB would let them go by itself.
    async with asyncio.timeout(60):
        made: list[Any] = await asyncio.gather(*(edge.data(CREATE, {"id": user}) for user in lost))
    assert [one["createNotification"] for one in made] == [ONCE] * len(lost)
