"""The life of one message: its identity, its states, and what an answer makes of it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.errors import Invalid

NAMESPACE = uuid.UUID("3b6c3c0e-8f6c-5d0a-9a53-6f7cf5a1b2e4")


class Route(StrEnum):
    """A way to a client, by the name of its channel."""

    SENDING_API = "sending_api"
    EMAIL = "email"
    TELEGRAM = "telegram"
    WHATSAPP = "whatsapp"
    VIBER = "viber"


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
    SUPPRESSED = "suppressed"


OPEN = frozenset({Status.PENDING, Status.SENDING})
FINAL = frozenset(Status) - OPEN


class Verdict(StrEnum):
    """What an attempt says of its message."""

    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not_accepted"
    REFUSED = "refused"
    UNDELIVERABLE = "undeliverable"
    UNKNOWN = "unknown"


class Step(StrEnum):
    """Everything that can happen to a message. The verdicts of attempts are steps too."""

    CLAIMED = "claimed"
    RETURNED = "returned"
    RECLAIMED = "reclaimed"
    QUARANTINED = "quarantined"
    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not_accepted"
    REFUSED = "refused"
    UNDELIVERABLE = "undeliverable"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"
    RETRIED = "retried"


RETRYABLE = frozenset({Status.FAILED, Status.UNDELIVERABLE, Status.EXPIRED, Status.UNCERTAIN}) | {
    # It is asked again before it leaves: what has changed since may let it.
    Status.SUPPRESSED
}

_SENDING = frozenset({Status.SENDING})
TRANSITIONS: Mapping[Step, tuple[frozenset[Status], Status]] = {
    Step.CLAIMED: (frozenset({Status.PENDING}), Status.SENDING),
    Step.RETURNED: (_SENDING, Status.PENDING),
    Step.RECLAIMED: (_SENDING, Status.PENDING),
    Step.QUARANTINED: (_SENDING, Status.FAILED),
    # The provider's word may come after the row was taken from its worker, even after the end.
    Step.ACCEPTED: (frozenset({*OPEN, Status.UNCERTAIN}), Status.SENT),
    Step.NOT_ACCEPTED: (_SENDING, Status.PENDING),
    Step.REFUSED: (_SENDING, Status.FAILED),
    Step.UNDELIVERABLE: (_SENDING, Status.UNDELIVERABLE),
    Step.UNKNOWN: (_SENDING, Status.PENDING),
    Step.EXPIRED: (OPEN, Status.EXPIRED),
    Step.CANCELLED: (OPEN, Status.CANCELLED),
    Step.SUPPRESSED: (_SENDING, Status.SUPPRESSED),
    Step.RETRIED: (RETRYABLE, Status.PENDING),
}
"""From which states each step leads, and where to: the whole life of a message."""

_MAYBE_SENT_AFTER = {Step.ACCEPTED: False, Step.UNKNOWN: True, Step.RECLAIMED: True} | {
    Step.QUARANTINED: True
}


def step(status: Status, what: Step, *, maybe_sent: bool) -> tuple[Status, bool]:
    """The state after a step and whether the message may have been sent; raises Invalid.

    `maybe_sent` sticks: a later refusal doesn't take back what the outside may have delivered,
    so a message that is given up then ends as uncertain.
    """
    sources, after = TRANSITIONS[what]
    if status not in sources:
        raise Invalid(f"a message that is {status} can't be {what}")
    maybe_sent = _MAYBE_SENT_AFTER.get(what, maybe_sent)
    return (
        after if after in OPEN or after == Status.SENT else closed(after, maybe_sent)
    ), maybe_sent


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a message after an attempt."""

    status: Status
    maybe_sent: bool
    due_at: datetime | None = None


def fate(verdict: Verdict, maybe_sent: bool, retry_at: datetime) -> Fate:
    """The state after an attempt with this verdict."""
    status, maybe_sent = step(Status.SENDING, Step(verdict.value), maybe_sent=maybe_sent)
    return Fate(status, maybe_sent, retry_at if status == Status.PENDING else None)


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
