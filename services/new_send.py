"""A send as it is asked for, and what is wrong with it before anybody is looked up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from bson import ObjectId

from channels.profile import profile
from core.errors import Checklist, InvalidInput, Problem
from core.settings import Settings
from models.mailing import LocalWindow
from rules import preferences, schedule
from rules.message import Route
from services import messages, new_mailing
from services.emails import PERSONAL_LIFE
from services.new_audience import NewAudience
from services.wording import Chosen

MOST_RECIPIENTS = 1_000


class Everyone(StrEnum):
    """All of whom."""

    CLIENTS = "clients"
    USERS = "users"
    EVERYONE = "everyone"


class Lane(StrEnum):
    """Which queue carries the messages: one never waits for the other (T7)."""

    PERSONAL = messages.PERSONAL
    BULK = messages.BULK


@dataclass(frozen=True, slots=True)
class Recipient:
    """One of a list: by exactly one of the first five."""

    client_id: ObjectId | None = None
    user_id: str | None = None
    phone: str | None = None
    email: str | None = None
    contact: str | None = None
    """A contact of the caller, by name."""
    context: Mapping[str, Any] = field(default_factory=dict)
    """Goes before that of the send, name by name."""
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class To:
    """Whom: one of these."""

    recipients: Sequence[Recipient] | None = None
    group: str | None = None
    segment: str | None = None
    everyone: Everyone | None = None

    @property
    def is_wide(self) -> bool:
        """Whether nobody named the recipients one by one."""
        return self.recipients is None

    @property
    def audience(self) -> NewAudience:
        """A wide one, as mailings have it."""
        return NewAudience(
            all=self.everyone in (Everyone.CLIENTS, Everyone.EVERYONE),
            all_users=self.everyone in (Everyone.USERS, Everyone.EVERYONE),
            groups=() if self.group is None else (self.group,),
            segments=() if self.segment is None else (self.segment,),
        )


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What is said without a template."""

    text: str
    subject: str = ""
    html: str = ""


@dataclass(frozen=True, slots=True)
class NewSend:
    """A send as it was asked for."""

    to: To
    template: Chosen | None = None
    """With the context that all recipients share."""
    words: OwnWords | None = None
    channels: tuple[str, ...] | None = None
    topic: str | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    window: LocalWindow | None = None
    lane: Lane | None = None

    def times(self, now: datetime) -> tuple[datetime, datetime]:
        """Its start and its end, said or usual."""
        start = now if self.start_at is None else max(self.start_at, now)
        if self.end_at is not None:
            return start, self.end_at
        try:
            return start, start + PERSONAL_LIFE
        except OverflowError:  # in the year 9999: refused as an end beyond that is
            return start, datetime.max.replace(tzinfo=UTC)

    @property
    def in_lane(self) -> Lane:
        """The lane asked for, or the usual one."""
        return self.lane or (Lane.BULK if self.to.is_wide else Lane.PERSONAL)


def check(settings: Settings, new: NewSend, now: datetime) -> None:
    """Raise InvalidInput with every mistake that can be seen without looking anything up."""
    if new.to.recipients is not None:
        _check_count(len(new.to.recipients))
    checks = Checklist()
    if new.words is not None:
        said = new.words
        new_mailing.check_words(checks, said.subject, said.text, said.html, "words.")
    start, end = new.times(now)
    checks.take("endAt", lambda it: schedule.interval(start, it), end)
    if new.channels is not None:
        new_mailing.check_channels(checks, settings, new.channels)
    new_mailing.check_window(checks, new.window)
    if new.topic is not None:
        checks.take("topic", preferences.topic, new.topic)
    _check_contexts(checks, new)
    if new.to.is_wide and new.lane is Lane.PERSONAL:
        message = "is for recipients who are named one by one: many others would wait behind these"
        checks.add("lane", message, Problem.NOT_ALLOWED_NOW)
    checks.close()


def open_channels(settings: Settings) -> tuple[Route, ...]:
    """Every channel that something can leave by here."""
    return tuple(route for route in Route if not profile(settings, route).lacking)


def _check_contexts(checks: Checklist, new: NewSend) -> None:
    if new.template is not None:
        return
    for place, one in enumerate(new.to.recipients or ()):
        if one.context:
            message = "fills a template; name one, or leave the context out"
            checks.add(f"to.recipients.{place}.context", message)


def _check_count(count: int) -> None:
    if 0 < count <= MOST_RECIPIENTS:
        return
    problem = Problem.TOO_MANY if count else Problem.BLANK
    message = f"name 1 to {MOST_RECIPIENTS:,}, not {count:,}; a group may have any number"
    raise InvalidInput.at("to.recipients", message, problem)
