"""The tokens that the emulator of the sending API honours, and their issue (RFC 6749, 4.4)."""

from base64 import b64decode
from secrets import token_urlsafe
from time import monotonic
from urllib.parse import unquote_plus

from core.errors import Invalid

GRANT = b"grant_type=client_credentials"


class Tokens:
    """Who may come in: the bearer of the first token or of one issued, until they expire.

    With an empty first token anyone may, until the tokens are made to expire.
    """

    def __init__(self, first: str = "") -> None:
        """Know one token, or let anyone in."""
        self.asked_for = 0
        """How many requests for a token there were."""
        self.issued = 0
        """How many were given out."""
        self.expiries = 0
        """How often all were made to expire."""
        self._open = not first
        self._known: dict[str, float | None] = {first: None} if first else {}

    @property
    def valid(self) -> int:
        """How many tokens are good now."""
        return sum(map(self._is_good, self._known))

    def admits(self, authorization: bytes) -> bool:
        """Whether a request with this header may come in."""
        if self._open:
            return True
        scheme, _, token = authorization.decode("latin-1").partition(" ")
        return scheme.lower() == "bearer" and self._is_good(token)

    def issue(self, authorization: bytes, form: bytes, seconds: int) -> dict[str, object]:
        """A token for a client that says who it is, good for some seconds or, if 0, for ever.

        Raises Invalid for a request that is none by RFC 6749.
        """
        if GRANT not in form.split(b"&"):
            raise Invalid("unsupported_grant_type")
        if not all(_credentials(authorization)):
            raise Invalid("invalid_client")
        token = token_urlsafe(24)
        self.issued += 1
        self._known = {known: end for known, end in self._known.items() if self._is_good(known)}
        self._known[token] = monotonic() + seconds if seconds else None
        ending = {"expires_in": seconds} if seconds else {}
        return {"access_token": token, "token_type": "Bearer", **ending}

    def expire(self) -> None:
        """From now on, let in nobody but those who get a token later."""
        self.expiries += 1
        self._open = False
        self._known.clear()

    def _is_good(self, token: str) -> bool:
        if token not in self._known:
            return False
        ends = self._known[token]
        return ends is None or monotonic() < ends


def _credentials(authorization: bytes) -> tuple[str, str]:
    """Name and secret of HTTP Basic, both empty if it makes no sense."""
    scheme, _, coded = authorization.partition(b" ")
    try:
        name, _, secret = b64decode(coded, validate=True).decode("ascii").partition(":")
    except ValueError:
        name, secret = "", ""
    known = scheme.lower() == b"basic"
    return (unquote_plus(name), unquote_plus(secret)) if known else ("", "")
