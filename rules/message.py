"""The life of one message: its identity, its states, and what an answer makes of it."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

NAMESPACE = uuid.UUID("3b6c3c0e-8f6c-5d0a-9a53-6f7cf5a1b2e4")


class Route(StrEnum):
    """A way to a client, by the name of its channel."""

    SENDING_API = "sending_api"
    EMAIL = "email"


class Status(StrEnum):
    """Where a message is."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNDELIVERABLE = "undeliverable"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


OPEN = frozenset({Status.PENDING, Status.SENDING})
FINAL = frozenset(Status) - OPEN


class Verdict(StrEnum):
    """What an attempt says of its message."""

    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not_accepted"
    REFUSED = "refused"
    UNDELIVERABLE = "undeliverable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a message after an attempt."""

    status: Status
    maybe_sent: bool
    due_at: datetime | None = None


def fate(verdict: Verdict, maybe_sent: bool, retry_at: datetime) -> Fate:
    """The state after an attempt with this verdict.

    `maybe_sent` says that an earlier attempt may have been accepted. It sticks: a later refusal
    doesn't take back what the outside may have delivered, so the message ends as uncertain.
    """
    match verdict:
        case Verdict.ACCEPTED:
            return Fate(Status.SENT, maybe_sent=False)
        case Verdict.UNKNOWN:
            return Fate(Status.PENDING, maybe_sent=True, due_at=retry_at)
        case Verdict.NOT_ACCEPTED:
            return Fate(Status.PENDING, maybe_sent, due_at=retry_at)
        case Verdict.REFUSED:
            return Fate(closed(Status.FAILED, maybe_sent), maybe_sent)
        case Verdict.UNDELIVERABLE:
            return Fate(closed(Status.UNDELIVERABLE, maybe_sent), maybe_sent)


def closed(wanted: Status, maybe_sent: bool) -> Status:
    """The final state of a message that is given up: uncertain if it may have been sent."""
    return Status.UNCERTAIN if maybe_sent else wanted


def message_id(source: str, recipient: str, channel: str) -> uuid.UUID:
    """The id that a message to `recipient` by `channel` has, however often it is made."""
    return uuid.uuid5(NAMESPACE, f"{source}:{recipient}:{channel}")


def number(message: uuid.UUID, salt: int = 0) -> int:
    """A positive int64 for outside APIs that have no room for a UUID.

    Hashes can meet: the unique index finds the second one, which then takes the next `salt`.
    """
    value = message if salt == 0 else uuid.uuid5(message, str(salt))
    return (value.int & (2**63 - 1)) or 1
