"""Signing in to the console over HTTP, with a provider that says what a test wants (M19)."""

import json
import re
from dataclasses import replace
from typing import Any

import aiohttp

from tests.graph.conftest import Edge
from tests.graph.signing_in import AUDIT, HTTPS, Browser, browser, issuer, standing

__all__ = ["browser", "issuer", "standing"]


async def asks(browser: Browser, token: str | None, query: str = AUDIT) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with browser.edge.http.post("/graphql", json={"query": query}, headers=headers) as said:
        return await said.json()


async def test_who_signs_in_goes_on_and_gets_tokens_that_the_api_takes(browser: Browser) -> None:
    browser.issuer.person = {"sub": "ann", "name": "Ann Ringer", "roles": ["x", "admin"]}
    page = await browser.sign_in("/console/mailings?status=SENDING")
    assert (page.status, page.headers["Location"]) == (303, "/console/mailings?status=SENDING")
    said = await browser.token()
    assert (said["role"], said["subject"], said["name"]) == ("admin", "ann", "Ann Ringer")
    assert "errors" not in await asks(browser, said["token"])
    status = json.loads((await browser.get("/session")).text)
    assert status == {
        "provider": "127.0.0.1",
        "signedIn": True,
        "subject": "ann",
        "name": "Ann Ringer",
        "role": "admin",
    }


async def test_a_role_may_have_a_name_of_the_providers(browser: Browser) -> None:
    browser.issuer.person = {"sub": "ann", "roles": ["belfry-ops"]}
    await browser.sign_in()
    assert (await browser.token())["role"] == "operator"


async def test_who_has_no_role_is_told_whom_to_ask(browser: Browser) -> None:
    for person in ({"sub": "bob"}, {"sub": "bob", "roles": ["Admin"]}, {"sub": "b", "roles": 7}):
        browser.issuer.person = person
        page = await browser.sign_in()
        assert page.status == 403
        assert "Ask whoever runs it" in page.text
    assert browser.jar == {}
    refused = [line for line in browser.edge.log() if line["event"] == "session.refused"]
    assert "`roles` of bob names Admin" in refused[-2]["detail"]


async def test_texts_that_are_no_unicode_harm_nobody(browser: Browser) -> None:
    browser.issuer.person = {"sub": "ann", "roles": ["\ud800"]}
    assert (await browser.sign_in()).status == 403
    browser.issuer.person = {"sub": "ann", "roles": "admin", "name": "Ann \ud800"}
    assert (await browser.sign_in()).status == 303
    assert (await browser.token())["name"] == "Ann ?"


async def test_behind_a_proxy_the_provider_sends_back_by_https(browser: Browser) -> None:
    page = await replace(browser, headers=HTTPS).get("/session/login")
    said = browser.issuer.visited(page.headers["Location"])
    assert said["redirect_uri"] == "https://belfry.example.com/session/callback"


async def test_without_https_nobody_signs_in_over_a_network(browser: Browser) -> None:
    over = replace(browser, headers={"Host": "belfry.example.com"})
    page = await over.get("/session/login")
    assert (page.status, page.cookies) == (400, {})
    assert "FORWARDED_ALLOW_IPS" in page.text
    assert (await over.post("/session/token")).status == 403


async def test_two_tabs_may_sign_in_at_once(browser: Browser) -> None:
    first = await browser.login("/bell")
    challenge, nonce = browser.issuer.challenge, browser.issuer.nonce
    second = await browser.login("/docs")
    page = await browser.get("/session/callback", **second)
    assert page.headers["Location"] == "/docs"
    browser.issuer.challenge, browser.issuer.nonce = challenge, nonce
    page = await browser.get("/session/callback", **first)
    assert page.headers["Location"] == "/bell"


async def test_each_token_request_may_change_the_id(browser: Browser) -> None:
    await browser.sign_in()
    first = dict(browser.jar)
    await browser.token()
    assert browser.jar != first
    second = dict(browser.jar)
    await browser.token()
    assert browser.jar == second, "but not all the time"
    late = replace(browser, jar=first)
    await late.token()
    assert late.jar == second, "a tab that was late is told the same"


async def test_who_signs_out_is_signed_out_here_and_led_to_the_provider(browser: Browser) -> None:
    await browser.sign_in()
    before = dict(browser.jar)
    page = await browser.post("/session/logout")
    url = json.loads(page.text)["next"]
    assert url.startswith(f"{browser.issuer.url}/bye?lang=en&id_token_hint=ey")
    assert browser.jar == {}
    assert (await replace(browser, jar=before).post("/session/token")).status == 401
    assert json.loads((await browser.get("/session")).text)["signedIn"] is False
    assert json.loads((await browser.post("/session/logout")).text) == {"next": None}


async def test_a_session_removed_by_an_operator_is_over(browser: Browser) -> None:
    await browser.sign_in()
    browser.edge.database["sessions"].delete_many({})
    page = await browser.post("/session/token")
    assert page.status == 401
    assert json.loads(page.text)["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_people_read_what_went_wrong_in_plain_words(browser: Browser) -> None:
    back = {"state": (await browser.login())["state"]}
    page = await browser.get("/session/callback", **back, error="access_denied")
    assert (page.status, "was cancelled" in page.text) == (403, True)
    browser.issuer.twist = lambda claims: {**claims, "exp": 1}
    assert "clocks" in (await browser.sign_in()).text
    browser.issuer.twist = lambda claims: {**claims, "aud": "x"}
    assert "could not be verified" in (await browser.sign_in()).text
    browser.issuer.token = lambda _: aiohttp.web.Response(status=500)
    page = await browser.sign_in()
    assert (page.status, "does not answer" in page.text) == (503, True)
    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "no-referrer"


async def test_without_a_provider_it_says_so(edge: Edge) -> None:
    async with edge.http.get("/session") as response:
        assert await response.json() == {"provider": None, "signedIn": False}
    async with edge.http.get("/session/login") as response:
        assert response.status == 404
        assert re.search("OIDC_URL.*belfry up", await response.text())
    async with edge.http.post("/session/token") as response:
        assert response.status == 401
