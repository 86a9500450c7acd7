"""A mailing as it is asked for, and everything that can be wrong with that."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from channels.profile import profile
from core import clock
from core.errors import Checklist, InvalidInput, Problem
from core.settings import Settings
from models.mailing import AudienceFilter, LocalWindow, Mailing
from rules import preferences, schedule, window
from rules.message import Route
from services import naming, new_audience, templates, wording
from services.new_audience import NOBODY, NewAudience
from services.wording import Chosen, Filled

LONGEST_NAME = 200
LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class NewMailing:
    """A mailing as it was asked for."""

    name: str
    text: str
    """Empty where a template says it."""
    start_at: datetime
    end_at: datetime
    audience: NewAudience = NOBODY
    channels: tuple[str, ...] = (Route.SENDING_API,)
    subject: str = ""
    window: LocalWindow | None = None
    topic: str | None = None
    html: str = ""
    template: Chosen | None = None
    """What says it in place of text, subject and HTML."""
    filled: Filled | None = None
    """What the template says."""
    listed: bool = False
    """It goes to a list of recipients, whose messages have words of their own."""

    @property
    def said(self) -> str:
        """The longest text that anybody gets."""
        if self.filled is None:
            return self.text
        return max((words.text for words in self.filled.contents.values()), key=len)


async def filled(new: NewMailing) -> NewMailing:
    """The same with what its template says; raises InvalidInput with every mistake."""
    if new.template is None:
        return new
    checks = Checklist()
    for field, said in (("text", new.text), ("subject", new.subject), ("html", new.html)):
        if said:
            checks.add(field, "the template says it; leave one of the two out")
    checks.close()
    return replace(new, filled=await wording.filled(new.template))


def check(settings: Settings, new: NewMailing, caller: str) -> Mailing:
    """The mailing to store; raises InvalidInput with every mistake."""
    checks = Checklist()
    _check_name(checks, new.name)
    if new.filled is None and not new.listed:
        check_words(checks, new.subject, new.text, new.html)
    checks.take("endAt", lambda end: schedule.interval(new.start_at, end), new.end_at)
    check_channels(checks, settings, new.channels)
    check_fits(checks, settings, new.said, set(new.channels) & set(Route))
    check_window(checks, new.window)
    if new.topic is not None:
        checks.take("topic", preferences.topic, new.topic)
    whom = None if new.listed else new_audience.check(checks, new.audience, "audience")
    checks.close()
    now = clock.now()
    return Mailing(
        name=new.name.strip(),
        **_words(new),
        listed=new.listed,
        start_at=clock.cut(new.start_at),
        end_at=clock.cut(new.end_at),
        audience=AudienceFilter() if whom is None else naming.stored(whom),
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


def check_fits(
    checks: Checklist,
    settings: Settings,
    text: str,
    channels: Iterable[str],
    field: str = "text",
) -> None:
    """Note it if the text is longer than one of these channels takes."""
    for channel in channels:
        longest = profile(settings, channel).longest_text
        if longest is not None and len(text) > longest:
            message = f"is {len(text):,} characters long; {channel.upper()} takes {longest:,}"
            checks.add(field, message, Problem.TOO_LONG)


def of(mailing: Mailing, changes: dict[str, Any]) -> NewMailing:
    """What is asked for if a stored mailing is to be there once more, with these changes.

    Words replace a template, and a template words. Raises InvalidInput.
    """
    said: dict[str, Any] = {"name": mailing.name, "topic": mailing.topic, "listed": mailing.listed}
    times = {"start_at": mailing.start_at, "end_at": mailing.end_at, "window": mailing.window}
    whom = {"audience": new_audience.of(mailing.audience), "channels": tuple(mailing.channels)}
    return NewMailing(**{**_words_of(mailing, changes), **said, **times, **whom, **changes})


def check_words(checks: Checklist, subject: str, text: str, html: str, field: str = "") -> None:
    """Note what is wrong with words that no template says."""
    if not text.strip():
        checks.add(f"{field}text", "must not be empty", Problem.BLANK)
    for name, said in (("text", text), ("html", html)):
        if len(said) > LONGEST_TEXT:
            message = f"is {len(said):,} characters long; shorten it to {LONGEST_TEXT:,}"
            checks.add(f"{field}{name}", message, Problem.TOO_LONG)
    if len(subject) > LONGEST_NAME or any(c in subject for c in "\r\n\0"):
        message = f"must be one line of at most {LONGEST_NAME} characters"
        checks.add(f"{field}subject", message)


def depends(mailing: Mailing) -> bool:
    """Whether it needs others to stay: a template, groups, segments."""
    return mailing.template is not None or naming.has_names(mailing.audience)


async def hold(mailing: Mailing, session: AsyncClientSession) -> None:
    """Keep what a mailing depends on from being deleted meanwhile; raises InvalidInput."""
    if naming.has_names(mailing.audience):
        await naming.hold(naming.filter_of(mailing.audience), session)
    if mailing.template is not None:
        await templates.hold(session, mailing.template.id)


def _check_name(checks: Checklist, name: str) -> None:
    if not name.strip():
        checks.add("name", "must not be empty", Problem.BLANK)
    if len(name) > LONGEST_NAME:
        message = f"is {len(name):,} characters long; shorten it to {LONGEST_NAME:,}"
        checks.add("name", message, Problem.TOO_LONG)
    # The name is the subject of e-mails without one of their own.
    if any(c in name.strip() for c in "\r\n\0"):
        checks.add("name", "must be one line")


def _words(new: NewMailing) -> dict[str, Any]:
    """The fields of a mailing that hold what it says."""
    if new.filled is None:
        none: dict[str, Any] = {"template": None, "contents": {}, "default_locale": None}
        return {"text": new.text, "subject": new.subject.strip(), "html": new.html, **none}
    default = new.filled.default
    return {
        "text": default.text,
        "subject": default.subject,
        "html": default.html,
        "template": new.filled.ref,
        "contents": dict(new.filled.contents),
        "default_locale": new.filled.default_locale,
    }


def _words_of(mailing: Mailing, changes: dict[str, Any]) -> dict[str, Any]:
    """What a mailing says, as it is asked for, less what the changes say in its place."""
    own = ("text", "subject", "html")
    new = [name for name in (*own, "template") if name in changes]
    if new and mailing.listed:
        message = "each of its messages has words of its own; cancel it and send anew"
        raise InvalidInput.at(new[0], message, Problem.NOT_ALLOWED_NOW)
    if mailing.listed:
        return {name: getattr(mailing, name) for name in own}
    if "template" in changes:
        return dict.fromkeys(own, "")
    if mailing.template is None or "text" in changes:
        kept = mailing.template is None
        return {name: getattr(mailing, name) if kept else "" for name in own}
    if new:
        message = "a template says it; give a text, or another template"
        raise InvalidInput.at(new[0], message, Problem.NOT_ALLOWED_NOW)
    assert mailing.default_locale is not None
    said = Filled(mailing.template, mailing.default_locale, mailing.contents)
    return {**dict.fromkeys(own, ""), "filled": said}


def check_window(checks: Checklist, said: LocalWindow | None) -> None:
    """Note what is wrong with a window."""
    if said is None:
        return
    opens = checks.take("window.from", window.opening, said.opens)
    closes = checks.take("window.to", window.closing, said.closes)
    if opens is not None and closes is not None:
        checks.take("window", lambda times: window.Window(*times), (opens, closes))
