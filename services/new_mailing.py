"""A mailing as it is asked for, and everything that can be wrong with that."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.profile import profile
from core import clock
from core.errors import Checklist, Problem
from core.settings import Settings
from models.mailing import LocalWindow, Mailing
from rules import preferences, schedule, window
from rules.message import Route
from services import naming, new_audience
from services.new_audience import NOBODY, NewAudience

LONGEST_NAME = 200
LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class NewMailing:
    """A mailing as it was asked for."""

    name: str
    text: str
    start_at: datetime
    end_at: datetime
    audience: NewAudience = NOBODY
    channels: tuple[str, ...] = (Route.SENDING_API,)
    subject: str = ""
    window: LocalWindow | None = None
    topic: str | None = None


def check(settings: Settings, new: NewMailing, caller: str) -> Mailing:
    """The mailing to store; raises InvalidInput with every mistake."""
    checks = Checklist()
    _check_words(checks, new)
    checks.take("endAt", lambda end: schedule.interval(new.start_at, end), new.end_at)
    check_channels(checks, settings, new.channels)
    check_fits(checks, settings, new.text, set(new.channels) & set(Route))
    _check_window(checks, new.window)
    if new.topic is not None:
        checks.take("topic", preferences.topic, new.topic)
    whom = new_audience.check(checks, new.audience, "audience")
    checks.close()
    now = clock.now()
    return Mailing(
        name=new.name.strip(),
        text=new.text,
        subject=new.subject.strip(),
        start_at=clock.cut(new.start_at),
        end_at=clock.cut(new.end_at),
        audience=naming.stored(whom),
        channels=list(dict.fromkeys(new.channels)),
        window=new.window,
        topic=new.topic,
        created_by=caller,
        created_at=now,
        updated_at=now,
    )


def check_channels(checks: Checklist, settings: Settings, channels: tuple[str, ...]) -> None:
    """Note it if there are none, or one that nothing could leave by."""
    if not channels or set(channels) - set(Route):
        checks.add("channels", f"name at least one of {', '.join(Route).upper()}")
        return
    for channel in channels:
        if lacking := profile(settings, channel).lacking:
            message = f"{channel.upper()} is not set up here; set {' and '.join(lacking)}"
            checks.add("channels", message, Problem.NOT_ALLOWED_NOW)


def check_fits(checks: Checklist, settings: Settings, text: str, channels: Iterable[str]) -> None:
    """Note it if the text is longer than one of these channels takes."""
    for channel in channels:
        longest = profile(settings, channel).longest_text
        if longest is not None and len(text) > longest:
            message = f"is {len(text):,} characters long; {channel.upper()} takes {longest:,}"
            checks.add("text", message, Problem.TOO_LONG)


def of(mailing: Mailing, changes: dict[str, Any]) -> NewMailing:
    """What is asked for if a stored mailing is to be there once more, with these changes."""
    said: dict[str, Any] = {
        "name": mailing.name,
        "text": mailing.text,
        "subject": mailing.subject,
        "topic": mailing.topic,
    }
    times = {"start_at": mailing.start_at, "end_at": mailing.end_at, "window": mailing.window}
    whom = {"audience": new_audience.of(mailing.audience), "channels": tuple(mailing.channels)}
    return NewMailing(**{**said, **times, **whom, **changes})


def _check_words(checks: Checklist, new: NewMailing) -> None:
    for field, text, longest in (
        ("name", new.name, LONGEST_NAME),
        ("text", new.text, LONGEST_TEXT),
    ):
        if not text.strip():
            checks.add(field, "must not be empty", Problem.BLANK)
        if len(text) > longest:
            checks.add(
                field,
                f"is {len(text):,} characters long; shorten it to {longest:,}",
                Problem.TOO_LONG,
            )
    # The name is the subject of e-mails without one of their own.
    if any(c in new.name.strip() for c in "\r\n\0"):
        checks.add("name", "must be one line")
    if len(new.subject) > LONGEST_NAME or any(c in new.subject for c in "\r\n\0"):
        checks.add("subject", f"must be one line of at most {LONGEST_NAME} characters")


def _check_window(checks: Checklist, said: LocalWindow | None) -> None:
    if said is None:
        return
    opens = checks.take("window.from", window.opening, said.opens)
    closes = checks.take("window.to", window.closing, said.closes)
    if opens is not None and closes is not None:
        checks.take("window", lambda times: window.Window(*times), (opens, closes))
