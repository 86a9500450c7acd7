"""One delivery: from a claimed row to an Envelope, and from its Outcome to the row's fate."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from bson import ObjectId

from channels.answer import of_error
from channels.channel import Channel, Envelope, Outcome, Refused, Retry, Sent, Unknown
from core import events, failpoints, tracing
from core.clock import DatabaseClock
from core.spans import Span
from rules import backoff, schedule
from rules.locale import nearest
from rules.message import Route, Status, Verdict, fate
from rules.template import linked
from services.messages import Claimed
from services.results import Change
from services.terms import Terms

ANSWER_LIMIT = 2_000
TOLD = 500
"""Characters of a text, and of an answer, that the log has; the attempt has more."""
_WHOM = ("client_id", "user_id", "contact_id")

_LEAVING = failpoints.place("deliveries.leaving")
_ANSWERED = failpoints.place("deliveries.answered")


@dataclass(frozen=True, slots=True)
class Sendable:
    """A claimed message with what it says and the time it must be gone by."""

    claimed: Claimed
    envelope: Envelope
    mailing: dict[str, Any] | None

    @classmethod
    def of(cls, claimed: Claimed, mailing: dict[str, Any] | None) -> "Sendable":
        """The message as it reads now: a mailing's text and end may have changed since."""
        row = claimed.row
        content = said(row, mailing)
        unsubscribe = row.get("unsubscribe", "")
        envelope = Envelope(
            message_id=str(row["_id"]),
            number=row.get("number") or 0,
            address=row["address"],
            text=linked(content["text"], unsubscribe),
            unsubscribe=unsubscribe,
            subject=content["subject"] or ("" if mailing is None else mailing["name"]),
            html=linked(content.get("html", ""), unsubscribe, html=True),
        )
        return cls(claimed, envelope, mailing)

    def seconds(self, now: datetime, limit_seconds: float) -> float:
        """How long its send may take: within its lease, its window, and before the end."""
        closing = Terms.of(self.claimed, self.mailing).closing(now)
        return schedule.time_for_send(
            now, closing, self.claimed.row["lease"]["until"], limit_seconds
        )


def said(row: Mapping[str, Any], mailing: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What a message says: words of its own, or those of its mailing in its recipient's locale."""
    if row.get("content") is not None:
        own: Mapping[str, Any] = row["content"]
        return own
    assert mailing is not None
    contents: Mapping[str, Mapping[str, Any]] = mailing.get("contents") or {}
    if not contents:
        return mailing
    return contents[nearest(row.get("locale"), contents, mailing["default_locale"])]


async def attempt(
    channel: Channel, sendable: Sendable, seconds: float, worker: str, clock: DatabaseClock
) -> tuple[Change, Outcome]:
    """Send once; the change to write, with its attempt, and why. Times are the database's."""
    row, mailing = sendable.claimed.row, sendable.mailing
    span = tracing.begin("client", row.get("trace") or (mailing or {}).get("trace"))
    started_at, start = clock.now(), time.perf_counter()
    failpoints.reach(_LEAVING)
    try:
        outcome: Outcome = await channel.send(sendable.envelope, seconds)
    except Exception as error:  # noqa: BLE001 - a bug met by one message must not stop the others
        # Nothing is swallowed: the attempt keeps it, the log has it, the message is tried again.
        outcome = Unknown("internal", of_error(error, channel.secrets))
    failpoints.reach(_ANSWERED)
    duration_ms = (time.perf_counter() - start) * 1_000
    verdict = judge(outcome)
    record = {
        "_id": dated_id(started_at),
        "message_id": row["_id"],
        "mailing_id": row.get("mailing_id"),
        "mailing_version": mailing and mailing["version"],
        "number": row["attempts"] + 1,
        "channel": channel.name,
        "provider": channel.provider,
        "address": sendable.envelope.address,
        "started_at": started_at,
        "duration_ms": round(duration_ms, 3),
        "verdict": verdict,
        "code": outcome.code,
        "answer": outcome.answer[:ANSWER_LIMIT],
        "worker": worker,
    }
    change = _change(sendable.claimed, outcome, verdict, record, clock.now())
    _tell(record, sendable, change.fate.status)
    if span is not None:
        _trace(span, record)
    return change, outcome


def _trace(span: Span, record: Mapping[str, Any]) -> None:
    failed = None if record["verdict"] == Verdict.ACCEPTED else str(record["verdict"])
    ids = {name: str(record[name]) for name in ("message_id", "mailing_id") if record[name]}
    said = {name: record[name] for name in ("number", "channel", "provider", "code")}
    span.end(f"attempt {record['channel']}", failed, attempt_id=str(record["_id"]), **ids, **said)


def dated_id(at: datetime) -> ObjectId:
    """An id that says the database's time, so that ids can be asked for attempts by their age."""
    return ObjectId(int(at.timestamp()).to_bytes(4, "big") + ObjectId().binary[4:])


def judge(outcome: Outcome) -> Verdict:
    """What the outcome says of the message."""
    match outcome:
        case Sent():
            return Verdict.ACCEPTED
        case Retry():
            return Verdict.NOT_ACCEPTED
        case Refused(undeliverable=True):
            return Verdict.UNDELIVERABLE
        case Refused():
            return Verdict.REFUSED
        case Unknown():
            return Verdict.UNKNOWN
        case _:
            assert_never(outcome)


def _change(
    claimed: Claimed, outcome: Outcome, verdict: Verdict, record: dict[str, Any], now: datetime
) -> Change:
    row = claimed.row
    wish = outcome.after if isinstance(outcome, Retry) else None
    retry_at = backoff.next_due(now, row["attempts"], random.random(), wish)  # noqa: S311 - jitter
    what = fate(verdict, row["maybe_sent"], retry_at)
    why = "" if what.status == Status.SENT else f"{verdict}: {outcome.code}"
    return Change(claimed, what, why, record, now, bounced=_is_bounce(record["channel"], outcome))


def _is_bounce(channel: str, outcome: Outcome) -> bool:
    """Whether a mail server said for good that it knows no such address.

    What we refuse to write to ourselves says nothing of the address elsewhere.
    """
    match outcome:
        case Refused(undeliverable=True, asked=True):
            return channel == Route.EMAIL
        case _:
            return False


def _tell(record: dict[str, Any], sendable: Sendable, status: Status) -> None:
    """What was asked of the provider, and what it answered."""
    row, envelope = sendable.claimed.row, sendable.envelope
    whom = {name: row[name] for name in _WHOM if row.get(name) is not None}
    events.emit(
        "message.attempted",
        message_id=record["message_id"],
        mailing_id=record["mailing_id"],
        **whom,
        attempt_id=record["_id"],
        attempt=record["number"],
        channel=record["channel"],
        provider=record["provider"],
        outside_id=envelope.number,
        address=envelope.address,
        text=envelope.text[:TOLD],
        verdict=record["verdict"],
        code=record["code"],
        duration_ms=record["duration_ms"],
        answer=record["answer"][:TOLD],
        status=status,
    )
