"""A browser that signs in: it keeps cookies, and goes where it is sent."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from local.mongod import Mongod
from local.redis import Redis
from tests.graph.api import serving
from tests.graph.conftest import Edge, complaints
from tests.issuer import CLIENT, SECRET, Issuer

AUDIT = "{ auditLog(first: 1) { edges { node { id } } } }"
HTTPS = {"X-Forwarded-Proto": "https", "Host": "belfry.example.com"}

FOREIGN = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.com"}
OWN = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True, slots=True)
class Page:
    """What came back."""

    status: int
    text: str
    headers: Mapping[str, str]
    cookies: SimpleCookie


@dataclass
class Browser:
    """Of one person, at one provider."""

    edge: Edge
    issuer: Issuer
    headers: dict[str, str] = field(default_factory=dict)
    """With each request, as a proxy adds them."""
    jar: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **said: str) -> Page:
        """A page, without going on where it leads."""
        return await self._ask("GET", f"{path}?{urlencode(said)}" if said else path)

    async def post(self, path: str, **headers: str) -> Page:
        """What a page's own script sends."""
        return await self._ask("POST", path, headers or OWN)

    async def login(self, path: str = "/bell") -> dict[str, str]:
        """Off to the provider, and what the browser brings back from there."""
        page = await self.get("/session/login", next=path)
        assert page.status == 303, page.text
        return self.issuer.back(page.headers["Location"])

    async def sign_in(self, path: str = "/bell") -> Page:
        """There and back."""
        return await self.get("/session/callback", **await self.login(path))

    async def token(self) -> dict[str, Any]:
        """A token with what comes beside it; the session must be good."""
        async with self._request("POST", "/session/token", OWN) as response:
            assert response.status == 200, await response.text()
            said: dict[str, Any] = await response.json()
            self._keep(response)
            return said

    async def _ask(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> Page:
        async with self._request(method, path, headers or {}) as response:
            self._keep(response)
            text = await response.text()
            return Page(response.status, text, response.headers, response.cookies)

    def _request(self, method: str, path: str, headers: Mapping[str, str]) -> Any:
        cookies = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        said = {**self.headers, **headers, **({"Cookie": cookies} if cookies else {})}
        return self.edge.http.request(method, path, headers=said, allow_redirects=False)

    def _keep(self, response: aiohttp.ClientResponse) -> None:
        for name, cookie in response.cookies.items():
            if cookie["max-age"] == "0":
                self.jar.pop(name, None)
            else:
                self.jar[name] = cookie.value


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    async with Issuer().running() as issuer:
        yield issuer


@pytest.fixture(scope="module")
async def standing(
    mongod: Mongod, redis_server: Redis, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Edge]:
    oidc = {
        "OIDC_URL": issuer.url,
        "OIDC_CLIENT_ID": CLIENT,
        "OIDC_CLIENT_SECRET": SECRET,
        "OIDC_ROLES": "belfry-ops=operator",
    }
    log = tmp_path_factory.mktemp("session") / "api.log"
    async with serving(mongod, redis_server, log, **oidc) as edge:
        yield edge


@pytest.fixture
def browser(standing: Edge, issuer: Issuer) -> Iterator[Browser]:
    """A fresh one, before an API whose log stays clean, and a provider that means well."""
    usual, before = Issuer(), len(standing.log())
    for name in ("person", "metadata", "twist", "sign", "token"):
        setattr(issuer, name, getattr(usual, name))
    yield Browser(standing, issuer)
    assert complaints(standing.log()[before:]) == []
