"""WhatsApp's Cloud API: https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages.

What its error codes mean: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes.
"""

from collections.abc import Mapping
from typing import Any

from channels.channel import Envelope, Outcome, Refused, Retry, Sent, Unknown
from channels.http import checked_address, host
from channels.http_verdict import by_status, wish
from channels.messenger import Messenger
from channels.posting import Answer
from channels.profile import profile
from core.errors import ConfigurationError
from core.settings import Settings

_GONE = frozenset({130497, 131021, 131026, 131030})
"""No WhatsApp there, or none that this business may write to."""
_NOT_NOW = frozenset({130472, 131047, 131049, 131050})
"""To this recipient no such text, for now: the last word was too long ago, for one."""
_ACCOUNT = frozenset({0, 3, 10, 33, 190, 368, 131005, 131031, 131042, 133010, *range(200, 300)})
"""Our token, rights, number or bill: it holds for every message until somebody mends it."""
_BUSY = frozenset({4, 80007, 130429, 131048})
_PAIR_BUSY = 131056
"""Too much to this one recipient."""
_TROUBLE = frozenset({1, 2, 131000, 131016, 131057, 133004})
"""Theirs; the message was not taken."""


class WhatsApp(Messenger):
    """A business's number on WhatsApp."""

    name = "whatsapp"
    setting = "WHATSAPP"

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigurationError for settings that no request could be made of."""
        super().__init__(settings.whatsapp_token, profile(settings, self.name))
        phone_id = settings.whatsapp_phone_id
        if phone_id and not (phone_id.isascii() and phone_id.isdigit()):
            raise ConfigurationError("WHATSAPP_PHONE_ID: is made of digits")
        base = checked_address(settings.whatsapp_url, "WHATSAPP_URL")
        self.provider = host(base)
        self._address = f"{base}/{phone_id}/messages"
        self._headers = {"Authorization": f"Bearer {self._token}"}

    def _content(self, envelope: Envelope) -> dict[str, Any]:
        return {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": envelope.address,
            "type": "text",
            "text": {"preview_url": False, "body": envelope.text},
        }

    def _verdict(self, answer: Answer, said: Mapping[str, Any] | None, shown: str) -> Outcome:
        match said:
            case {"error": {"code": int(code)}}:
                return _refusal(answer, code, shown)
            case {"messages": [{"id": str()}, *_]} if answer.status == 200:
                return Sent("200", shown)
            case _ if answer.status == 200:
                return Unknown("garbage", shown)
            case _:
                return by_status(answer.status, answer.headers, shown)


def _refusal(answer: Answer, code: int, shown: str) -> Outcome:
    """What an error of the Graph API means; its code says more than the status."""
    name = f"{answer.status}:{code}"
    if code in _GONE:
        return Refused(name, shown, undeliverable=True)
    if code in _NOT_NOW:
        return Refused(name, shown)
    if code in _BUSY or code == _PAIR_BUSY:
        after = wish(answer.headers.get("Retry-After", ""))
        return Retry(name, shown, after=after, about_provider=code in _BUSY)
    if code in _ACCOUNT or code in _TROUBLE:
        return Retry(name, shown)
    return by_status(answer.status if answer.status != 200 else 400, answer.headers, shown)
