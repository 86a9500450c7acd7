"""Forms of pages: their fields, and the token that a download by one shows.

A page's script can't set headers on what the browser itself fetches and writes to disk. A form may
carry the token in its body, which unlike a URL is kept by no history and by no log.
"""

from urllib.parse import parse_qsl

from starlette.requests import Request

from graph.body import TOO_LARGE, Body
from graph.rejection import Rejected

FORM = "application/x-www-form-urlencoded"
FIELD = "authorization"
"""What stands for the header, as in connection_init of a socket."""
LARGEST = 16 * 1024
"""Bytes of a form with a token, of which the longest have some four thousand."""
MOST_FIELDS = 10


def fields(body: bytes) -> list[tuple[str, str]]:
    """Those of an encoded form in their order; raises Rejected."""
    try:
        return parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Rejected(400, "this is no form") from None


async def authorization(request: Request) -> str | None:
    """What the request's form, or without one its header, says of who asks; raises Rejected."""
    if request.method != "POST":
        return request.headers.get("authorization")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM:
        raise Rejected(415, f"send a form, as {FORM}, not {media_type[:64] or 'nothing'}")
    async with Body(request, None) as body:
        if len(body) > LARGEST:
            raise Rejected(413, f"a form has at most {LARGEST} bytes here", TOO_LARGE)
        said = fields(bytes(body))
    # Nothing of it is repeated: what is wrong here may be a token.
    if len(said) != 1 or said[0][0] != FIELD:
        raise Rejected(400, f"send one field, `{FIELD}`, that reads `Bearer <token>`")
    return said[0][1]
