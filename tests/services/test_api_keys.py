"""API keys, from their making to their end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bson import ObjectId
from pymongo.database import Database
from pymongo.errors import PyMongoError

from core import clock, mongo
from core.errors import InvalidInput, Problem, Unauthenticated, Unavailable
from core.parts import Parts
from models.api_key import ApiKey
from models.registry import prepare
from rules import api_key
from rules.roles import Principal, Role
from services import api_keys
from services.api_keys import Made, NewKey
from tests.services import keys
from tests.services.conftest import Happened
from tests.services.keys import ADMIN, OPERATOR, made


@pytest.fixture(autouse=True)
def forgotten() -> None:
    keys.forget_all()


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


async def test_keys_that_have_expired_make_room(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_keys, "MOST_KEYS", 2)
    end = clock.now() + timedelta(hours=1)
    for _ in range(2):
        await made(parts, expires_at=end)
    with pytest.raises(InvalidInput, match="revoke"):
        await made(parts)
    with time_machine.travel(end, tick=False):
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


@pytest.mark.usefixtures("nowhere")
async def test_uses_that_could_not_be_noted_are_noted_later() -> None:
    early, late = clock.now(), clock.now() + timedelta(seconds=1)
    one, two = ObjectId(), ObjectId()
    api_keys._used.update({one: early, two: early})
    noting = asyncio.create_task(api_keys.note_uses())
    await asyncio.sleep(0)
    api_keys._used[two] = late
    with pytest.raises(PyMongoError):
        await noting
    assert api_keys._used == {one: early, two: late}
