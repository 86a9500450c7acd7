"""An identity provider of one's own: it makes keys, signs by them, and answers well or badly."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
import orjson
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from core import jwks
from core.tokens import Verifier
from local.ports import LOOPBACK, free_port

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]
SECRET = "the-rope-of-the-largest-bell-hangs-low"
WEEK = 7 * 86_400.0
USER = "5f0c3a1b2c3d4e5f6a7b8c90"


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its algorithm."""

    kid: str
    algorithm: str
    private: Private

    def jwk(self, **said: Any) -> dict[str, Any]:
        """Its public half as a set has it; what is said as None is left out."""
        public: Any = self.private.public_key()
        kinds: dict[str, Any] = {"RS": RSAAlgorithm, "PS": RSAAlgorithm, "ES": ECAlgorithm}
        made = kinds.get(self.algorithm[:2], OKPAlgorithm).to_jwk(public, as_dict=True)
        usual = {**made, "kid": self.kid, "use": "sig", "alg": self.algorithm}
        usual.pop("key_ops", None)
        return {name: value for name, value in {**usual, **said}.items() if value is not None}

    def sign(self, header: dict[str, Any] | None = None, **said: Any) -> str:
        """A token of an admin for an hour, but for what is said."""
        usual = {"sub": USER, "role": "admin", "exp": datetime.now(UTC) + timedelta(hours=1)}
        head = {"kid": self.kid, **(header or {})}
        return jwt.encode({**usual, **said}, self.private, self.algorithm, head)


def signer(kid: str, algorithm: str = "ES256") -> Signer:
    """A new key, but for RSA, which takes long to make."""
    curves: dict[str, type[Any]] = {
        "ES256": ec.SECP256R1,
        "ES384": ec.SECP384R1,
        "ES512": ec.SECP521R1,
    }
    if algorithm in curves:
        return Signer(kid, algorithm, ec.generate_private_key(curves[algorithm]()))
    if algorithm == "EdDSA":
        return Signer(kid, algorithm, ed25519.Ed25519PrivateKey.generate())
    return Signer(kid, algorithm, rsa_key(2_048))


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """An RSA key of this length."""
    return rsa.generate_private_key(65_537, bits)


@dataclass
class Provider:
    """The server: what it publishes, how it fails, and how often it was asked."""

    port: int = field(default_factory=free_port)
    keys: list[dict[str, Any]] = field(default_factory=list)
    fault: Fault | None = None
    asked: int = 0

    @property
    def url(self) -> str:
        """Where the keys are."""
        return f"http://{LOOPBACK}:{self.port}/keys"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The keys, or what the fault says."""
        self.asked += 1
        if self.fault is not None:
            return await self.fault(request)
        return web.Response(body=orjson.dumps({"keys": self.keys}))

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Provider"]:
        """Listens inside."""
        app = web.Application()
        app.router.add_get("/keys", self.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, self.port, reuse_address=True).start()
        try:
            yield self
        finally:
            await runner.cleanup()


def verifier(provider: Provider, secret: str = "", keep_seconds: float = WEEK) -> Verifier:
    """Tells its tokens, and those by the secret if there is one."""
    return Verifier(secret, jwks.Keys(provider.url, WEEK, keep_seconds))
