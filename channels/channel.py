"""The contract of every channel: an Envelope in, one Outcome of a closed set out."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

ANSWER_LIMIT = 2_000
"""Characters of a provider's answer that are kept."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message, ready to leave.

    `message_id` is the same in every attempt, so that the outside can tell a repeat.
    """

    message_id: str
    number: int
    """`message_id` for providers whose ids are int64: positive, unique, stable."""
    address: str
    text: str
    subject: str = ""
    unsubscribe: str = ""
    """The https URL by which the recipient ends mails like this one (RFC 8058); empty for none."""
    html: str = ""
    """For channels that show it, in place of the text."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider said that it has taken the message; this always speaks for the provider."""

    code: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """The provider definitely did not take it; `after` is its own wish, in seconds."""

    code: str
    answer: str = ""
    after: float | None = None
    about_provider: bool = True
    """Whether this speaks against the provider as a whole, not only about this message."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never take it; `undeliverable` when the address is what it refuses."""

    code: str
    answer: str = ""
    undeliverable: bool = False
    about_provider: bool = False
    """As in Retry: the same refusal for many may mean that the provider is at fault, or we are."""
    asked: bool = True
    """False if the channel refused it by itself, so that the provider knows nothing of it."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The provider may have taken it: the answer was lost, cut, late or senseless."""

    code: str
    answer: str = ""
    about_provider: bool = True
    """As in Retry."""


Outcome: TypeAlias = Sent | Retry | Refused | Unknown


class Channel(Protocol):
    """A way out. `send` never raises for what the outside does: that is an Outcome."""

    name: str
    provider: str
    """Who takes the messages: the host that is asked, for the history of what was sent."""
    concurrency: int
    """How many sends may be under way at once in this process."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """All that must never be shown, in every form that could be, the longest first."""
        ...

    async def send(self, envelope: Envelope, timeout_seconds: float) -> Outcome:
        """Try once, within the time given."""
        ...

    async def close(self) -> None:
        """Give up the kept connections."""
        ...
