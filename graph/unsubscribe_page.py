"""The pages behind a link to unsubscribe: plain HTML that needs no script and asks for nothing else."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape

from starlette.responses import HTMLResponse, Response

from rules.unsubscribing import Link
from services.unsubscribing import State

_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1rem;"
    "color:#1d2733;background:#fff}"
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
"""The URL is the key to a person's preferences: nothing may keep it, index it or pass it on."""

_PAGE = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="robots" content="noindex, nofollow"><title>{title}</title>'
    "<style>{style}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>\n"
)


def page(link: Link, state: State) -> Response:
    """What the recipient gets now, with a button for each thing that can change."""
    what = f"e-mails about “{escape(link.topic)}”" if link.topic else "these e-mails"
    if not state.unsubscribed:
        said = f"<p>You get {what}.</p>"
        return _html(200, "Unsubscribe", said + _form(topic="Unsubscribe", all=_ALL))
    if state.from_everything:
        said = "<p>You get no e-mails from us, but for those that can’t be turned off.</p>"
        return _html(200, "You are unsubscribed", said + _form(undo=f"Send me {what} again"))
    said = f"<p>You get no {what} any more.</p>"
    return _html(
        200, "You are unsubscribed", said + _form(undo="Undo", all="Stop all e-mails as well")
    )


def unknown() -> Response:
    """A link that is none of ours; it doesn't say in what it is wrong."""
    said = "<p>This link is not valid. Please take the whole link from the e-mail.</p>"
    return _html(404, "Nothing here", said)


def refusal(status: int, message: str, headers: Mapping[str, str]) -> Response:
    """What could not be done, and why."""
    return _html(status, "That did not work", f"<p>{escape(message)}</p>", headers)


_ALL = "Stop all e-mails that can be turned off"


def _form(**buttons: str) -> str:
    """A form that posts to where it came from, by one button or the other."""
    said = "".join(
        f'<button name="do" value="{name}">{text}</button>' for name, text in buttons.items()
    )
    return f'<form method="post">{said}</form>'


def _html(status: int, title: str, body: str, headers: Mapping[str, str] | None = None) -> Response:
    content = _PAGE.format(title=title, style=_STYLE, body=body)
    return HTMLResponse(content, status, {**HEADERS, **(headers or {})})
