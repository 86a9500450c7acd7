"""An identity provider that turns its keys over, fails, and goes away."""

import asyncio
import json
from contextlib import suppress

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from core import jwks, tasks
from core.errors import Unauthenticated, Unavailable
from core.tokens import Verifier
from tests.provider import Fault, Provider, signer, verifier

KEY = signer("one")


@pytest.mark.usefixtures("unbound")
async def test_new_keys_are_learned_and_old_ones_forgotten(provider: Provider) -> None:
    tokens = verifier(provider)
    for number in range(5):
        key = signer(f"key {number}")
        provider.keys = [key.jwk()]
        await tokens.verify(key.sign())
    assert provider.asked == 5


@pytest.mark.usefixtures("unbound")
async def test_a_remembered_token_is_refused_once_its_key_is_taken_back(
    provider: Provider,
) -> None:
    old, new = signer("old"), signer("new")
    provider.keys = [old.jwk()]
    tokens, token = verifier(provider), old.sign()
    await tokens.verify(token)
    provider.keys = [new.jwk()]
    await tokens.verify(new.sign())
    with pytest.raises(Unauthenticated, match="no key"):
        await tokens.verify(token)


@pytest.mark.usefixtures("unbound")
async def test_another_key_under_the_same_kid_takes_its_place(provider: Provider) -> None:
    old, new = signer("same"), signer("same")
    provider.keys = [old.jwk()]
    tokens, token = verifier(provider), old.sign()
    await tokens.verify(token)
    provider.keys = [new.jwk()]
    with pytest.raises(Unauthenticated):
        await tokens.verify(signer("unknown").sign())
    await tokens.verify(new.sign())
    with pytest.raises(Unauthenticated, match="not valid"):
        await tokens.verify(token)


async def test_a_flood_of_made_up_kids_asks_the_provider_once(provider: Provider) -> None:
    key = signer("one")
    provider.keys = [key.jwk()]
    tokens = verifier(provider)
    flood = [tokens.verify(key.sign({"kid": f"made up {number}"})) for number in range(500)]
    answers = await asyncio.gather(*flood, return_exceptions=True)
    assert {type(answer) for answer in answers} == {Unauthenticated}
    assert provider.asked == 1
    for number in range(100):
        with pytest.raises(Unauthenticated):
            await tokens.verify(key.sign({"kid": f"another {number}"}))
    assert provider.asked == 1
    await tokens.verify(key.sign())


async def slow(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(3_600)
    return web.Response()


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b'{"keys": [' + b" " * 65_536)


async def elsewhere(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("http://127.0.0.1:1/keys")


def saying(body: bytes, status: int = 200, encoding: str = "identity") -> Fault:
    async def say(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers={"Content-Encoding": encoding})

    return say


FAULTS: dict[str, Fault] = {
    "slow": slow,
    "endless": endless,
    "elsewhere": elsewhere,
    "no JSON": saying(b"<html>"),
    "bad UTF-8": saying(b"\xff"),
    "deep": saying(b"[" * 100_000),
    "no object": saying(b"[]"),
    "no set": saying(b'{"keys": {}}'),
    "no keys": saying(b'{"keys": []}'),
    "error": saying(b"{}", 500),
    "not there": saying(b"{}", 404),
    "compressed": saying(b"\x1f\x8b\x08", encoding="gzip"),
}


@pytest.mark.usefixtures("unbound")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_a_provider_that_fails_at_the_start_is_asked_again(
    provider: Provider, fault: Fault, monkeypatch: pytest.MonkeyPatch, happened: list[str]
) -> None:
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 0.5)
    key = signer("one")
    provider.keys, provider.fault = [key.jwk()], fault
    tokens = verifier(provider)
    with pytest.raises(Unavailable):
        await tokens.verify(key.sign())
    assert happened == ["jwks.unreachable"]
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 30.0)
    provider.fault = None
    await tokens.verify(key.sign())
    assert happened == ["jwks.unreachable", "jwks.changed"]


@pytest.mark.usefixtures("unbound")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_known_keys_hold_while_the_provider_fails(
    provider: Provider, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = signer("one")
    provider.keys = [key.jwk()]
    tokens = verifier(provider)
    await tokens.verify(key.sign())
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 0.5)
    provider.fault = fault
    with pytest.raises(Unavailable):
        await tokens.verify(signer("new").sign())
    await tokens.verify(key.sign(role="sender"))


