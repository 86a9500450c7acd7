"""What an OpenID Connect provider says of itself (OpenID Connect Discovery 1.0), asked for seldom."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson

from core import events, jwks
from core.errors import Unavailable

WELL_KNOWN = "/.well-known/openid-configuration"
REFRESH_SECONDS = 300.0
KEEP_SECONDS = 3_600.0
"""How long what was heard holds while the provider does not answer."""
COOLDOWN_SECONDS = 5.0
"""Least time between a failure and the next request."""
LONGEST_URL = 2_000
"""Characters."""
IN_BODY, IN_HEADER = "client_secret_post", "client_secret_basic"


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where the provider does what, and how."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None
    algorithms: frozenset[str]
    """That ID tokens may be signed by; public keys only."""
    secret_goes: str
    """How the client shows its secret."""
    names_itself: bool
    """Whether it says who it is when it sends people back (RFC 9207)."""


class Discovery:
    """The provider's metadata as last heard."""

    def __init__(self, url: str) -> None:
        """By the issuer, or by the URL of the document itself."""
        self._issuer = url.removesuffix(WELL_KNOWN).rstrip("/")
        self._known: Metadata | None = None
        self._heard_at = float("-inf")
        self._failed_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    async def metadata(self) -> Metadata:
        """What holds now; raises Unavailable while the provider is away and nothing does."""
        if time.monotonic() - self._heard_at >= REFRESH_SECONDS and self._may_ask():
            await self._ask()
        if self._known is None or time.monotonic() - self._heard_at >= KEEP_SECONDS:
            raise Unavailable("the identity provider does not answer; try again shortly")
        return self._known

    def _may_ask(self) -> bool:
        rested = time.monotonic() - self._failed_at >= COOLDOWN_SECONDS
        return rested or self._asking is not None

    async def _ask(self) -> None:
        """Ask once, however many wait for the answer; one that gives up stops no other."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._hear())
        await asyncio.shield(self._asking)

    async def _hear(self) -> None:
        try:
            said = await jwks.fetch(self._issuer + WELL_KNOWN, "application/json")
            self._known, self._heard_at = read(said, self._issuer), time.monotonic()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            self._failed_at = time.monotonic()
            reason = (str(error) or type(error).__name__)[: jwks.LONGEST_ERROR]
            events.emit("oidc.unreachable", host=urlsplit(self._issuer).hostname, error=reason)
        finally:
            self._asking = None


def read(raw: bytes, issuer: str) -> Metadata:
    """The metadata of this issuer; raises ValueError where they can't be worked with."""
    said = orjson.loads(raw)
    if not isinstance(said, dict):
        raise ValueError("its discovery document is no object")  # noqa: TRY004 - of an answer
    own = said.get("issuer")
    # Exactly, but for a slash that people leave out (section 4.3).
    if not isinstance(own, str) or own.rstrip("/") != issuer:
        raise ValueError("its discovery document names another issuer; set OIDC_URL to that one")
    return Metadata(
        own,
        _url(said, "authorization_endpoint"),
        _url(said, "token_endpoint"),
        _url(said, "jwks_uri"),
        _url(said, "end_session_endpoint") if said.get("end_session_endpoint") else None,
        _algorithms(said),
        _secret_goes(said),
        said.get("authorization_response_iss_parameter_supported") is True,
    )


def _url(said: Mapping[str, Any], name: str) -> str:
    url = said.get(name)
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(f"its `{name}` is no URL")
    if len(url) > LONGEST_URL or not jwks.is_safe(url):
        raise ValueError(f"its `{name}` is not https, or too long")
    return url


def _algorithms(said: Mapping[str, Any]) -> frozenset[str]:
    listed = said.get("id_token_signing_alg_values_supported", ["RS256"])
    known = frozenset(name for name in jwks.ALGORITHMS if name in _listed(listed))
    if not known:
        raise ValueError("it signs ID tokens by no algorithm with public keys that Belfry knows")
    return known


def _secret_goes(said: Mapping[str, Any]) -> str:
    # In the body where both are known: providers differ in how they read a secret with signs in
    # the header, which RFC 6749 wants encoded first (section 2.3.1).
    listed = _listed(said.get("token_endpoint_auth_methods_supported", [IN_HEADER]))
    return IN_BODY if IN_BODY in listed else IN_HEADER


def _listed(said: object) -> list[object]:
    return said if isinstance(said, list) else []
