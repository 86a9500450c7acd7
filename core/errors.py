"""One tree of errors with stable codes; the edge maps them to GraphQL and HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self, TypeVar

from core.allowance import Allowance

Raw = TypeVar("Raw")
Value = TypeVar("Value")


class Problem(StrEnum):
    """What is wrong with one field of an input."""

    BLANK = "BLANK"
    INVALID = "INVALID"
    TOO_LONG = "TOO_LONG"
    TOO_MANY = "TOO_MANY"
    NOT_FOUND = "NOT_FOUND"
    TAKEN = "TAKEN"
    CONFLICT = "CONFLICT"
    NOT_ALLOWED_NOW = "NOT_ALLOWED_NOW"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with an input: the field's path in camelCase, what to do, and a code."""

    field: str
    message: str
    code: Problem


class BelfryError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "INTERNAL_SERVER_ERROR"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class Invalid(BelfryError, ValueError):
    """A value breaks a rule; raised by the pure rules, which don't know the field's name."""

    code = "BAD_USER_INPUT"

    def __init__(self, message: str, problem: Problem = Problem.INVALID) -> None:
        super().__init__(message)
        self.problem = problem


class InvalidInput(BelfryError):
    """The input has mistakes; nothing was changed."""

    code = "BAD_USER_INPUT"

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors

    @classmethod
    def at(cls, field: str, message: str, code: Problem = Problem.INVALID) -> Self:
        """An input with a single mistake."""
        return cls(FieldError(field, message, code))


class Unauthenticated(BelfryError):
    """No valid token came with the request; send `Authorization: Bearer <token>`."""

    code = "UNAUTHENTICATED"
    allowance: Allowance | None = None
    """What the caller's address has left, where the attempt was counted."""


class Forbidden(BelfryError):
    """The token's role does not allow this."""

    code = "FORBIDDEN"


class Unavailable(BelfryError):
    """A part that Belfry needs is away just now; try again shortly."""

    code = "UNAVAILABLE"


class TooComplex(BelfryError):
    """The operation asks for more than one operation may."""

    code = "TOO_COMPLEX"


class UnknownDocument(BelfryError):
    """No trusted document has this hash; send the document as `query`."""

    code = "PERSISTED_QUERY_NOT_FOUND"


class NoDocuments(BelfryError):
    """This server knows no documents by their hash; send the document as `query`."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"


class NotTrusted(BelfryError):
    """Only trusted documents are executed here, and this is none of them."""

    code = "DOCUMENT_NOT_TRUSTED"


class RateLimited(BelfryError):
    """The caller has used up its operations for now."""

    code = "RATE_LIMITED"

    def __init__(self, allowance: Allowance) -> None:
        wait = (
            f"at most {allowance.limit} operations a minute; try again in {allowance.retry_after} s"
        )
        super().__init__(wait)
        self.allowance = allowance


class TimedOut(BelfryError):
    """The operation took too long; ask for less at once."""

    code = "TIMEOUT"


class TooManyOperations(BelfryError):
    """The socket has no room for one more operation; complete some first."""

    code = "TOO_MANY_OPERATIONS"


class ConfigurationError(BelfryError):
    """A setting is missing or wrong, so the process can't start."""

    code = "CONFIGURATION"


class Checklist:
    """Collects every mistake of an input, so that its sender can mend all of them at once."""

    def __init__(self) -> None:
        self._errors: list[FieldError] = []

    def take(self, field: str, rule: Callable[[Raw], Value], raw: Raw) -> Value | None:
        """The value that the rule makes of `raw`; None after noting what the rule objects to."""
        try:
            return rule(raw)
        except Invalid as error:
            self.add(field, str(error), error.problem)
            return None

    def add(self, field: str, message: str, code: Problem = Problem.INVALID) -> None:
        """Note a mistake in a field."""
        self._errors.append(FieldError(field, message, code))

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """The mistakes noted so far."""
        return tuple(self._errors)

    def close(self) -> None:
        """Raise InvalidInput if any mistake was noted."""
        if self._errors:
            raise InvalidInput(*self._errors)
