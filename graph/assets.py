"""What was built for people, out of graph/static/: cached by clients, compressed once, never from elsewhere."""

import asyncio
import gzip
import hashlib
import mimetypes
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

STATIC = Path(__file__).resolve().parent / "static"
REBUILD = "the front ends are not built here; `make web` builds them"
COMPRESSIBLE = ("text/", "application/json", "image/svg")
LEAST_COMPRESSED = 1_024
"""Bytes below which compressing saves nothing."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""For pages: only what we serve ourselves. `connect-src 'self'` covers the socket (CSP 3)."""
STYLED = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
"""Monaco (the explorer's editor) and Mantine (the console) write styles as they go; scripts stay ours alone."""
CONSOLE = STYLED.replace("form-action 'none'", "form-action 'self'; frame-src 'self'")
"""The console downloads tables by a form, into a frame that nobody sees."""
PAGES = {
    "/bell": ("bell.html", POLICY),
    "/bell/react": ("bell-react.html", POLICY),
    "/docs": ("explorer.html", STYLED),
    "/graphiql": ("explorer.html", STYLED),
    "/console": ("console.html", CONSOLE),
    "/console/{place:path}": ("console.html", CONSOLE),
}
"""By path: the file, and what it may load. The console finds its places below its path by itself."""
_GZIP = re.compile(r"(?:^|,)\s*gzip\s*(?:;\s*q=(?:1|0\.\d*[1-9])|,|$)", re.IGNORECASE)
FRESH = "public, max-age=300"
"""For names that stay while their content changes."""

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/plain", ".ts")  # types of the bell; else they pass for a film


@dataclass(frozen=True, slots=True)
class Asset:
    """A built file, as it is and compressed; `compressed` is empty where that saves nothing."""

    content: bytes
    compressed: bytes
    etag: str
    media_type: str


async def asset(name: str) -> Asset:
    """A built file by its path below graph/static/; raises HTTPException 404."""
    if "\0" in name:
        raise HTTPException(404)
    path = (STATIC / name).resolve()
    # Before the cache, which names that are none would empty.
    if not _is_there(path):
        raise HTTPException(404)
    return await asyncio.to_thread(_read, path)


def _is_there(path: Path) -> bool:
    try:
        return path.is_relative_to(STATIC) and path.is_file()
    except OSError:  # a name that is too long for any file
        return False


@lru_cache(maxsize=512)
def _read(path: Path) -> Asset:
    content = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    worth_it = media_type.startswith(COMPRESSIBLE) and len(content) >= LEAST_COMPRESSED
    compressed = gzip.compress(content, mtime=0) if worth_it else b""
    return Asset(content, compressed, hashlib.sha256(content).hexdigest()[:32], media_type)


def answer(request: Request, asset: Asset, headers: dict[str, str]) -> Response:
    """The file, or 304 where the client has it (RFC 9110, 13.1.2)."""
    packed = bool(asset.compressed) and _GZIP.search(request.headers.get("Accept-Encoding", ""))
    etag = f'"{asset.etag}-gzip"' if packed else f'"{asset.etag}"'
    headers = {
        "ETag": etag,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        **headers,
    }
    if _has(request.headers, etag):
        return Response(status_code=304, headers=headers)
    if packed:
        headers["Content-Encoding"] = "gzip"
    content = asset.compressed if packed else asset.content
    return Response(content, media_type=asset.media_type, headers=headers)


def _has(headers: Headers, etag: str) -> bool:
    # By the weak comparison, as proxies weaken what they pack.
    said = headers.get("If-None-Match", "").split(",")
    return etag in [one.strip().removeprefix("W/") for one in said]


async def bell(request: Request) -> Response:
    """`bell.js` and its types, for pages of any origin: a module script is fetched by CORS."""
    found = await asset(request.url.path.lstrip("/"))
    return answer(request, found, {"Cache-Control": FRESH, "Access-Control-Allow-Origin": "*"})


def page(name: str, policy: str) -> Callable[[Request], Awaitable[Response]]:
    """Answers with a page; where nothing was built, with one that says what to do."""

    async def answer_page(request: Request) -> Response:
        try:
            found = await asset(name)
        except HTTPException:
            return PlainTextResponse(REBUILD, 503)
        headers = {"Cache-Control": "no-cache", "Content-Security-Policy": policy}
        return answer(request, found, headers)

    return answer_page


async def hashed(request: Request) -> Response:
    """A file whose name tells its content, so that it never changes."""
    found = await asset(f"assets/{request.path_params['name']}")
    return answer(request, found, {"Cache-Control": "public, max-age=31536000, immutable"})


ROUTES = (
    Route("/bell.js", bell),
    Route("/bell.d.ts", bell),
    *(Route(path, page(*shown)) for path, shown in PAGES.items()),
    Route("/assets/{name}", hashed),
)
