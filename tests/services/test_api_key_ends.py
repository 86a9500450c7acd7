"""The end of API keys: in the process that revokes them, and in those that hear of it or don't."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bson import ObjectId
from pymongo.database import Database

from core import clock
from core.errors import InvalidInput, Unauthenticated
from core.parts import Parts
from models.api_key import ApiKey
from services import api_keys
from tests.services import keys
from tests.services.conftest import Happened
from tests.services.keys import ADMIN, OPERATOR, made


@pytest.fixture(autouse=True)
def forgotten() -> None:
    keys.forget_all()


async def test_a_revoked_key_opens_nothing_and_every_process_hears_of_it(
    parts: Parts, other: Parts
) -> None:
    key_id, secret = await made(parts)
    await api_keys.principal_of(secret)
    async with other.wakeups.listen(api_keys.REVOKED) as waiter:
        await api_keys.revoke(parts, OPERATOR, ObjectId(key_id))
        async with asyncio.timeout(30):
            assert await waiter.take() in ([key_id.encode()], None)
    with pytest.raises(Unauthenticated, match="revoked"):
        await api_keys.principal_of(secret)
    key = await ApiKey.get(ObjectId(key_id))
    assert key is not None
    assert key.revoked_by == OPERATOR.subject


async def test_a_repeat_of_a_revocation_changes_nothing(parts: Parts, happened: Happened) -> None:
    key_id, _ = await made(parts)
    first = await api_keys.revoke(parts, ADMIN, ObjectId(key_id))
    assert await api_keys.revoke(parts, OPERATOR, ObjectId(key_id)) == first
    assert [name for name, _ in happened].count("api_key.revoked") == 1
    with pytest.raises(InvalidInput, match="no such API key"):
        await api_keys.revoke(parts, ADMIN, ObjectId())


async def test_a_key_is_known_no_longer_than_a_second(
    parts: Parts, prepared: Database[dict[str, Any]]
) -> None:
    """As in another process that hears of no revocation, with Redis away."""
    key_id, secret = await made(parts)
    await api_keys.principal_of(secret)
    revoke_elsewhere(prepared, key_id)
    async with asyncio.timeout(30):
        with pytest.raises(Unauthenticated, match="revoked"):
            await until_refused(secret)


@pytest.mark.parametrize("hears", ["topic", "patrol"])
async def test_a_process_that_hears_of_a_revocation_asks_again_at_once(
    parts: Parts, prepared: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, hears: str
) -> None:
    monkeypatch.setattr(api_keys, "CACHE_SECONDS", 3_600)
    (key_id, secret), (_, other) = await made(parts), await made(parts)
    await api_keys.principal_of(secret)
    await api_keys.principal_of(other)
    revoke_elsewhere(prepared, key_id)
    await api_keys.principal_of(secret)
    if hears == "topic":
        api_keys.forget([key_id, "no id"])
    else:
        await api_keys.still_good([key_id])
    with pytest.raises(Unauthenticated, match="revoked"):
        await api_keys.principal_of(secret)
    await api_keys.principal_of(other)


async def test_a_key_revoked_while_it_is_read_is_not_taken_for_good(
    parts: Parts, prepared: Database[dict[str, Any]]
) -> None:
    """What was read may be older than what was heard meanwhile."""
    key_id, secret = await made(parts)
    stale, read = await ApiKey.get(ObjectId(key_id)), ApiKey.get

    async def slowly(_: ObjectId) -> ApiKey | None:
        monkeypatch.setattr(ApiKey, "get", read)
        revoke_elsewhere(prepared, key_id)
        api_keys.forget([key_id])
        return stale

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(ApiKey, "get", slowly)
        with pytest.raises(Unauthenticated, match="revoked"):
            await api_keys.principal_of(secret)


async def test_few_forgotten_keys_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(api_keys, "CACHE_BOUND", 3)
    for _ in range(10):
        api_keys.forget([str(ObjectId())])
    assert len(api_keys._forgotten) <= 3


def revoke_elsewhere(prepared: Database[dict[str, Any]], key_id: str) -> None:
    """As another process does, of which this one has not heard."""
    change = {"$set": {"revoked_at": clock.now()}}
    prepared["api_keys"].update_one({"_id": ObjectId(key_id)}, change)


async def until_refused(secret: str) -> None:
    while True:
        await api_keys.principal_of(secret)
        await asyncio.sleep(0.01)


async def test_a_key_ends_at_its_time(parts: Parts) -> None:
    end = clock.now() + timedelta(hours=1)
    key_id, secret = await made(parts, expires_at=end)
    assert (await api_keys.principal_of(secret)).expires_at == end
    with time_machine.travel(end, tick=False):
        with pytest.raises(Unauthenticated, match="expired"):
            await api_keys.principal_of(secret)
        assert await api_keys.still_good([key_id]) == set()


async def test_the_good_ones_of_some_keys_are_told(parts: Parts) -> None:
    (good, _), (bad, _) = await made(parts), await made(parts)
    await api_keys.revoke(parts, ADMIN, ObjectId(bad))
    assert await api_keys.still_good([good, bad, str(ObjectId())]) == {good}
    assert await api_keys.still_good([]) == set()
