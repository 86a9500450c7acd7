"""The knobs of the sending API's emulator, and the draw of a fault for each request."""

import random
from enum import StrEnum
from itertools import accumulate
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import Invalid

LONGEST_SECONDS = 120.0
"""The most that the emulator keeps a client waiting."""


Rate = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=LONGEST_SECONDS)]


class Fault(StrEnum):
    """What may go wrong with one request; the value is the first part of its knob's name."""

    UNAUTHORIZED = "unauthorized"
    TOO_MANY = "too_many"
    REFUSE = "refuse"
    ERROR = "error"
    GARBAGE_BEFORE = "garbage_before"
    RESET_BEFORE = "reset_before"
    EXPIRE = "expire"
    HANG = "hang"
    HANG_AFTER = "hang_after"
    ERROR_AFTER = "error_after"
    GARBAGE_AFTER = "garbage_after"
    CUT = "cut"
    BREAK = "break"
    RESET = "reset"


class Faults(BaseModel):
    """All knobs. The rates are shares of the requests, and together at most 1."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    down: Literal[False, "503", "close"] = False
    """Every request is answered 503, or its connection closed without an answer."""
    latency_seconds: Seconds = 0.0
    """Wait before every answer."""
    jitter_seconds: Seconds = 0.0
    """Up to this much more of it."""
    unauthorized_rate: Rate = 0.0
    """401, not accepted."""
    too_many_rate: Rate = 0.0
    """429, not accepted."""
    retry_after_seconds: Annotated[int, Field(ge=0)] = 1
    """Retry-After of each 429."""
    refuse_rate: Rate = 0.0
    """400, not accepted."""
    error_rate: Rate = 0.0
    """500, not accepted."""
    garbage_before_rate: Rate = 0.0
    """200 and HTML, not accepted."""
    hang_rate: Rate = 0.0
    """No answer until the client leaves, not accepted."""
    reset_before_rate: Rate = 0.0
    """The connection is reset in place of an answer, not accepted."""
    expire_rate: Rate = 0.0
    """All tokens expire, and 401 until a fresh one comes from `/oauth/token`; not accepted."""
    hang_after_rate: Rate = 0.0
    """Accepted, then no answer until the client leaves."""
    error_after_rate: Rate = 0.0
    """Accepted, then 500."""
    garbage_after_rate: Rate = 0.0
    """Accepted, then 200 and HTML."""
    cut_rate: Rate = 0.0
    """Accepted, then half of the JSON."""
    break_rate: Rate = 0.0
    """Accepted, then the connection ends in the middle of the answer."""
    reset_rate: Rate = 0.0
    """Accepted, then the connection is reset in place of an answer."""
    token_seconds: Annotated[int, Field(ge=0)] = 0
    """How long the tokens from `/oauth/token` are good; 0: until they are made to expire."""
    token_fault: Literal["", "error", "refuse", "garbage", "hang"] = ""
    """What `/oauth/token` does in place of issuing a token: 500, 401, HTML with 200, nothing."""
    seed: int | None = None
    """Makes the draws the same each time."""

    @model_validator(mode="after")
    def _leaves_room(self) -> Self:
        if sum(self.rates) > 1 + 1e-9:
            raise ValueError("the rates together must not exceed 1")
        return self

    @property
    def rates(self) -> list[float]:
        """The rate of each Fault, in their order."""
        return [getattr(self, f"{fault}_rate") for fault in Fault]


class Dice:
    """Draws the faults that the knobs ask for."""

    def __init__(self, faults: Faults | None = None) -> None:
        """Begin a fresh series of draws."""
        self.faults = faults or Faults()
        self._random = random.Random(self.faults.seed)
        self._bounds = list(zip(accumulate(self.faults.rates), Fault, strict=True))
        self._ever = self._bounds[-1][0] > 0

    def fault(self) -> Fault | None:
        """What goes wrong with the next request."""
        if not self._ever:
            return None
        drawn = self._random.random()
        return next((fault for bound, fault in self._bounds if drawn < bound), None)

    def delay(self) -> float:
        """Seconds before the next answer."""
        delay = self.faults.latency_seconds
        if self.faults.jitter_seconds:
            delay += self._random.uniform(0, self.faults.jitter_seconds)
        return min(delay, LONGEST_SECONDS)


def faults_from(raw: bytes) -> Faults:
    """Knobs from JSON; those left out are off. Raises Invalid, naming the knobs there are."""
    try:
        return Faults.model_validate_json(raw)
    except ValidationError as error:
        raise Invalid(explained(error, Faults)) from None


def explained(error: ValidationError, knobs: type[BaseModel]) -> str:
    """What is wrong with the knobs, and which there are."""
    problems = "; ".join(
        f"{'.'.join(map(str, at['loc'])) or 'body'}: {at['msg']}" for at in error.errors()
    )
    return f"{problems}. The knobs are: {', '.join(knobs.model_fields)}"