async def test_keys_hold_only_so_long_while_the_provider_is_away() -> None:
    key, provider = signer("one"), Provider()
    provider.keys = [key.jwk()]
    tokens, token = verifier(provider, keep_seconds=0.5), key.sign()
    async with provider.running():
        await tokens.verify(token)
    async with asyncio.timeout(30):
        with pytest.raises(Unavailable):
            await refused(tokens, token)


async def test_a_provider_that_is_away_at_the_start_is_found_by_itself(
    monkeypatch: pytest.MonkeyPatch, happened: list[str]
) -> None:
    monkeypatch.setattr(jwks, "COOLDOWN_SECONDS", 0.05)
    key, provider = signer("one"), Provider()
    provider.keys = [key.jwk()]
    keys = jwks.Keys(provider.url, 3_600, 3_600)
    running = asyncio.create_task(keys.run())
    async with asyncio.timeout(30):
        while happened.count("jwks.unreachable") < 3:
            await asyncio.sleep(0.01)
        async with provider.running():
            while "jwks.changed" not in happened:
                await asyncio.sleep(0.01)
    await Verifier("", keys).verify(key.sign())
    await tasks.end([running])


async def test_keys_are_read_again_by_age(provider: Provider) -> None:
    old, new = signer("old"), signer("new")
    provider.keys = [old.jwk()]
    keys = jwks.Keys(provider.url, 0.05, 3_600)
    running, tokens, token = asyncio.create_task(keys.run()), Verifier("", keys), old.sign()
    await tokens.verify(token)
    provider.keys = [new.jwk()]
    async with asyncio.timeout(30):
        with pytest.raises(Unauthenticated):
            await refused(tokens, token)
    await tasks.end([running])


DEEP = b'{"keys":[{"kty":"RSA","a":' + b"[" * 300 + b"]" * 300 + b"}]}"


async def test_a_key_set_nested_too_deep_is_not_the_last_one_read(provider: Provider) -> None:
    old, new = signer("old"), signer("new")
    provider.keys = [old.jwk()]
    keys = jwks.Keys(provider.url, 0.05, 3_600)
    running, tokens, token = asyncio.create_task(keys.run()), Verifier("", keys), old.sign()
    await tokens.verify(token)
    provider.fault, asked = saying(DEEP), provider.asked
    async with asyncio.timeout(30):
        while provider.asked < asked + 1:
            await asyncio.sleep(0.01)
        await tokens.verify(token)
        provider.keys, provider.fault = [new.jwk()], None
        with pytest.raises(Unauthenticated):
            await refused(tokens, token)
    await tasks.end([running])


def nested(pair: str, deep: int) -> str:
    return '{"a":' * deep + "1" + "}" * deep if pair == "{}" else "[" * deep + "]" * deep


PIECES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.just(KEY.jwk())
)
NAMES = st.sampled_from(["keys", "kty", "crv", "x", "y", "n", "e", "kid", "alg", "use", "key_ops"])
SETS = st.recursive(PIECES, lambda of: st.lists(of) | st.dictionaries(NAMES, of)).map(json.dumps)
NESTED = st.builds(
    lambda name, value: f'{{"keys":[{{"kty":"EC","crv":"P-256","{name}":{value}}}]}}',
    NAMES,
    st.builds(nested, st.sampled_from(["[]", "{}"]), st.integers(1, 1_100)),
)
GARBAGE = st.binary() | SETS.map(str.encode) | NESTED.map(str.encode)


@settings(deadline=None, max_examples=50)
@given(GARBAGE, st.sampled_from([200, 200, 500]))
def test_no_garbage_is_the_last_thing_heard(garbage: bytes, status: int) -> None:
    """It is asked again after any answer, and a token meets nothing but a clear refusal."""

    async def check() -> None:
        async with Provider().running() as provider:
            tokens = Verifier("", jwks.Keys(provider.url, 3_600, 3_600))
            provider.fault = saying(garbage, status)
            with suppress(Unauthenticated, Unavailable):
                await tokens.verify(KEY.sign())
            new = signer("new")
            provider.keys, provider.fault = [new.jwk()], None
            await tokens.verify(new.sign())

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(jwks, "COOLDOWN_SECONDS", 0.0)
        asyncio.run(check())


async def refused(tokens: Verifier, token: str) -> None:
    """Raise what the token is refused with, some time."""
    while True:
        await tokens.verify(token)
        await asyncio.sleep(0.01)
