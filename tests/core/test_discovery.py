"""What a provider says of itself: asked for seldom, kept while it is away, and never believed blindly."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from core import discovery
from core.discovery import Discovery
from core.errors import Unavailable
from tests.issuer import Issuer

ISSUER = "https://id.example.com/town"
SAID = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with Issuer().running() as issuer:
        yield issuer


async def test_it_is_asked_once_however_many_want_to_know(issuer: Issuer) -> None:
    own = Discovery(issuer.url)
    known = await asyncio.gather(*(own.metadata() for _ in range(20)))
    assert known[0].token_endpoint == f"{issuer.url}/token"
    assert await own.metadata() == known[0]
    assert issuer.asked == ["discovery"]


async def test_what_was_heard_holds_while_it_is_away_but_not_for_ever(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, happened: list[str]
) -> None:
    own = Discovery(issuer.url)
    known = await own.metadata()
    issuer.metadata = {"issuer": "https://another.example.com"}
    monkeypatch.setattr(discovery, "REFRESH_SECONDS", 0.0)
    assert await own.metadata() == known
    assert happened == ["oidc.unreachable"]
    monkeypatch.setattr(discovery, "KEEP_SECONDS", 0.0)
    with pytest.raises(Unavailable):
        await own.metadata()
    assert issuer.asked == ["discovery"] * 2, "asked again at once after a failure"


async def test_one_that_is_not_there_at_first_is_found_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(discovery, "COOLDOWN_SECONDS", 0.0)
    issuer = Issuer()
    own = Discovery(issuer.url)
    with pytest.raises(Unavailable):
        await own.metadata()
    async with issuer.running():
        assert (await own.metadata()).issuer == issuer.url


def test_what_is_not_said_follows_from_the_standard() -> None:
    known = discovery.read(orjson.dumps(SAID), ISSUER)
    assert known.algorithms == {"RS256"}
    assert known.secret_goes == discovery.IN_HEADER
    assert known.end_session_endpoint is None
    assert known.names_itself is False


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://id.example.com/village"},
        {"issuer": None},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "http://id.example.com/token"},
        {"token_endpoint": ["https://id.example.com"]},
        {"jwks_uri": "https://"},
        {"end_session_endpoint": f"{ISSUER}/bye\r\nSet-Cookie: a=b"},
        {"end_session_endpoint": f"{ISSUER}/{'x' * 3_000}"},
        {"id_token_signing_alg_values_supported": ["none"]},
        {"id_token_signing_alg_values_supported": "RS256"},
    ],
)
def test_one_that_can_not_be_worked_with_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"its|it signs"):
        discovery.read(orjson.dumps({**SAID, **wrong}), ISSUER)


def test_garbage_is_refused() -> None:
    for raw in (b"", b"[]", b"7", b"<html>"):
        with pytest.raises(ValueError):  # noqa: PT011 - orjson's own words
            discovery.read(raw, ISSUER)
