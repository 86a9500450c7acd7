"""The patrol for streams whose API keys have ended."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from bson import ObjectId

from core import clock, mongo
from core.parts import Parts, open_parts
from core.settings import load
from core.tasks import end
from core.tokens import LEEWAY
from graph.streams import Streams
from models.api_key import ApiKey
from models.registry import prepare
from rules.roles import Principal, Role
from services import api_keys
from services.api_keys import NewKey
from tests.graph.conftest import PATIENCE

ADMIN = Principal(str(ObjectId()), Role.ADMIN, None)


@pytest.fixture
async def parts(database_uri: str, redis_url: str) -> AsyncIterator[Parts]:
    settings = load(_env_file=None, db_uri=database_uri, redis_url=redis_url)
    async with open_parts(settings) as parts:
        await prepare(mongo.database(parts.mongo))
        yield parts


async def test_what_has_a_grace_outlasts_its_token_but_not_for_ever() -> None:
    over = clock.now() - LEEWAY - timedelta(hours=1)
    somebody = Principal("ann", Role.OPERATOR, over)
    ended, goes_on = asyncio.Event(), asyncio.Event()
    with (
        Streams(grace_seconds=3_601).entered(somebody, ended.set),
        Streams(grace_seconds=7_200).entered(somebody, goes_on.set),
    ):
        async with asyncio.timeout(PATIENCE):
            await ended.wait()
        assert not goes_on.is_set()


async def test_a_key_whose_end_was_told_to_nobody_ends_its_stream_however_much_is_told(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.streams.PATROL_SECONDS", 0.3)
    made = await api_keys.create(parts, ADMIN, NewKey("Shop", Role.SENDER))
    assert made.secret is not None
    streams, ended = Streams(), asyncio.Event()
    patrol = asyncio.create_task(streams.watch_keys(parts))
    with streams.entered(await api_keys.principal_of(made.secret), ended.set):
        found = ApiKey.find({"_id": made.key.id})
        await found.update({"$set": {"revoked_at": clock.now()}})
        async with asyncio.timeout(PATIENCE):
            while not ended.is_set():
                parts.wakeups.publish(api_keys.REVOKED, str(ObjectId()).encode())
                await asyncio.sleep(0.02)
    await end([patrol])
