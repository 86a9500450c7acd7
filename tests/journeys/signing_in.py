"""A real OpenID Connect provider beside the house, and a browser without a window that signs in."""

import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from local import ports
from local.children import Child
from local.ports import LOOPBACK, free_port
from tests.journeys.conftest import House

MOCK = Path(__file__).parents[1] / "oidc_mock.py"
START_SECONDS = 60


class Mock(Child):
    """oidc-provider-mock; who kills it starts it again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        super().__init__("provider", [sys.executable, MOCK, str(self.port)], folder / "oidc.log")

    def wait_ready(self, limit_seconds: float = START_SECONDS) -> None:
        """Wait until it listens."""
        self.wait_for(lambda: ports.is_open(self.port), limit_seconds, 0.02)


def with_sign_in(house: House, url: str) -> str:
    """Another API of the house, where people sign in; its address."""
    house.environment |= {
        "OIDC_URL": url,
        "OIDC_CLIENT_ID": "belfry",
        "OIDC_CLIENT_SECRET": "a secret of the client",
        "OIDC_ROLE_CLAIM": "groups",
        "OIDC_ROLES": "belfry-admins=admin",
    }
    return house.api(free_port()).address


@asynccontextmanager
async def browser(address: str) -> AsyncIterator[aiohttp.ClientSession]:
    """Keeps cookies and follows where it is sent, as browsers do."""
    jar = aiohttp.CookieJar(unsafe=True)  # which takes cookies of addresses without a name
    async with aiohttp.ClientSession(address, cookie_jar=jar) as http:
        yield http


async def sign_in(http: aiohttp.ClientSession, who: str, path: str) -> tuple[str, str]:
    """Choose a person in the provider's form; the path where that ends, and the page."""
    async with http.get("/session/login", params={"next": path}) as form:
        assert f'value="{who}"' in await form.text()
    said = {"sub": who} if who else {"action": "deny"}
    async with http.post(form.url, data=said) as page:
        return page.url.path, await page.text()


async def token(http: aiohttp.ClientSession) -> dict[str, Any]:
    """What a page gets."""
    async with http.post("/session/token") as response:
        assert response.status == 200, await response.text()
        said: dict[str, Any] = await response.json()
        return said


async def sign_out(http: aiohttp.ClientSession) -> str:
    """Sign out here and at the provider; the path where that ends."""
    async with http.post("/session/logout") as response:
        url = (await response.json())["next"]
    async with http.get(url) as page:
        hidden = re.findall(r'name="(\w+)"\s+value="([^"]*)"', await page.text())
    confirm = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}/oauth2/end_session/confirm"
    async with http.post(confirm, data=dict(hidden), allow_redirects=False) as page:
        return urlsplit(page.headers["Location"]).path
