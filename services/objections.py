"""Objections: what speaks against sending a claimed message at this very moment."""

from datetime import datetime
from typing import Any

from models.mailing import MailingStatus
from rules import erasure
from rules.message import Fate, Status, Step, step
from services import windows
from services.messages import Claimed
from services.results import Change
from services.terms import Terms

LEAST_SECONDS = 1.0
"""A send with less time than this to its end would rather be cut off than answered."""

GONE = "client deleted or without address"
NO_HANDLE = "contact deleted or without this handle"
ENDED = "the end came first"
READ = "read in time"
WITHDRAWN = "notification retracted"
_FLAGS = {"withdrawn": WITHDRAWN, "read": READ, "erased": erasure.WHY}
"""Of rows, each of which speaks against it, and what to say then."""


def find(claimed: Claimed, mailing: dict[str, Any] | None, now: datetime) -> Change | None:
    """What to write instead of sending, or None; `mailing` is None for a personal message."""
    row, terms = claimed.row, Terms.of(claimed, mailing)
    for flag, why in _FLAGS.items():
        if row.get(flag):
            return end(claimed, Step.CANCELLED, why, now)
    if now >= terms.end_at:
        return end(claimed, Step.EXPIRED, ENDED, now)
    if row.get("contact_id") is not None and not row["address"]:
        return end(claimed, Step.CANCELLED, NO_HANDLE, now)
    if row["address"] is None or (mailing is not None and not row["address"]):
        return end(claimed, Step.CANCELLED, GONE, now)
    if mailing is not None and (mailing["status"] != MailingStatus.RUNNING or mailing["settled"]):
        return release(claimed)
    opening = terms.opening(now)
    if opening > now:
        # Nobody else ends a personal message, so it comes back for its end at the latest.
        due_at = min(opening, terms.end_at) if mailing is None else opening
        return release(claimed, due_at, windows.WAITING)
    return _unwanted(claimed, now)


def out_of_time(claimed: Claimed, mailing: dict[str, Any] | None, now: datetime) -> Change:
    """What becomes of a message whose lease, window or mailing is about to end."""
    terms = Terms.of(claimed, mailing)
    if (terms.end_at - now).total_seconds() < LEAST_SECONDS:
        return release(claimed, terms.end_at)
    if terms.window and terms.opening(now) <= now:
        closing = windows.closes_at(terms.window, terms.zone, now)
        if (closing - now).total_seconds() < LEAST_SECONDS:
            return release(claimed, closing, windows.WAITING)
    return release(claimed)


def _unwanted(claimed: Claimed, now: datetime) -> Change | None:
    """The end of what its recipient has muted, or whose address is on the suppression list."""
    why = claimed.row.get("suppressed")
    return end(claimed, Step.SUPPRESSED, why, now) if why else None


def end(claimed: Claimed, what: Step, why: str, now: datetime) -> Change:
    """Give it up."""
    status, maybe_sent = step(Status.SENDING, what, maybe_sent=claimed.row["maybe_sent"])
    return Change(claimed, Fate(status, maybe_sent), why, at=now)


def release(claimed: Claimed, due_at: datetime | None = None, why: str | None = None) -> Change:
    """Put it back as it was, or for later."""
    row = claimed.row
    status, maybe_sent = step(Status.SENDING, Step.RETURNED, maybe_sent=row["maybe_sent"])
    fate = Fate(status, maybe_sent, due_at or row["due_at"])
    return Change(claimed, fate, row["why"] if why is None else why)
