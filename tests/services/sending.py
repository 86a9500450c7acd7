"""Sends as tests ask for them."""

from typing import Any

from core.parts import Parts
from models.mailing import Mailing
from models.send import Send
from services import sends
from services.new_send import NewSend, OwnWords, Recipient, To
from services.wording import Chosen
from tests.services.looking import rows

GREETING = Chosen("welcome", context={"name": "all"})
HELLO = OwnWords("Hello", "News")


def to(*recipients: Recipient) -> To:
    return To(recipients)


def mail(address: str = "a@example.com", **said: Any) -> Recipient:
    return Recipient(email=address, **said)


async def send(parts: Parts, whom: To, key: str | None = None, **said: Any) -> Send:
    usual: dict[str, Any] = {} if said.keys() & {"template", "words"} else {"words": HELLO}
    return await sends.create(parts, "caller", NewSend(to=whom, **{**usual, **said}), key)


async def nothing_written() -> bool:
    return not await rows() and not await Send.find_all().count() and not await Mailing.count()
