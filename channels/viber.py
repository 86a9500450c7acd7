"""Viber's bot API: https://developers.viber.com/docs/api/rest-bot-api/#send-message.

It answers 200 whatever comes of a message; `status` in the body says which:
https://developers.viber.com/docs/api/rest-bot-api/#error-codes.
"""

from collections.abc import Mapping
from typing import Any

from channels.channel import Envelope, Outcome, Refused, Retry, Sent, Unknown
from channels.http import checked_address, host
from channels.http_verdict import by_status
from channels.messenger import Messenger
from channels.posting import Answer
from channels.profile import profile
from core.settings import Settings

OLDEST_API = 1
"""The version of Viber's app that a text needs: any."""

_GONE = frozenset({5, 6, 11, 21})
"""Not on Viber, not subscribed to the bot, no device for it, in no country that it may reach."""
_BUSY = 12
"""More than 100 messages in an hour to somebody who does not answer."""
_REFUSED = frozenset({3, 4, 13, 14, 16, 17, 19, 20})
"""The request itself."""


class Viber(Messenger):
    """A bot on Viber."""

    name = "viber"
    setting = "VIBER"

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigurationError for settings that no request could be made of."""
        super().__init__(settings.viber_token, profile(settings, self.name))
        self._sender = settings.viber_name
        base = checked_address(settings.viber_url, "VIBER_URL")
        self.provider = host(base)
        self._address = f"{base}/pa/send_message"
        self._headers = {"X-Viber-Auth-Token": self._token}

    def _content(self, envelope: Envelope) -> dict[str, Any]:
        return {
            "receiver": envelope.address,
            "type": "text",
            "sender": {"name": self._sender},
            "text": envelope.text,
            "min_api_version": OLDEST_API,
        }

    def _verdict(self, answer: Answer, said: Mapping[str, Any] | None, shown: str) -> Outcome:
        if answer.status != 200:
            return by_status(answer.status, answer.headers, shown)
        status = None if said is None else said.get("status")
        # JSON's true and 0.0 would pass for the integer that is promised.
        return Unknown("garbage", shown) if type(status) is not int else _by_code(status, shown)


def _by_code(status: int, shown: str) -> Outcome:
    if status == 0:
        return Sent("200", shown)
    name = f"200:{status}"
    if status in _GONE:
        return Refused(name, shown, undeliverable=True)
    if status in _REFUSED:
        return Refused(name, shown, about_provider=True)
    if status == _BUSY:
        return Retry(name, shown, about_provider=False)
    # Of codes yet unknown it is sure, too, that the message was not taken.
    return Retry(name, shown)
