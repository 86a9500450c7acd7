"""An OpenID Connect provider that says whatever a test wants; a real one is in `tests/oidc_mock.py`."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import orjson
from aiohttp import web

from local.ports import LOOPBACK, free_port
from tests.provider import Signer, signer

CLIENT, SECRET = "belfry", "a secret of the client & more"
CODE = "a-code"
Twist = Callable[[dict[str, Any]], Any]


def signed(claims: dict[str, Any], by: Signer) -> str:
    """A token that says this and no more."""
    return jwt.encode(claims, by.private, by.algorithm, {"kid": by.kid})


@dataclass
class Issuer:
    """It knows one person, and gives one code; twists change what it answers."""

    port: int = field(default_factory=free_port)
    signer: Signer = field(default_factory=lambda: signer("one"))
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "ann", "roles": ["admin"]})
    metadata: dict[str, Any] = field(default_factory=dict)
    """What its discovery document says besides; None leaves a name out."""
    twist: Twist = field(default=lambda claims: claims)
    """What it makes of the claims before it signs them."""
    sign: Callable[[dict[str, Any]], str] | None = None
    token: Callable[[web.Request], web.Response] | None = None
    """What the token endpoint answers instead."""
    delay: Callable[[], Awaitable[object]] | None = None
    """What the token endpoint does before it answers."""
    asked: list[str] = field(default_factory=list)
    posted: dict[str, str] = field(default_factory=dict)
    challenge: str = ""
    nonce: str = ""

    @property
    def url(self) -> str:
        """Its issuer."""
        return f"http://{LOOPBACK}:{self.port}"

    def visited(self, url: str) -> dict[str, str]:
        """What a browser brings to it that was sent there; it remembers that for its answer."""
        said = dict(parse_qsl(urlsplit(url).query))
        assert url.startswith(f"{self.url}/authorize?")
        assert said["code_challenge_method"] == "S256"
        self.challenge, self.nonce = said["code_challenge"], said["nonce"]
        return said

    def back(self, url: str) -> dict[str, str]:
        """What the browser brings back from there."""
        return {"code": CODE, "state": self.visited(url)["state"]}

    async def _discovery(self, _: web.Request) -> web.Response:
        self.asked.append("discovery")
        usual = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/bye?lang=en",
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
        }
        said = {n: v for n, v in {**usual, **self.metadata}.items() if v is not None}
        return web.Response(body=orjson.dumps(said))

    async def _keys(self, _: web.Request) -> web.Response:
        self.asked.append("keys")
        return web.Response(body=orjson.dumps({"keys": [self.signer.jwk()]}))

    async def _token(self, request: web.Request) -> web.Response:
        self.asked.append("token")
        self.posted = {name: str(value) for name, value in (await request.post()).items()}
        if basic := request.headers.get("Authorization"):
            client, _, secret = b64decode(basic.removeprefix("Basic ")).decode().partition(":")
            self.posted |= {"client_id": client, "client_secret": secret, "by": "header"}
        if self.delay is not None:
            await self.delay()
        if self.token is not None:
            return self.token(request)
        made = urlsafe_b64encode(sha256(self.posted["code_verifier"].encode()).digest())
        if made.decode().rstrip("=") != self.challenge or self.posted["code"] != CODE:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response(
            {"access_token": "access", "token_type": "Bearer", "id_token": self.id_token()}
        )

    def id_token(self) -> str:
        """As it is twisted and signed."""
        now = datetime.now(UTC)
        claims = {**self.person, "iss": self.url, "aud": CLIENT, "nonce": self.nonce}
        claims |= {"iat": now, "exp": now + timedelta(minutes=5)}
        said = {n: v for n, v in self.twist(claims).items() if v is not None}
        return self.sign(said) if self.sign else signed(said, self.signer)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Issuer"]:
        """Listens inside."""
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/token", self._token)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, self.port, reuse_address=True).start()
        try:
            yield self
        finally:
            await runner.cleanup()
