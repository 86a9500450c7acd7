"""The keys of an identity provider: a JSON Web Key Set (RFC 7517), kept fresh, asked for seldom."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import jwt
import orjson
from jwt.algorithms import RSAAlgorithm

from core import events
from core.errors import ConfigurationError, Unauthenticated, Unavailable

RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
OF_A_CURVE: dict[tuple[object, object], tuple[str, ...]] = {
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
ALGORITHMS = (*RSA, *(name for names in OF_A_CURVE.values() for name in names))
"""What a token may be signed by: only what needs a private key that the provider alone has."""
SHORTEST_RSA, LONGEST_RSA = 2_048, 16_384
"""Bits (RFC 7518, section 3.3); a longer one would take too long."""

FETCH_SECONDS = 5.0
COOLDOWN_SECONDS = 10.0
"""Least time between two requests that unknown key ids or failures cause."""
LARGEST_SET = 256 * 1024
"""Bytes."""
MOST_KEYS = 100
LONGEST_KID = 500
"""Characters; all are logged when they change."""
LONGEST_ERROR = 500
"""Characters of what a provider makes of itself that are logged."""
ACCEPTED = "application/jwk-set+json, application/json"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Key:
    """A public key with one algorithm that it fits; equal to another with the same contents."""

    kid: str | None
    algorithm: str
    contents: bytes = field(repr=False)
    public: jwt.PyJWK = field(compare=False, repr=False)


class Keys:
    """The provider's keys as last heard; old ones hold while it is away, but not for ever."""

    def __init__(self, url: str, refresh_seconds: float, keep_seconds: float) -> None:
        self._url = url
        self._refresh_seconds = refresh_seconds
        self._keep_seconds = keep_seconds
        self._keys: tuple[Key, ...] = ()
        self._heard_at = float("-inf")
        self._asked_at = float("-inf")
        self._failed = False
        self._asking: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Ask again and again until cancelled, so that a key taken back holds only so long."""
        while True:
            await self._ask()
            pause = min(COOLDOWN_SECONDS, self._refresh_seconds)
            await asyncio.sleep(pause if self._failed else self._refresh_seconds)

    async def find(self, kid: str | None, algorithm: str) -> Key:
        """The key that a token names; asks for new keys, within reason, if it is not known.

        Raises Unauthenticated for no key of the provider's, Unavailable while that can't be told.
        """
        found = self._find(kid, algorithm)
        if found is None and self._may_ask():
            await self._ask()
            found = self._find(kid, algorithm)
        if found is not None:
            return found
        if self._failed or not self._fresh():
            raise Unavailable("the identity provider does not answer; try again shortly")
        raise Unauthenticated("the token is signed by no key of the identity provider")

    def holds(self, key: Key) -> bool:
        """Whether the key is still one of the provider's."""
        return self._fresh() and key in self._keys

    def _fresh(self) -> bool:
        return time.monotonic() - self._heard_at < self._keep_seconds

    def _may_ask(self) -> bool:
        # Anyone can make up a key id; only this stands between them and the provider.
        rested = time.monotonic() - self._asked_at >= COOLDOWN_SECONDS
        return rested or self._asking is not None

    def _find(self, kid: str | None, algorithm: str) -> Key | None:
        if not self._fresh():
            return None
        fit = [key for key in self._keys if key.algorithm == algorithm]
        if kid is not None:
            return next((key for key in fit if key.kid == kid), None)
        return fit[0] if len(fit) == 1 else None

    async def _ask(self) -> None:
        """Ask once, however many wait for the answer; one that gives up stops no other."""
        if self._asking is None:
            self._asked_at = time.monotonic()
            self._asking = asyncio.create_task(self._hear())
        await asyncio.shield(self._asking)

    async def _hear(self) -> None:
        """Ask, and see to it that whatever comes back only counts as a failure at worst."""
        try:
            self._learn(read(await fetch(self._url, ACCEPTED)))
        except Exception as error:  # noqa: BLE001 - else an odd answer would be the last one heard
            self._failed = True
            host = urlsplit(self._url).hostname
            said = (str(error) or type(error).__name__)[:LONGEST_ERROR]
            if isinstance(error, aiohttp.ClientError | OSError | ValueError):
                events.emit("jwks.unreachable", host=host, error=said)
            else:
                events.emit("jwks.failed", host=host, exc_info=error)
        finally:
            self._asking = None

    def _learn(self, keys: tuple[Key, ...]) -> None:
        changed, self._keys = keys != self._keys, keys
        self._heard_at, self._failed = time.monotonic(), False
        if changed:
            events.emit("jwks.changed", kids=sorted({str(key.kid) for key in keys}))


