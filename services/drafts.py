"""A send made ready: its recipients found, its words filled, its rows or its mailing made (T3).

Nothing is written here: whatever is wrong is found before anything is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bson import ObjectId

from core import clock
from core.errors import Checklist, InvalidInput
from core.parts import Parts
from models.mailing import AudienceFilter, Launch, Mailing, MailingStatus
from models.send import Send, SendTo
from rules.message import Route
from rules.template import Words
from services import addressees, new_mailing, new_send, personal, sayings, windows, wording
from services.addressees import Addressee
from services.new_mailing import NewMailing
from services.new_send import Lane, NewSend, OwnWords
from services.personal import Personal

MOST_MISTAKES = 100
"""Told at once; more help nobody."""
AT = {
    "audience.groups": "to.group",
    "audience.segments": "to.segment",
    "text": "words.text",
    "subject": "words.subject",
    "html": "words.html",
}
"""Where a send has what a mailing has elsewhere."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A send, ready to be written."""

    send: Send
    rows: tuple[Personal, ...] = ()
    mailing: Mailing | None = None


async def draft(parts: Parts, caller: str, new: NewSend) -> Draft:
    """The send of a caller, ready to be written; raises InvalidInput with every mistake."""
    now = parts.database_clock.now()
    new_send.check(parts.settings, new, now)
    start, end = new.times(now)
    send = Send(
        by=caller,
        at=now,
        to=_to(new),
        topic=new.topic,
        channels=list(dict.fromkeys(new.channels or ())),
        lane=new.in_lane,
        start_at=clock.cut(start),
        end_at=clock.cut(end),
        window=new.window,
    )
    send.id = ObjectId()  # type: ignore[assignment] # Beanie's own id is a subclass
    if new.to.is_wide:
        return await _wide(parts, send, new)
    return await _named(parts, send, new)


async def _wide(parts: Parts, send: Send, new: NewSend) -> Draft:
    """To a group, a segment or all: a mailing that says the same to each, in its locale."""
    said = new.words or OwnWords("")
    asked = NewMailing(
        name=_name(said),
        text=said.text,
        subject=said.subject,
        html=said.html,
        template=new.template,
        start_at=send.start_at,
        end_at=send.end_at,
        audience=new.to.audience,
        channels=new.channels or new_send.open_channels(parts.settings),
        window=new.window,
        topic=new.topic,
    )
    try:
        asked = await new_mailing.filled(asked)
        if asked.filled is not None:
            asked = replace(asked, name=asked.filled.ref.slug)
        mailing = new_mailing.check(parts.settings, asked, send.by)
    except InvalidInput as error:
        raise wording.renamed(error, AT) from None
    send.template = mailing.template
    return Draft(send, mailing=_carrying(send, mailing))


async def _named(parts: Parts, send: Send, new: NewSend) -> Draft:
    """To recipients one by one: messages with words of their own."""
    assert new.to.recipients is not None
    checks = Checklist()
    version = None if new.template is None else await wording.version_of(new.template)
    send.template = version and version.ref
    found = await addressees.find(checks, parts.settings, send.by, new.to.recipients, new.channels)
    said = await sayings.of_each(checks, new, version, found)
    for one, words in zip(found, said, strict=False):
        new_mailing.check_fits(checks, parts.settings, words.text, one.ways, one.field)
    if checks.errors:
        raise InvalidInput(*checks.errors[:MOST_MISTAKES])
    mailing = None
    if new.in_lane is Lane.BULK:
        mailing = _carrying(send, _listed(send, found, said))
    rows = [
        _row(send, one, way, words)
        for one, words in zip(found, said, strict=True)
        for way in one.ways
    ]
    personal.check_size(rows, "to.recipients")
    return Draft(send, tuple(rows), mailing)


def _carrying(send: Send, mailing: Mailing) -> Mailing:
    """The mailing, bound to its send."""
    mailing.id = ObjectId()  # type: ignore[assignment] # Beanie's own id is a subclass
    mailing.send_id, send.mailing_id = send.id, mailing.id
    return mailing


def _listed(send: Send, found: Sequence[Addressee], said: Sequence[Words]) -> Mailing:
    """A mailing that has its messages already; it counts them, and can be paused and cancelled."""
    first = wording.shown(said[0])
    return Mailing(
        name=send.template.slug if send.template else _name(OwnWords(first.text, first.subject)),
        text=first.text,
        subject=first.subject,
        html=first.html,
        template=send.template,
        listed=True,
        start_at=send.start_at,
        end_at=send.end_at,
        audience=AudienceFilter(),
        channels=list(dict.fromkeys(way.value for one in found for way in one.ways)),
        window=send.window,
        topic=send.topic,
        status=MailingStatus.RUNNING,
        launch=Launch(started_at=send.at, expanded=True),
        created_by=send.by,
        created_at=send.at,
        updated_at=send.at,
    )


def _row(send: Send, one: Addressee, way: Route, words: Words) -> Personal:
    window = None if send.window is None else send.window.model_dump()
    opening = windows.due_at(window, one.zone, send.start_at)
    own = {"window": window, "topic": send.topic, "mailing_id": send.mailing_id}
    if send.template is not None:
        own["template"] = send.template.model_dump()
    return Personal(
        source=str(send.id),
        recipient=one.ways[way],
        route=way,
        address=one.ways[way],
        content={"subject": words.subject, "text": words.text, "html": words.html},
        # What can't leave in time comes up at its end, and ends.
        due_at=min(opening, send.end_at),
        end_at=send.end_at,
        why=windows.WAITING if opening > send.start_at else "",
        links={
            **one.link,
            "send_id": send.id,
            "by": send.by,
            "start_at": send.start_at,
            **{name: value for name, value in own.items() if value is not None},
        },
    )


def _to(new: NewSend) -> SendTo:
    count = None if new.to.recipients is None else len(new.to.recipients)
    return SendTo(recipients=count, group=new.to.group, segment=new.to.segment, all=new.to.everyone)


def _name(said: OwnWords) -> str:
    """What to call a mailing that was made for a send."""
    words = " ".join((said.subject or said.text).replace("\0", " ").split())
    return words[: new_mailing.LONGEST_NAME] or "Send"
