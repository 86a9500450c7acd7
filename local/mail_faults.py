"""The knobs of the SMTP sink: which answer a client gets at which stage of a mail."""

import random
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import Invalid
from local.faults import Rate, Seconds, explained

CLOSE = "close"
"""In place of an answer: close the connection."""

STALL = "stall"
"""In place of an answer: say nothing more."""

LEAVE = "answer, close"
"""Give the usual answer, then close the connection."""


class Stage(StrEnum):
    """What the client has just sent; the value is the name of its knob."""

    GREETING = "greeting"
    EHLO = "ehlo"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


Answer = Annotated[str, Field(pattern=r"^[ -~]*$", max_length=400)]
"""A line such as `451 4.3.0 later`, or CLOSE or STALL; empty means the usual answer."""


class MailFaults(BaseModel):
    """All knobs. At the dot, a mail is kept unless the answer begins with 4 or 5."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    greeting: Answer = ""
    ehlo: Answer = ""
    mail: Answer = ""
    rcpt: Answer = ""
    data: Answer = ""
    dot: Answer = ""
    """May also be LEAVE."""
    recipients: dict[str, Answer] = {}
    """Answers to RCPT by address."""
    rate: Rate = 1.0
    """Share of the times that an answer from here is given."""
    seed: int | None = None
    """Makes the draws the same each time."""
    latency_seconds: Seconds = 0.0
    """Wait before the answer to the dot."""


class MailDice:
    """Draws the answers that the knobs ask for."""

    def __init__(self, faults: MailFaults | None = None) -> None:
        """Begin a fresh series of draws."""
        self.faults = faults or MailFaults()
        self._random = random.Random(self.faults.seed)

    def answer(self, stage: Stage, recipient: str = "") -> str:
        """What to answer at the stage in place of the usual; empty for the usual."""
        answer: str = self.faults.recipients.get(recipient) or getattr(self.faults, stage)
        if not answer or (self.faults.rate < 1 and self._random.random() >= self.faults.rate):
            return ""
        return answer


def mail_faults_from(raw: bytes) -> MailFaults:
    """Knobs from JSON; those left out are off. Raises Invalid, naming the knobs there are."""
    try:
        return MailFaults.model_validate_json(raw)
    except ValidationError as error:
        raise Invalid(explained(error, MailFaults)) from None
