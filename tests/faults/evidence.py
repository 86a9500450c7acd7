"""What the judge looks at: rows of the database, and what the outside's ledgers hold."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from bson import ObjectId

Row = Mapping[str, Any]

_TOLD = ("started_at", "duration_ms", "worker", "verdict")
"""Fields of an attempt that a violation names."""


class Acceptance(NamedTuple):
    """One message that the outside took, with the moment at which its request came in."""

    channel: str
    key: int | UUID
    """The number at the sending API; the row's id in an e-mail's Message-ID."""
    at: datetime
    address: str
    text: str
    lag: timedelta = timedelta()
    """How late the outside may have been to notice it, as it shares a process with the test."""


class Version(NamedTuple):
    """What a mailing said from a moment on."""

    at: datetime
    text: str
    end_at: datetime
    window: tuple[str, str] | None = None


class Silence(NamedTuple):
    """A time in which nothing of a mailing may leave: it was paused or cancelled."""

    mailing_id: ObjectId
    since: datetime
    until: datetime


@dataclass
class Evidence:
    """Everything that the judge looks at.

    `clients` holds each client as it is and as it was before it changed; one that was deleted
    stands there with `deleted`. `versions` may leave out mailings that never changed.
    """

    mailings: list[Row]
    clients: list[Row]
    messages: list[Row]
    attempts: list[Row]
    counters: list[Row]
    accepted: list[Acceptance]
    versions: Mapping[ObjectId, list[Version]] = field(default_factory=dict)
    silences: list[Silence] = field(default_factory=list)

    @cached_property
    def rows(self) -> dict[tuple[str, int | UUID], Row]:
        """Messages by their channel and what the outside knows them by."""
        return {
            (row["channel"], row["_id"] if row["channel"] == "email" else row["number"]): row
            for row in self.messages
        }

    @cached_property
    def of_message(self) -> dict[UUID, list[Acceptance]]:
        """What the outside took of each message, oldest first."""
        found: dict[UUID, list[Acceptance]] = defaultdict(list)
        for one in sorted(self.accepted, key=lambda one: one.at):
            row = self.rows.get((one.channel, one.key))
            if row is not None:
                found[row["_id"]].append(one)
        return found

    @cached_property
    def lives(self) -> dict[ObjectId, list[Row]]:
        """Each client, as it was at every time."""
        found: dict[ObjectId, list[Row]] = defaultdict(list)
        for client in self.clients:
            found[client["_id"]].append(client)
        return found

    @cached_property
    def of_mailing(self) -> dict[ObjectId, list[Row]]:
        """The messages of each mailing."""
        found: dict[ObjectId, list[Row]] = defaultdict(list)
        for row in self.messages:
            if row.get("mailing_id") is not None:
                found[row["mailing_id"]].append(row)
        return found

    def said(self, row: Row) -> list[Version]:
        """What a message may say and until when, by time."""
        mailing_id = row.get("mailing_id")
        if mailing_id is None:
            return [Version(row["created_at"], row["content"]["text"], row["end_at"])]
        mailing = next(one for one in self.mailings if one["_id"] == mailing_id)
        hours = mailing.get("window")
        window = (hours["opens"], hours["closes"]) if hours else None
        last = Version(mailing["created_at"], mailing["text"], mailing["end_at"], window)
        return self.versions.get(mailing_id) or [last]

    def tries(self, row: Row) -> str:
        """By what, when, for how long and by whom a message was tried: where to look further."""
        own = (one for one in self.attempts if one["message_id"] == row["_id"])
        told = [" ".join(str(one.get(name)) for name in _TOLD) for one in own]
        return f"by {row['channel']}: {', '.join(told)}"
