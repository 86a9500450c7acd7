"""The knobs of the SMTP sink: which answer a client gets at which stage of a mail."""

import random
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import Invalid
from local.faults import Rate, Seconds, explained

CLOSE = "close"
"""In place of an answer: close the connection."""

STALL = "stall"
"""In place of an answer: say nothing more."""

DROP = "drop"
"""At the dot, in place of an answer: close the connection, and do not keep the mail."""

LEAVE = "answer, close"
"""Give the usual answer, then close the connection."""


class Stage(StrEnum):
    """What the client has just sent; the value is the name of its knob."""

    GREETING = "greeting"
    EHLO = "ehlo"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"
    DOT = "dot"


Answer = Annotated[str, Field(pattern=r"^[ -~]*$", max_length=400)]
"""A line such as `451 4.3.0 later`, or CLOSE or STALL; empty means the usual answer."""


class Mixed(BaseModel):
    """An answer given by chance."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stage: Stage
    answer: Answer
    rate: Rate


class MailFaults(BaseModel):
    """All knobs. At the dot, a mail is kept unless the answer begins with 4 or 5."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    greeting: Answer = ""
    ehlo: Answer = ""
    mail: Answer = ""
    rcpt: Answer = ""
    data: Answer = ""
    content: Literal["", "close", "stall"] = ""
    """When the first of the content comes: reset the connection, or say nothing more."""
    dot: Answer = ""
    """May also be LEAVE or DROP."""
    recipients: dict[str, Answer] = {}
    """Answers to RCPT by address."""
    rate: Rate = 1.0
    """Share of the times that an answer from above is given."""
    mixed: tuple[Mixed, ...] = ()
    """Answers by chance where none of the above is given; the rates of a stage are at most 1."""
    seed: int | None = None
    """Makes the draws the same each time."""
    latency_seconds: Seconds = 0.0
    """Wait before the answer to the dot."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        for stage in Stage:
            if sum(mixed.rate for mixed in self.mixed if mixed.stage is stage) > 1 + 1e-9:
                raise ValueError(f"the rates of {stage} together must not exceed 1")
        for mixed in self.mixed:
            if mixed.stage is Stage.CONTENT and mixed.answer not in (CLOSE, STALL):
                raise ValueError("the content is answered by close or stall")
        return self


class MailDice:
    """Draws the answers that the knobs ask for."""

    def __init__(self, faults: MailFaults | None = None) -> None:
        """Begin a fresh series of draws."""
        self.faults = faults or MailFaults()
        self._random = random.Random(self.faults.seed)

    def answer(self, stage: Stage, recipient: str = "") -> str:
        """What to answer at the stage in place of the usual; empty for the usual."""
        answer: str = self.faults.recipients.get(recipient) or getattr(self.faults, stage)
        if answer and (self.faults.rate == 1 or self._random.random() < self.faults.rate):
            return answer
        return self._mixed(stage)

    def _mixed(self, stage: Stage) -> str:
        mixed = [one for one in self.faults.mixed if one.stage is stage]
        drawn = self._random.random() if mixed else 0.0
        for one in mixed:
            if drawn < one.rate:
                return one.answer
            drawn -= one.rate
        return ""


def mail_faults_from(raw: bytes) -> MailFaults:
    """Knobs from JSON; those left out are off. Raises Invalid, naming the knobs there are."""
    try:
        return MailFaults.model_validate_json(raw)
    except ValidationError as error:
        raise Invalid(explained(error, MailFaults)) from None
