"""The judge of messages that the outside took more than once: it must be told, and have had to be.

Nobody can know what became of a request whose answer never came, nor of what a worker held that is
gone; such a message is sent again. Every other repeat is a fault, and so is one without a record.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from tests.cluster.outages import LEASE_SECONDS, STRAINS, Outage
from tests.faults.evidence import Acceptance, Evidence, Row

SLACK = timedelta(seconds=0.5)
"""What the clocks of a worker and of the outside may differ by, as well as the worker knows."""
WAIT = timedelta(seconds=0.98)
"""How long workers wait for an answer, at the least."""
SILENT = timedelta(seconds=LEASE_SECONDS / 2)
"""A worker that is kept from its work for less than this still holds its leases."""
LATE = "no answer in time"
GONE = "worker gone"
"""The code of an attempt that was written down by another worker, when the lease had run out."""


@dataclass
class Findings:
    """How many repeats there were for which reason, and what is wrong."""

    reasons: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def look(evidence: Evidence, outages: Sequence[Outage]) -> Findings:
    """Judge every message."""
    found = Findings()
    tries: defaultdict[UUID, list[Row]] = defaultdict(list)
    for attempt in sorted(evidence.attempts, key=lambda one: one["started_at"]):
        tries[attempt["message_id"]].append(attempt)
    for message_id, taken in evidence.of_message.items():
        _judge(message_id, taken, tries[message_id], outages, found)
    return found


def _judge(
    message_id: UUID,
    taken: Sequence[Acceptance],
    tries: Sequence[Row],
    outages: Sequence[Outage],
    found: Findings,
) -> None:
    left = [one for one in tries if one["verdict"] in {"accepted", "unknown"}]
    for number, one in enumerate(taken, 1):
        told = _told(one, left)
        if told is None:
            found.faults.append(f"{message_id}: taken at {one.at}, of which no attempt tells")
            continue
        left.remove(told)
        if number < len(taken):
            reason = _reason(one, told, tries, outages)
            if reason is None:
                found.faults.append(f"{message_id}: sent again, though there was {told}")
            else:
                found.reasons[reason] += 1


def _told(one: Acceptance, tries: Sequence[Row]) -> Row | None:
    """The attempt that tells of an acceptance: the one it fell into, or else who came upon it."""
    slack = SLACK + one.lag

    def distance(attempt: Row) -> timedelta:
        apart: timedelta = one.at - attempt["started_at"]
        return abs(apart)

    own = [
        attempt
        for attempt in tries
        if attempt["code"] != GONE
        and attempt["started_at"] - slack <= one.at <= _ended(attempt) + slack
    ]
    if own:
        return min(own, key=distance)
    later = (at for at in tries if at["code"] == GONE and one.at <= at["started_at"] + slack)
    return next(later, None)


def _reason(
    one: Acceptance, told: Row, tries: Sequence[Row], outages: Sequence[Outage]
) -> str | None:
    """Why a message may be sent again after this; None if it may not."""
    if told["code"] == GONE:
        return _silenced(told, one.at, told["started_at"], outages)
    if told["verdict"] == "unknown":
        since, until = told["started_at"] - SLACK, _ended(told) + SLACK
        hows = (
            at.how for at in _of(told, outages) if at.how not in STRAINS and at.within(since, until)
        )
        waited = _ended(told) - told["started_at"] >= WAIT
        return next(hows, LATE if waited else None)
    for at in tries:  # its answer was there, but did its worker have the time to write that down?
        if (at["code"], at["worker"]) == (GONE, told["worker"]) and at["started_at"] > one.at:
            return _silenced(told, one.at, at["started_at"], outages)
    return None


def _silenced(told: Row, since: datetime, until: datetime, outages: Sequence[Outage]) -> str | None:
    """What kept a worker from telling for so long that it lost its lease."""
    kept: defaultdict[str, timedelta] = defaultdict(timedelta)
    for at in _of(told, outages):
        kept[at.how] += at.within(since, until + SLACK)
    if sum(kept.values(), timedelta()) < SILENT:
        return None
    return max(kept, key=lambda how: kept[how])


def _of(told: Row, outages: Sequence[Outage]) -> list[Outage]:
    """What was done to the worker of an attempt."""
    _, pid, *_ = told["worker"].split(":")
    return [one for one in outages if one.pid == int(pid)]


def _ended(attempt: Row) -> datetime:
    ended: datetime = attempt["started_at"] + timedelta(milliseconds=attempt["duration_ms"])
    return ended
