"""What the messengers have in common: a bot's token, a text of a limited length, one POST a message.

None of them takes an id for a message, so one whose answer was lost may arrive twice.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import partial
from typing import Any

import orjson
from pydantic import SecretStr

from channels.answer import kept
from channels.channel import Envelope, Outcome, Refused, Retry
from channels.posting import Answer, Connections
from channels.profile import Profile
from core.errors import ConfigurationError

_TOKEN = re.compile(r"[!-~]{1,4096}")  # servers commonly take 8 kB of headers


class Messenger(ABC):
    """A messenger as a Channel; opens its connections at the first send."""

    name: str
    provider: str
    setting: str
    """How its settings begin."""
    _headers: Mapping[str, str] | None = None
    _address = ""

    def __init__(self, token: SecretStr, means: Profile) -> None:
        """Raises ConfigurationError for a token that no request could carry."""
        self._token = token.get_secret_value()
        if self._token and not self.allowed.fullmatch(self._token):
            raise ConfigurationError(f"{self.setting}_TOKEN: has characters that no token has")
        self.concurrency = means.concurrency
        self._lacking = means.lacking
        self._longest_text = means.longest_text
        self._connections = Connections(means.concurrency)

    allowed: re.Pattern[str] = _TOKEN
    """What a token may look like."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The token."""
        return (self._token,) if self._token else ()

    async def send(self, envelope: Envelope, timeout_seconds: float) -> Outcome:
        """Try once, within the time given."""
        if self._lacking:
            # It waits, as for any provider that is away: whoever sets it up loses nothing.
            return Retry("unset", f"set {' and '.join(self._lacking)}")
        if refusal := self._objection(envelope):
            return refusal
        try:
            body = orjson.dumps(self._content(envelope))
        except orjson.JSONEncodeError:
            return Refused("text", "the text is not valid Unicode", asked=False)
        work = partial(self._exchange, body)
        return await self._connections.exchange(work, timeout_seconds, lambda: self.secrets)

    async def close(self) -> None:
        """Give up the kept connections."""
        await self._connections.close()

    @abstractmethod
    def _content(self, envelope: Envelope) -> dict[str, Any]:
        """The body of a request."""

    @abstractmethod
    def _verdict(self, answer: Answer, said: Mapping[str, Any] | None, shown: str) -> Outcome:
        """What an answer means: `said` is its JSON object if it is one, `shown` what is kept."""

    def _objection(self, envelope: Envelope) -> Outcome | None:
        """Why nobody needs to be asked."""
        if not envelope.address:
            problem = f"there is no {self.name} handle"
            return Refused("address", problem, undeliverable=True, asked=False)
        if not envelope.text.strip():
            return Refused("text", "the text is empty", asked=False)
        length, longest = len(envelope.text), self._longest_text
        if longest is not None and length > longest:
            problem = f"the text has {length:,} characters; {self.name} takes {longest:,}"
            return Refused("text", problem, asked=False)
        return None

    async def _exchange(self, body: bytes, ends: float) -> Outcome:
        answer = await self._connections.post(self._address, body, self._headers, ends)
        shown = kept(answer.body.decode("utf-8", "replace"), self.secrets)
        return self._verdict(answer, _object(answer.body), shown)


def _object(body: bytes) -> Mapping[str, Any] | None:
    """The JSON object that a body is; None if it is none."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return content if type(content) is dict else None
