"""Signing in over HTTP: what strangers try, and what is out of their reach (M19)."""

import json
from dataclasses import replace
from pathlib import Path

from graph.session import MOST_DROPPED
from local.mongod import Mongod
from local.redis import Redis
from tests.graph.api import serving
from tests.graph.conftest import complaints
from tests.graph.signing_in import AUDIT, FOREIGN, HTTPS, Browser, browser, issuer, standing
from tests.issuer import CODE, SECRET

__all__ = ["browser", "issuer", "standing"]


async def test_graphql_knows_nobody_by_a_cookie(browser: Browser) -> None:
    await browser.sign_in()
    cookies = "; ".join(f"{name}={value}" for name, value in browser.jar.items())
    async with browser.edge.http.post(
        "/graphql", json={"query": AUDIT}, headers={"Cookie": cookies}
    ) as response:
        said = await response.json()
    assert said["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: Browser) -> None:
    page = await browser.sign_in()
    port = browser.edge.address.rpartition(":")[2]
    here = page.cookies[f"local-{port}-belfry"]
    assert (here["httponly"], here["samesite"], here["path"]) == (True, "lax", "/")
    assert (here["secure"], here["domain"]) == ("", "")
    assert 9 * 3_600 < int(here["max-age"]) <= 10 * 3_600
    there = await replace(browser, headers=HTTPS, jar={}).sign_in()
    cookie = there.cookies["__Host-belfry"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "lax")
    assert (cookie["path"], cookie["domain"]) == ("/", "")


async def test_nobody_is_led_to_another_site(browser: Browser) -> None:
    for path in ("https://evil.example.com", "//evil.example.com", "/\\evil.example.com", "/\t/x"):
        assert (await browser.sign_in(path)).headers["Location"] == "/console"


async def test_a_sign_in_begun_elsewhere_is_not_finished_here(browser: Browser) -> None:
    """Else a stranger could sign somebody in as the stranger (login CSRF)."""
    stranger = await replace(browser, jar={}).login()
    page = await browser.get("/session/callback", **stranger)
    assert page.status == 400
    assert "another browser" in page.text
    own = await browser.login()
    mixed = {**own, "state": stranger["state"]}
    assert (await browser.get("/session/callback", **mixed)).status == 400
    for said in ({}, {"code": CODE}, {"state": own["state"]}, {"state": "", "code": CODE}):
        assert (await browser.get("/session/callback", **said)).status == 400
    assert not any(name.endswith("-belfry") for name in browser.jar)


async def test_a_kept_sign_in_under_another_name_or_changed_is_none(browser: Browser) -> None:
    back = await browser.login()
    ((name, kept),) = browser.jar.items()
    other = "y" if kept[40] == "x" else "x"
    for wrong in (kept[:-1], kept[:40] + other + kept[41:], "x" * 3_000):
        tampered = replace(browser, jar={name: wrong})
        assert (await tampered.get("/session/callback", **back)).status == 400
    assert (await browser.get("/session/callback", **back)).status == 303


async def test_what_was_finished_is_not_finished_again(browser: Browser) -> None:
    back = await browser.login()
    assert (await browser.get("/session/callback", **back)).status == 303
    assert (await browser.get("/session/callback", **back)).status == 400
    assert len(browser.jar) == 1


async def test_sign_ins_that_nobody_finishes_do_not_pile_up(browser: Browser) -> None:
    for _ in range(20):
        await browser.login()
    assert len(browser.jar) <= 5
    assert (await browser.sign_in()).status == 303


async def test_cookies_that_somebody_else_has_left_stand_in_nobodys_way(browser: Browser) -> None:
    """Their names may be none, and so many of them that no proxy would take an answer to each."""
    begins = f"local-{browser.edge.address.rpartition(':')[2]}-belfry-sign-in-"
    browser.jar |= {f"{begins}{end}": "x" for end in ("a b", "[x]", 'q"r', "<script>")}
    browser.jar |= {f"{begins}{number:012x}": "x" for number in range(200)}
    page = await browser.get("/session/login")
    assert (page.status, len(page.cookies)) == (303, MOST_DROPPED + 1)
    assert complaints(browser.edge.log()) == []


async def test_an_id_from_before_is_never_the_one_after(browser: Browser) -> None:
    """Session fixation."""
    port = browser.edge.address.rpartition(":")[2]
    browser.jar[f"local-{port}-belfry"] = "chosen-by-a-stranger"
    await browser.sign_in()
    first = browser.jar[f"local-{port}-belfry"]
    assert first != "chosen-by-a-stranger"
    await browser.sign_in()
    assert browser.jar[f"local-{port}-belfry"] != first
    left = replace(browser, jar={f"local-{port}-belfry": first})
    assert (await left.post("/session/token")).status == 401, "the session before is over"


async def test_pages_of_others_get_no_token_and_sign_out_nobody(browser: Browser) -> None:
    await browser.sign_in()
    own = browser.edge.address
    for headers in (
        FOREIGN,
        {"Sec-Fetch-Site": "same-site", "Origin": own},
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
        {"Origin": own.replace("http:", "https:")},
    ):
        for path in ("/session/token", "/session/logout"):
            page = await browser.post(path, **headers)
            assert (page.status, page.cookies) == (403, {}), headers
    assert (await browser.get("/session/token")).status == 405
    assert (await browser.get("/session/logout")).status == 405
    assert (await browser.post("/session/token", Origin=own)).status == 200


async def test_what_a_stranger_writes_into_a_link_is_shown_nowhere(browser: Browser) -> None:
    said = (await browser.login())["state"]
    page = await browser.get("/session/callback", state=said, error="<script>alert(1)</script>")
    assert (page.status, "<script" in page.text) == (502, False)


async def test_a_look_at_a_link_finishes_nothing(browser: Browser) -> None:
    back = await browser.login()
    url = f"/session/callback?code={back['code']}&state={back['state']}"
    async with browser.edge.http.head(url) as response:
        assert response.status == 405
    assert (await browser.get("/session/callback", **back)).status == 303


async def test_nothing_secret_is_in_the_log_or_in_a_url(browser: Browser) -> None:
    before = len(browser.edge.log())
    page = await browser.sign_in()
    said = await browser.token()
    browser.issuer.twist = lambda claims: {**claims, "aud": "x"}
    await browser.sign_in()
    log = json.dumps(browser.edge.log()[before:])
    assert "session.opened" in log
    secrets = [CODE, SECRET, said["token"], *browser.jar.values(), browser.issuer.challenge]
    assert [secret for secret in secrets if secret in log] == []
    assert page.headers["Location"] == "/bell"


async def test_requests_count_by_their_address(
    mongod: Mongod, redis_server: Redis, tmp_path: Path
) -> None:
    few = {"RATE_LIMIT_ANONYMOUS_PER_MINUTE": "2"}
    async with serving(mongod, redis_server, tmp_path / "api.log", **few) as edge:

        async def status(path: str) -> int:
            # An address of its own: a Redis of many tests remembers the others.
            headers = {"X-Forwarded-For": "198.51.100.77"}
            async with edge.http.get(path, headers=headers) as response:
                return response.status

        statuses = [await status("/session/login") for _ in range(4)]
        assert statuses[0] == 404
        assert statuses[-1] == 429
        assert await status("/session") == 429


async def test_a_session_from_when_there_was_a_provider_gives_nothing_now(
    browser: Browser, mongod: Mongod, redis_server: Redis, tmp_path: Path
) -> None:
    await browser.sign_in()
    name = browser.edge.database.name
    async with serving(mongod, redis_server, tmp_path / "api.log", database=name) as edge:
        port = edge.address.rpartition(":")[2]
        ((_, own),) = browser.jar.items()
        later = replace(browser, edge=edge, jar={f"local-{port}-belfry": own})
        assert (await later.post("/session/token")).status == 401
        assert json.loads((await later.get("/session")).text)["signedIn"] is False
