"""Objections: what speaks against sending a claimed message at this very moment."""

from datetime import datetime
from typing import Any

from models.mailing import MailingStatus
from rules.message import Fate, Status, Step, step
from services import windows
from services.messages import Claimed
from services.results import Change

LEAST_SECONDS = 1.0
"""A send with less time than this to its end would rather be cut off than answered."""

GONE = "client deleted or without address"
NO_HANDLE = "contact deleted or without this handle"
ENDED = "the end came first"
READ = "read in time"
WITHDRAWN = "notification retracted"


def find(claimed: Claimed, mailing: dict[str, Any] | None, now: datetime) -> Change | None:
    """What to write instead of sending, or None; `mailing` is None for a personal message."""
    row = claimed.row
    if row.get("withdrawn"):
        return end(claimed, Step.CANCELLED, WITHDRAWN, now)
    if row.get("read"):
        return end(claimed, Step.CANCELLED, READ, now)
    if now >= (row["end_at"] if mailing is None else mailing["end_at"]):
        return end(claimed, Step.EXPIRED, ENDED, now)
    if not row["address"] and (mailing is not None or row.get("contact_id") is not None):
        return end(claimed, Step.CANCELLED, NO_HANDLE if mailing is None else GONE, now)
    if mailing is None:
        return _unwanted(claimed, now)
    if mailing["status"] != MailingStatus.RUNNING or mailing["settled"]:
        return release(claimed)
    opening = windows.due_at(mailing.get("window"), row["zone"], now)
    if opening > now:
        return release(claimed, opening, windows.WAITING)
    return _unwanted(claimed, now)


def out_of_time(claimed: Claimed, mailing: dict[str, Any] | None, now: datetime) -> Change:
    """What becomes of a message whose lease, window or mailing is about to end."""
    row = claimed.row
    end_at = row["end_at"] if mailing is None else mailing["end_at"]
    if (end_at - now).total_seconds() < LEAST_SECONDS:
        return release(claimed, end_at)
    window = mailing and mailing.get("window")
    if window and windows.due_at(window, row["zone"], now) <= now:
        closing = windows.closes_at(window, row["zone"], now)
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
