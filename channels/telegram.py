"""Telegram's Bot API: https://core.telegram.org/bots/api#sendmessage."""

import re
from collections.abc import Mapping
from typing import Any

from channels.channel import Envelope, Outcome, Refused, Retry, Sent, Unknown
from channels.http import checked_address, host
from channels.http_verdict import by_status, wish
from channels.messenger import Messenger
from channels.posting import Answer
from channels.profile import profile
from core.settings import Settings

_GONE = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "channel_private",
    "chat_write_forbidden",
    "group chat was upgraded",
    "group chat was deactivated",
    "no rights to send",
    "not enough rights",
)
"""In the descriptions of a 400 that is about the chat; the API has no codes for them."""


class Telegram(Messenger):
    """A bot on Telegram."""

    name = "telegram"
    setting = "TELEGRAM"
    # It stands in the address, where nothing may need an escape: that would hide it from `kept`.
    allowed = re.compile(r"[A-Za-z0-9:._~-]{1,256}")

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigurationError for settings that no request could be made of."""
        super().__init__(settings.telegram_token, profile(settings, self.name))
        base = checked_address(settings.telegram_url, "TELEGRAM_URL")
        self.provider = host(base)
        self._address = f"{base}/bot{self._token}/sendMessage"

    def _content(self, envelope: Envelope) -> dict[str, Any]:
        chat = envelope.address
        is_number = chat.removeprefix("-").isdecimal()
        return {"chat_id": int(chat) if is_number else chat, "text": envelope.text}

    def _verdict(self, answer: Answer, said: Mapping[str, Any] | None, shown: str) -> Outcome:
        if said is None or type(said.get("ok")) is not bool:
            if answer.status == 200:
                return Unknown("garbage", shown)
            return by_status(answer.status, answer.headers, shown)
        if said["ok"]:
            return Sent(str(answer.status), shown)
        return _refusal(answer, said, shown)


def _refusal(answer: Answer, said: Mapping[str, Any], shown: str) -> Outcome:
    """What a "not ok" means: https://core.telegram.org/bots/api#making-requests."""
    code = said.get("error_code", answer.status)
    match code:
        case 400:
            description = str(said.get("description", "")).lower()
            is_chat = any(text in description for text in _GONE)
            return Refused("400", shown, undeliverable=is_chat, about_provider=not is_chat)
        case 403:  # blocked by the user, kicked out, never spoken to
            return Refused("403", shown, undeliverable=True)
        case 401 | 404:  # an address with a token that makes no sense is not even found
            return Retry("401", shown)
        case 429:
            return Retry("429", shown, after=_wish(said))
        case int():
            return by_status(code, answer.headers, shown)
        case _:
            return Unknown("garbage", shown)


def _wish(said: Mapping[str, Any]) -> float | None:
    """Seconds: https://core.telegram.org/bots/api#responseparameters."""
    match said.get("parameters"):
        case {"retry_after": int(seconds)}:
            return wish(str(seconds))
        case _:
            return None
