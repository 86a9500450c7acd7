"""API keys, from their making to their end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bson import ObjectId
from pymongo.database import Database

from core import clock, mongo
from core.errors import InvalidInput, Problem, Unauthenticated, Unavailable
from core.parts import Parts
from models.api_key import ApiKey
from models.registry import prepare
from rules import api_key
from rules.roles import Principal, Role
from services import api_keys
from services.api_keys import Made, NewKey
from tests.services.conftest import Happened

ADMIN = Principal("5f0c3a1b2c3d4e5f6a7b8c90", Role.ADMIN, None)
OPERATOR = Principal("5f0c3a1b2c3d4e5f6a7b8c91", Role.OPERATOR, None)


@pytest.fixture(autouse=True)
def forgotten() -> None:
    api_keys._cache.clear()
    api_keys._used.clear()


async def made(parts: Parts, **said: Any) -> tuple[str, str]:
    """The id and the secret of a new key."""
    usual: dict[str, Any] = {"name": "Shop", "role": Role.SENDER}
    answer = await api_keys.create(parts, ADMIN, NewKey(**{**usual, **said}))
    assert answer.secret is not None
    return str(answer.key.id), answer.secret


async def test_a_key_speaks_in_its_role(parts: Parts) -> None:
    key_id, secret = await made(parts, role=Role.OPERATOR)
    principal = await api_keys.principal_of(secret)
    assert principal == Principal(f"key:{key_id}", Role.OPERATOR, None, key_id)


async def test_nothing_that_is_stored_or_told_holds_the_secret(
    parts: Parts, prepared: Database[dict[str, Any]], happened: Happened
) -> None:
    answer = await api_keys.create(parts, ADMIN, NewKey("Shop", Role.SENDER), "key of repeats")
    assert answer.secret is not None
    random = answer.secret.rpartition("_")[2]
    stored = repr([list(prepared[name].find()) for name in prepared.list_collection_names()])
    assert random not in stored
    assert random not in repr(happened)
    digest = api_key.digest(answer.secret)
    assert digest == answer.key.hash
    assert repr(digest) not in repr(answer.key)
    assert stored.count(repr(digest)) == 1


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        ({"name": " "}, "name", Problem.BLANK),
        ({"name": "x" * 101}, "name", Problem.TOO_LONG),
        ({"role": Role.SUBSCRIBER}, "role", Problem.NOT_ALLOWED_NOW),
        ({"expires_at": clock.now()}, "expiresAt", Problem.INVALID),
    ],
)
async def test_a_wrong_key_is_not_made(
    parts: Parts, said: dict[str, Any], field: str, code: Problem
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await made(parts, **said)
    assert [(error.field, error.code) for error in caught.value.errors] == [(field, code)]
    assert await api_keys.count() == 0


async def test_a_key_cannot_do_more_than_its_maker(parts: Parts) -> None:
    with pytest.raises(InvalidInput, match="role"):
        await api_keys.create(parts, OPERATOR, NewKey("Shop", Role.ADMIN))


async def test_there_are_not_too_many_keys_at_once(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_keys, "MOST_KEYS", 2)
    first, _ = await made(parts)
    await made(parts)
    with pytest.raises(InvalidInput, match="revoke"):
        await made(parts)
    await api_keys.revoke(parts, ADMIN, ObjectId(first))
    await made(parts)


async def test_a_repeat_finds_the_key_but_not_its_secret(parts: Parts) -> None:
    async def once() -> Made:
        return await api_keys.create(parts, ADMIN, NewKey("Shop", Role.SENDER), "once")

    answers = await asyncio.gather(*(once() for _ in range(8)))
    assert len({answer.key.id for answer in answers}) == 1
    (secret,) = [answer.secret for answer in answers if answer.secret is not None]
    await api_keys.principal_of(secret)
    assert await api_keys.count() == 1


async def test_a_secret_that_is_almost_right_opens_nothing(parts: Parts) -> None:
    key_id, secret = await made(parts)
    unknown = api_key.write(ObjectId(), bytes(32))
    of_another = api_key.write(ObjectId(key_id), bytes(32))
    for wrong in (unknown, of_another, secret[:-1], "bk_", f"bk_{key_id}_", secret + "\n"):
        with pytest.raises(Unauthenticated, match="not valid") as caught:
            await api_keys.principal_of(wrong)
        assert wrong not in str(caught.value)


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
    prepared["api_keys"].update_one(
        {"_id": ObjectId(key_id)}, {"$set": {"revoked_at": clock.now()}}
    )
    async with asyncio.timeout(30):
        with pytest.raises(Unauthenticated, match="revoked"):
            await until_refused(secret)


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


async def test_use_is_noted_once_a_minute_and_on_no_request(parts: Parts) -> None:
    key_id, secret = await made(parts)
    start = clock.now()
    with time_machine.travel(start, tick=False) as travel:
        await api_keys.principal_of(secret)
        assert await last_use(key_id) is None
        await api_keys.note_uses()
        assert await last_use(key_id) == start
        for seconds, noted in ((59, start), (1, start + timedelta(minutes=1))):
            travel.shift(seconds)
            api_keys._cache.clear()
            await api_keys.principal_of(secret)
            await api_keys.note_uses()
            assert await last_use(key_id) == noted


async def test_uses_are_noted_by_themselves(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys, "NOTE_SECONDS", 0.01)
    key_id, secret = await made(parts)
    noting = asyncio.create_task(api_keys.record_uses())
    await api_keys.principal_of(secret)
    async with asyncio.timeout(30):
        while await last_use(key_id) is None:
            await asyncio.sleep(0.01)
    noting.cancel()


async def last_use(key_id: str) -> Any:
    key = await ApiKey.get(ObjectId(key_id))
    assert key is not None
    return key.last_used_at


async def test_keys_are_listed_newest_first(parts: Parts) -> None:
    made_ids = [ObjectId((await made(parts))[0]) for _ in range(3)]
    page = await api_keys.page(first=2, after=None)
    assert [key.id for key in page.items] == made_ids[:0:-1]
    assert page.has_next
    rest = await api_keys.page(first=2, after=page.items[-1].id)
    assert [key.id for key in rest.items] == made_ids[:1]


@pytest.fixture
async def nowhere(parts: Parts) -> AsyncIterator[None]:
    """Documents bound to a MongoDB that is away."""
    lost = mongo.connect("mongodb://127.0.0.1:1/lost?serverSelectionTimeoutMS=50")
    bound = ApiKey.get_settings().pymongo_collection
    ApiKey.get_settings().pymongo_collection = mongo.database(lost)["api_keys"]
    yield
    ApiKey.get_settings().pymongo_collection = bound
    await lost.close()
    await prepare(mongo.database(parts.mongo))


@pytest.mark.usefixtures("nowhere")
async def test_without_mongodb_nobody_is_called_a_liar(happened: Happened) -> None:
    with pytest.raises(Unavailable):
        await api_keys.principal_of(api_key.write(ObjectId(), bytes(32)))
    assert [name for name, _ in happened] == ["database.unreachable"]
