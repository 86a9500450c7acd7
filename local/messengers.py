"""The emulators of the messengers (C5), with the requests and the answers of the real ones.

Any token will do, so that one set of settings fits them all. The ledgers know each message by the
id that the service gives it, because its sender gives it none.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from starlette.types import Scope

from core.errors import Invalid
from local.emulated import Emulated, Headers, Reply, header, json_of, reply
from local.ledger import Ledger

TELEGRAM = re.compile(r"/bot[^/]+/sendMessage")
WHATSAPP = re.compile(r"/v[0-9]+\.[0-9]+/[0-9]+/messages")
VIBER = re.compile(r"/pa/send_message")

NOT_SUBSCRIBED = 6
_NOT_POST: Headers = ((b"allow", b"POST"),)


def _telegram(code: int, description: str, **parameters: int) -> Reply:
    said = {"ok": False, "error_code": code, "description": description}
    return reply(code, {**said, "parameters": parameters} if parameters else said)


class Telegram(Emulated):
    """`POST /bot{token}/sendMessage`: https://core.telegram.org/bots/api#sendmessage."""

    down = _telegram(503, "Service Unavailable")
    not_post = _telegram(404, "Not Found")
    unauthorized = _telegram(401, "Unauthorized")
    refused = _telegram(400, "Bad Request: refused, as ordered")
    crashed = _telegram(500, "Internal Server Error: crashed, as ordered")

    def admits(self, scope: Scope) -> bool:
        """Whoever knows where to ask."""
        return True

    def too_many(self, seconds: int) -> Reply:
        """429, with the wait in its parameters."""
        description = f"Too Many Requests: retry after {seconds}"
        return _telegram(429, description, retry_after=seconds)

    def bad_request(self, problem: str) -> Reply:
        """400."""
        return _telegram(400, f"Bad Request: {problem}")

    def accept(self, path: str, body: bytes, came: datetime) -> Reply:
        """Write it down by a number."""
        match json_of(body):
            case {"chat_id": int() | str() as chat, "text": str(text)} if 0 < len(text) <= 4_096:
                number = self.ledger.count + 1
                self.ledger.accept(number, came, to=str(chat), text=text)
                result = {"message_id": number, "chat": {"id": chat}, "text": text}
                return reply(200, {"ok": True, "result": result})
            case _:
                raise Invalid("chat_id and a text of 1 to 4096 characters are needed")


def _whatsapp(status: int, code: int, message: str, headers: Headers = ()) -> Reply:
    error = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code}
    return reply(status, {"error": {**error, "fbtrace_id": "emulated"}}, headers)


class WhatsApp(Emulated):
    """`POST /{version}/{phone-number-id}/messages` of the Cloud API.

    https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages
    """

    down = _whatsapp(503, 131016, "Service unavailable")
    not_post = _whatsapp(405, 100, "Unsupported request", _NOT_POST)
    unauthorized = _whatsapp(401, 190, "Access token has expired")
    refused = _whatsapp(400, 131009, "Parameter value is not valid: refused, as ordered")
    crashed = _whatsapp(500, 999999, "crashed, as ordered")

    def admits(self, scope: Scope) -> bool:
        """Whoever has a Bearer token."""
        return header(scope, b"authorization").startswith(b"Bearer ")

    def too_many(self, seconds: int) -> Reply:
        """429, as the throughput is reached."""
        wait = ((b"retry-after", str(seconds).encode("ascii")),)
        return _whatsapp(429, 130429, "Rate limit hit", wait)

    def bad_request(self, problem: str) -> Reply:
        """400, an invalid parameter."""
        return _whatsapp(400, 100, problem)

    def accept(self, path: str, body: bytes, came: datetime) -> Reply:
        """Write it down by an id of its own."""
        match json_of(body):
            case {
                "messaging_product": "whatsapp",
                "to": str(to),
                "type": "text",
                "text": {"body": str(text)},
            } if 0 < len(text) <= 4_096:
                ident = f"wamid.{self.ledger.count + 1}"
                self.ledger.accept(ident, came, to=to, text=text)
                contacts = [{"input": to, "wa_id": to}]
                said = {"messaging_product": "whatsapp", "contacts": contacts}
                return reply(200, {**said, "messages": [{"id": ident}]})
            case _:
                raise Invalid("to, and a text with a body of 1 to 4096 characters, are needed")


def _viber(status: int, message: str, **said: object) -> Reply:
    return reply(200, {"status": status, "status_message": message, **said})


class Viber(Emulated):
    """`POST /pa/send_message`, which always fails; for a test it may be made to work.

    https://developers.viber.com/docs/api/rest-bot-api/#send-message
    """

    down = reply(503, {"message": "the service is down"})
    not_post = reply(405, {"message": "only POST is answered here"}, _NOT_POST)
    unauthorized = _viber(2, "invalidAuthToken")
    refused = _viber(3, "badData")
    crashed = reply(500, {"message": "crashed, as ordered"})

    def __init__(self, ledger: Ledger, status: int = NOT_SUBSCRIBED) -> None:
        """Answer every good request with this status; 0 is success, and alone written down."""
        super().__init__(ledger)
        self.status = status

    def admits(self, scope: Scope) -> bool:
        """Whoever has a token."""
        return bool(header(scope, b"x-viber-auth-token"))

    def too_many(self, seconds: int) -> Reply:
        """12; it names no time to wait."""
        return _viber(12, "tooManyRequests")

    def bad_request(self, problem: str) -> Reply:
        """4."""
        return _viber(4, f"missingData: {problem}")

    def accept(self, path: str, body: bytes, came: datetime) -> Reply:
        """Fail, or write it down by a token of its own."""
        match json_of(body):
            case {
                "receiver": str(to),
                "type": "text",
                "sender": {"name": str()},
                "text": str(text),
            }:
                if self.status:
                    return _viber(self.status, "failed, as always here")
                token = self.ledger.count + 1
                self.ledger.accept(token, came, to=to, text=text)
                return _viber(0, "ok", message_token=token)
            case _:
                raise Invalid("receiver, type, sender.name and text are needed")


MESSENGERS: Mapping[str, tuple[re.Pattern[str], Callable[[Ledger], Emulated]]] = {
    "telegram": (TELEGRAM, Telegram),
    "whatsapp": (WHATSAPP, WhatsApp),
    "viber": (VIBER, Viber),
}
"""Each by its name, with the paths that are its own."""
