"""The page behind the link to unsubscribe (RFC 8058): GET shows it, only POST changes anything.

Scanners of mail follow every link, so looking must do nothing. The token in the URL is all that is
needed: there is no cookie that another's page could make use of.
"""

import asyncio
import re

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from core import seals
from core.errors import TimedOut, Unavailable
from core.parts import Parts
from core.settings import Settings
from graph import gate, unsubscribe_page
from graph.body import Body
from graph.context import Context
from graph.form import FORM, MOST_FIELDS, fields
from graph.rejection import Rejected, of
from graph.request import check_sender
from rules.unsubscribing import METHOD, ONE_CLICK, Link
from services import unsubscribing

METHODS = ("GET", "HEAD", "POST", "OPTIONS")
PARTED = "multipart/form-data"
LARGEST_FORM = 4_096
"""Bytes; what means anything here has some thirty."""
LONGEST_TYPE = 256
"""Characters of a Content-Type; RFC 2046 allows 70 for its boundary."""
CLIENT_LEFT = 499

_BOUNDARY = re.compile(r";\s*boundary=(?:\"([^\"]+)\"|([^\s;\"]+))", re.IGNORECASE)
_NAME = re.compile(
    rb"^content-disposition:[^\r\n]*?;[ \t]*name=(?:\"([^\"\r\n]*)\"|([^\s;\"]+))",
    re.IGNORECASE | re.MULTILINE,
)
_ONE_CLICK = (METHOD, ONE_CLICK)
_TOPIC, _ALL, _UNDO = ("do", "topic"), ("do", "all"), ("do", "undo")


def routes_to_unsubscribe(settings: Settings) -> list[Route]:
    """The page, at any token; raises ConfigurationError if its links could not be made or told."""
    seals.check(settings)
    return [Route("/unsubscribe/{token}", answer, methods=METHODS)]


async def answer(request: Request) -> Response:
    """Show the page, or do what its form or a mail provider asks for."""
    try:
        async with asyncio.timeout(request.app.state.parts.settings.operation_seconds):
            return await _answer(request)
    except ClientDisconnect:
        return Response(status_code=CLIENT_LEFT)
    except TimeoutError:
        rejected = of(TimedOut("this took too long; try again shortly"))
    except Exception as error:  # noqa: BLE001 - nothing of it may reach the reader unmasked
        rejected = of(error)
    return unsubscribe_page.refusal(rejected.status, str(rejected), rejected.headers)


async def _answer(request: Request) -> Response:
    if request.method == "OPTIONS":
        return Response(status_code=204, headers={"Allow": ", ".join(METHODS)})
    parts = await _admitted(request)
    link = unsubscribing.read(parts.settings, request.path_params["token"])
    if request.method == "POST":
        # Read in any case: an answer to what is still being sent may be lost on the way.
        async with Body(request, None) as body:
            if link is not None:
                await _act(link, _fields(request.headers.get("content-type", ""), bytes(body)))
    if link is None:
        return unsubscribe_page.unknown()
    return unsubscribe_page.page(link, await unsubscribing.state(link))


async def _admitted(request: Request) -> Parts:
    """Count it to the caller's address; raises RateLimited, Rejected and Unavailable."""
    state = request.app.state
    check_sender(request, state.parts.settings)
    if not state.ready.is_set():
        raise Unavailable
    peer = request.client.host if request.client else None
    await gate.admit(Context(state.parts, peer=peer))
    parts: Parts = state.parts
    return parts


async def _act(link: Link, said: list[tuple[str, str]]) -> None:
    """Do the one thing that the form asks for; raises Rejected for any other."""
    if _UNDO in said:
        await unsubscribing.resubscribe(link)
    elif _ONE_CLICK in said or _TOPIC in said or _ALL in said:
        await unsubscribing.unsubscribe(link, everything=_ALL in said)
    else:
        raise Rejected(400, f"nothing was changed: send the form field {METHOD}={ONE_CLICK}")


def _fields(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """The fields of a form in either of its two spellings; raises Rejected."""
    if len(body) > LARGEST_FORM:
        raise Rejected(413, f"a form has at most {LARGEST_FORM} bytes here")
    match content_type.partition(";")[0].strip().lower():
        case "application/x-www-form-urlencoded":
            return fields(body)
        case "multipart/form-data":
            return _parts(content_type, body)
        case other:
            raise Rejected(415, f"send a form, as {FORM} or {PARTED}, not {other or 'nothing'}")


def _parts(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """As RFC 7578 has it. Not by the mail parser, which takes minutes for a long Content-Type."""
    found = _BOUNDARY.search(content_type) if len(content_type) <= LONGEST_TYPE else None
    if found is None:
        raise Rejected(400, "this is no form")
    mark = b"--" + (found[1] or found[2]).encode("latin-1", "replace")
    _, *parts = (b"\n" + body.replace(b"\r\n", b"\n")).split(b"\n" + mark)
    if not parts or not parts.pop().startswith(b"--") or len(parts) > MOST_FIELDS:
        raise Rejected(400, "this is no form")
    return [field for part in parts if (field := _field(part)) is not None]


def _field(part: bytes) -> tuple[str, str] | None:
    head, _, said = part.partition(b"\n\n")
    name = _NAME.search(head)
    if name is None:
        return None
    raw = name[2] if name[1] is None else name[1]
    return raw.decode("utf-8", "replace"), said.decode("utf-8", "replace").strip()