def check_url(url: str, setting: str = "JWKS_URL") -> None:
    """Raise ConfigurationError unless nobody on the way can put in keys of their own."""
    if not is_safe(url):
        raise ConfigurationError(
            f"{setting} must begin with https://, or http:// on this host only"
        )


def is_safe(url: str) -> bool:
    """Whether nobody on the way to `url` can read or change what is said there."""
    try:
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
    except ValueError:
        return False
    return bool(host) and (scheme == "https" or (scheme == "http" and host in LOOPBACK))


async def fetch(url: str, accept: str) -> bytes:
    """What a provider says at `url`; raises aiohttp.ClientError, TimeoutError, OSError or ValueError."""
    limit = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    headers = {"Accept": accept, "Accept-Encoding": "identity"}
    async with (
        aiohttp.ClientSession(timeout=limit, auto_decompress=False) as session,
        session.get(url, headers=headers, allow_redirects=False) as response,
    ):
        if response.status != 200:
            raise ValueError(f"it answers {response.status}")
        return await body(response)


async def body(response: aiohttp.ClientResponse) -> bytes:
    """All of an answer; raises ValueError if it is too large."""
    read = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        read += chunk
        if len(read) > LARGEST_SET:
            raise ValueError(f"its answer is larger than {LARGEST_SET} bytes")
    return bytes(read)


def read(raw: bytes) -> tuple[Key, ...]:
    """The usable keys of a set; raises ValueError if there are none."""
    said = orjson.loads(raw)
    listed = said.get("keys") if isinstance(said, dict) else None
    if not isinstance(listed, list):
        raise ValueError("its answer is no JSON Web Key Set")  # noqa: TRY004 - of an answer, not of ours
    keys = tuple(key for each in listed[:MOST_KEYS] for key in _usable(each))
    if not keys:
        raise ValueError("its answer holds no key that can check signatures")
    return keys


def _usable(said: object) -> list[Key]:
    """The key, once for each algorithm that it fits; none if it is for something else."""
    if not isinstance(said, dict) or not isinstance(kid := said.get("kid"), str | None):
        return []
    if kid is not None and len(kid) > LONGEST_KID:
        return []
    try:
        contents = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
        return [Key(kid, name, contents, _public(said, name)) for name in _algorithms(said)]
    except Exception:  # noqa: BLE001 - PyJWT promises no more of a key that is none
        return []  # the others still serve


def _algorithms(said: dict[str, Any]) -> list[str]:
    operations = said.get("key_ops", ["verify"])
    if said.get("use", "sig") != "sig" or "verify" not in operations or "d" in said:
        return []
    fit = (
        RSA if said.get("kty") == "RSA" else OF_A_CURVE.get((said.get("kty"), said.get("crv")), ())
    )
    return [name for name in fit if said.get("alg") in (None, name)]


def _public(said: dict[str, Any], algorithm: str) -> jwt.PyJWK:
    key = jwt.PyJWK(said, algorithm)
    if isinstance(key.Algorithm, RSAAlgorithm) and not (
        SHORTEST_RSA <= key.key.key_size <= LONGEST_RSA
    ):
        raise ValueError("too short or too long")
    return key
