"""The external sending API (M10): POST /v1/send/{msgId}."""

import re
from functools import partial

import orjson

from channels.channel import Envelope, Outcome, Refused, Retry
from channels.http import checked_address, host
from channels.posting import Connections, now
from channels.sending_verdict import verdict
from channels.token_source import NoToken, TokenSource

INT64_MAX = 2**63 - 1

_DIGITS = re.compile(r"[0-9]{1,19}")


class SendingApi:
    """The sending API as a Channel; opens its connections at the first send."""

    name = "sending_api"

    def __init__(self, base_url: str, token: str | TokenSource, concurrency: int) -> None:
        """Raises ConfigurationError for an address or a token that no request could carry."""
        self.concurrency = concurrency
        self._address = checked_address(base_url, "SENDING_API_URL") + "/v1/send/"
        self.provider = host(self._address)
        self._tokens = token if isinstance(token, TokenSource) else TokenSource(token)
        self._connections = Connections(concurrency)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Tokens, and what asks for them."""
        return self._tokens.secrets

    async def send(self, envelope: Envelope, timeout_seconds: float) -> Outcome:
        """Try once, within the time given; the outcomes are those of `sending_verdict`.

        The first 401 fetches a fresh token where one is to be had, and the request is repeated.
        """
        if not _is_phone(envelope.address):
            return Refused(
                "address", "a phone number is made of digits", undeliverable=True, asked=False
            )
        try:
            body = orjson.dumps(
                {"id": envelope.number, "phone": int(envelope.address), "text": envelope.text}
            )
        except orjson.JSONEncodeError:
            return Refused("text", "the text is not valid Unicode", asked=False)
        work = partial(self._exchange, f"{self._address}{envelope.number}", body)
        return await self._connections.exchange(work, timeout_seconds, lambda: self.secrets)

    async def close(self) -> None:
        """Give up the kept connections."""
        await self._tokens.close()
        await self._connections.close()

    async def _exchange(self, address: str, body: bytes, ends: float) -> Outcome:
        """The request, and once more with a fresh token if its own is not good any more."""
        try:
            token = await self._tokens.usable(ends - now())
        except NoToken as error:
            return Retry("401", str(error))
        outcome = await self._post(address, body, token, ends)
        if outcome.code != "401" or not self._tokens.renews:
            return outcome
        try:
            token = await self._tokens.after(token, ends - now())
        except NoToken:
            return outcome
        return await self._post(address, body, token, ends) if ends > now() else outcome

    async def _post(self, address: str, body: bytes, token: str, ends: float) -> Outcome:
        headers = {"Authorization": f"Bearer {token}"} if token else None
        answer = await self._connections.post(address, body, headers, ends)
        return verdict(answer.status, answer.headers, answer.body, self.secrets)


def _is_phone(address: str) -> bool:
    return bool(_DIGITS.fullmatch(address)) and int(address) <= INT64_MAX
