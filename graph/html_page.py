"""Small pages that Belfry writes itself: plain HTML that needs no script and asks for nothing else."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256

from starlette.responses import HTMLResponse, Response

_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1rem;"
    "color:#1d2733;background:#fff}"
    "a{color:inherit}"
    "button{font:inherit;padding:.5rem 1rem;margin:.25rem .5rem .25rem 0;border:1px solid #1d2733;"
    "border-radius:.4rem;background:#fff;color:inherit;cursor:pointer}"
    "button:first-of-type{background:#1d2733;color:#fff}"
    "@media(prefers-color-scheme:dark){body{background:#12171d;color:#e8edf2}"
    "button{background:#12171d;border-color:#e8edf2}"
    "button:first-of-type{background:#e8edf2;color:#12171d}}"
)
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
"""The URL may be a key to something: nothing may keep it, index it or pass it on."""

_PAGE = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="robots" content="noindex, nofollow"><title>{title}</title>'
    "<style>{style}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>\n"
)


def answer(
    status: int, title: str, body: str, headers: Mapping[str, str] | None = None
) -> Response:
    """A page of a title and a body, both of which are HTML."""
    content = _PAGE.format(title=title, style=_STYLE, body=body)
    return HTMLResponse(content, status, {**HEADERS, **(headers or {})})
