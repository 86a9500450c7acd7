"""M19: people sign in to the console at a real OpenID Connect provider, and are signed out again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from local.ports import free_port
from tests.journeys.conftest import House
from tests.journeys.signing_in import Mock, browser, sign_in, sign_out, token, with_sign_in


@dataclass(frozen=True, slots=True)
class Town:
    """An API where people sign in, and the provider."""

    mock: Mock
    address: str


@pytest.fixture(scope="module")
async def standing_town(
    standing: House, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    mock, house = Mock(tmp_path_factory.mktemp("town")), standing.beside()
    mock.start()
    try:
        yield Town(mock, with_sign_in(house, mock.url))
    finally:
        house.stop()
        mock.stop()


@pytest.fixture
def town(house: House, standing_town: Town) -> Town:
    """Nobody is signed in yet."""
    assert standing_town.mock.alive
    return standing_town


async def ask(http: aiohttp.ClientSession, said: str, query: str) -> str:
    headers = {"Authorization": f"Bearer {said}"}
    async with http.post("/graphql", json={"query": query}, headers=headers) as response:
        return await response.text()


async def test_somebody_signs_in_works_and_signs_out(town: Town) -> None:
    async with browser(town.address) as http:
        path, _ = await sign_in(http, "ann", "/health/live?from=console")
        assert path == "/health/live"
        said = await token(http)
        assert (said["name"], said["role"]) == ("Ann Ringer", "admin")
        assert "auditLog" in await ask(
            http, said["token"], "{ auditLog(first: 1) { edges { cursor } } }"
        )
        # The second answer of one code is none, as the provider sees to.
        assert (await token(http))["subject"] == "ann"
        assert await sign_out(http) == "/console"
        async with http.post("/session/token") as response:
            assert response.status == 401


async def test_whoever_has_no_role_or_changes_their_mind_is_told(town: Town) -> None:
    async with browser(town.address) as http:
        path, page = await sign_in(http, "bob", "/bell")
        assert (path, "You have no role here" in page) == ("/session/callback", True)
        async with http.get("/session/login") as form:
            pass
        async with http.post(form.url, data={"action": "deny"}) as response:
            assert "You did not sign in" in await response.text()
        async with http.post("/session/token") as response:
            assert response.status == 401


async def test_a_code_opens_once_and_only_for_the_browser_that_began(town: Town) -> None:
    async with browser(town.address) as http, browser(town.address) as thief:
        async with http.get("/session/login") as form:
            pass
        async with http.post(form.url, data={"sub": "ann"}, allow_redirects=False) as back:
            callback = back.headers["Location"]
        async with thief.get("/session/login") as form:
            pass  # it has a sign-in of its own under way
        async with thief.get(callback) as page:
            assert page.status == 400
        async with http.get(callback) as page:
            assert page.url.path == "/console"
        async with http.get(callback) as page:
            assert page.status == 400
        assert (await token(http))["subject"] == "ann"


async def test_while_the_provider_is_away_who_is_signed_in_works_on(town: Town) -> None:
    async with browser(town.address) as http, browser(town.address) as late:
        await sign_in(http, "ann", "/bell")
        async with late.get("/session/login") as form:
            pass
        async with late.post(form.url, data={"sub": "ann"}, allow_redirects=False) as back:
            callback = back.headers["Location"]
        town.mock.stop()
        assert (await token(http))["subject"] == "ann"
        async with late.get(callback) as page:
            assert (page.status, "does not answer" in await page.text()) == (503, True)
        town.mock.start()
        path, _ = await sign_in(late, "ann", "/bell")
        assert path == "/bell"


async def test_belfry_starts_before_the_provider(house: House) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    async with browser(with_sign_in(house, nobody)) as http:
        async with http.get("/session/login") as page:
            assert (page.status, "does not answer" in await page.text()) == (503, True)
        async with http.get("/session") as status:
            assert await status.json() == {"provider": "127.0.0.1", "signedIn": False}
