"""What is served to browsers: names, types, caching, and nothing from outside its folder."""

from pathlib import Path

import pytest
from starlette.requests import Request
from yarl import URL

from graph import assets
from tests.graph.conftest import Edge

BELL = (Path(assets.STATIC) / "bell.js").read_bytes()


async def test_the_bell_is_for_pages_of_any_origin(edge: Edge) -> None:
    async with edge.http.get("/bell.js") as response:
        assert response.status == 200
        assert response.content_type == "text/javascript"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["Content-Encoding"] == "gzip"
        assert await response.read() == BELL
    async with edge.http.get("/bell.d.ts") as response:
        assert (response.status, response.content_type) == (200, "text/plain")


async def test_a_name_that_no_file_can_have_is_not_found(edge: Edge) -> None:
    for name in ("%00", "a" * 300, "%C3%A4" * 200):
        async with edge.http.get(URL(f"/assets/{name}", encoded=True)) as response:
            assert response.status == 404


async def test_who_has_it_already_is_told_so(edge: Edge) -> None:
    async with edge.http.get("/bell.js") as response:
        packed = response.headers["ETag"]
    async with edge.http.get("/bell.js", headers={"If-None-Match": f'"x", {packed}'}) as response:
        assert (response.status, await response.read()) == (304, b"")
    # As a proxy weakens it that packs answers itself.
    async with edge.http.get("/bell.js", headers={"If-None-Match": f"W/{packed}"}) as response:
        assert response.status == 304
    plain = {"Accept-Encoding": "identity"}
    async with edge.http.get("/bell.js", headers={**plain, "If-None-Match": packed}) as response:
        assert response.status == 200
        assert response.headers["ETag"] != packed
        assert "Accept-Encoding" in response.headers["Vary"]
        assert await response.read() == BELL


@pytest.mark.parametrize("said", ["gzip;q=0", "br, gzip; q=0.0", "x-gzip-not", ""])
async def test_who_takes_no_gzip_gets_none(edge: Edge, said: str) -> None:
    async with edge.http.get("/bell.js", headers={"Accept-Encoding": said}) as response:
        assert "Content-Encoding" not in response.headers
        assert await response.read() == BELL


async def test_a_page_runs_only_what_we_serve_and_its_files_never_change(edge: Edge) -> None:
    async with edge.http.get("/bell") as response:
        assert response.content_type == "text/html"
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["Cache-Control"] == "no-cache"
        page = await response.text()
    [script] = [part.split('"')[0] for part in page.split('src="')[1:] if "/assets/" in part[:12]]
    async with edge.http.get(script) as response:
        assert response.status == 200
        assert "immutable" in response.headers["Cache-Control"]


async def test_only_the_console_sends_forms_and_only_to_us(edge: Edge) -> None:
    for path, said in (("/console", "'self'"), ("/console/clients", "'self'"), ("/docs", "'none'")):
        async with edge.http.get(path) as response:
            policy = response.headers["Content-Security-Policy"].split("; ")
        assert f"form-action {said}" in policy
        assert ("frame-src 'self'" in policy) == (said == "'self'")


async def test_no_page_is_shown_inside_somebody_else_s(edge: Edge) -> None:
    for path in assets.PAGES:
        async with edge.http.get(path.replace("{place:path}", "clients")) as response:
            policy = response.headers["Content-Security-Policy"].split("; ")
        assert "frame-ancestors 'none'" in policy, path


@pytest.mark.parametrize(
    "path",
    ["/assets/..%2Fbell.html", "/assets/%2e%2e%2f%2e%2e%2fapp.py", "/assets/none.js", "/assets/"],
)
async def test_nothing_else_is_served(edge: Edge, path: str) -> None:
    async with edge.http.get(URL(edge.address + path, encoded=True)) as response:
        assert response.status == 404


async def test_without_a_build_a_page_says_how_to_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "STATIC", tmp_path)
    response = await assets.page(*assets.PAGES["/bell"])(Request({"type": "http", "headers": []}))
    assert response.status_code == 503
    assert b"make web" in response.body
