"""Mailings, and the counters of their messages."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from beanie import Document, PydanticObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, IndexModel

from models.template import TemplateRef
from rules.template import Words


class MailingStatus(StrEnum):
    """Where a mailing is."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class AudienceFilter(BaseModel):
    """Whom a mailing goes to: AND between the fields, OR inside one."""

    all: bool = False
    """Every client."""
    operator_codes: list[str] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)
    time_zones: list[str] = Field(default_factory=list)
    locales: list[str] = Field(default_factory=list)
    groups: list[str] = Field(default_factory=list)
    """By name, as segments: both stay while a mailing that is not settled names them."""
    segments: list[str] = Field(default_factory=list)
    accepts: str | None = None
    """A topic and a channel, as in `news/email`, that the recipient has not muted."""
    all_users: bool = False


class LocalWindow(BaseModel):
    """The hours of the recipient's own day in which a mailing may reach it, like 09:00 to 21:00.

    Over midnight where it closes before it opens.
    """

    opens: str
    closes: str


class Names(BaseModel):
    """What the names in an audience stood for when the mailing was launched."""

    groups: dict[str, PydanticObjectId] = Field(default_factory=dict)
    segments: dict[str, AudienceFilter] = Field(default_factory=dict)


class Launch(BaseModel):
    """How far the audience has been turned into messages: first the clients, then the users."""

    started_at: datetime | None = None
    known: Names = Names()
    upto: PydanticObjectId | None = None
    """The largest client at the start: later clients are no part of the mailing."""
    upto_user: PydanticObjectId | None = None
    """The largest user at the start; None if no user is meant."""
    at_users: bool = False
    """Every client has its messages."""
    checkpoint: PydanticObjectId | None = None
    """Every client up to this one has its messages, or every user where it is at those."""
    expanded: bool = False


class Retrying(BaseModel):
    """Messages that are to be tried again: those in these states that ended before a moment."""

    statuses: list[str]
    before: datetime
    after: UUID | None = None
    """Of the first state, those up to this id are done."""


class Place(BaseModel):
    """How far the messages of one version of a mailing have been gone through."""

    version: int
    id: UUID


class Mailing(Document):
    """One mailing. Times are UTC; nothing leaves before `start_at` or after `end_at`."""

    name: str
    text: str
    subject: str = ""
    html: str = ""
    """For e-mail, beside the text."""
    template: TemplateRef | None = None
    """What its words were made from."""
    contents: dict[str, Words] = Field(default_factory=dict)
    """What a template said of it, by locale, when it was filled; `text` and the others are then
    those of the default locale."""
    default_locale: str | None = None
    send_id: PydanticObjectId | None = None
    """The send that it carries."""
    listed: bool = False
    """Its messages were made from a list of recipients and carry words of their own."""
    start_at: datetime
    end_at: datetime
    audience: AudienceFilter
    channels: list[str]
    window: LocalWindow | None = None
    topic: str | None = None
    """What it is about, so that a recipient can mute that: a key like those of kinds."""
    status: MailingStatus = MailingStatus.SCHEDULED
    launch: Launch = Launch()
    retrying: Retrying | None = None
    """Left to be done by the sweep, where a request had no time for all."""
    redue: bool = False
    """The window changed: messages that wait for it must be given new times."""
    redue_at: datetime | None = None
    """When the window changed, in the database's time."""
    redue_after: Place | None = None
    version: int = 1
    settled: bool = False
    """Closed, and no message of it is open any more."""
    settled_at: datetime | None = None
    reconciled_at: datetime | None = None
    """When its counters were last picked to be compared with its rows."""
    trace: str | None = None
    """The span of the operation that made it, where operations are traced."""
    created_by: str
    created_at: datetime
    updated_at: datetime
    closing_at: datetime | None = None
    """When messages that were left were closed last."""
    deleted_at: datetime | None = None
    archived_at: datetime | None = None
    """Since when its messages go, or are gone: its counters stay, but nothing can be tried again."""
    rows_left: bool | None = None
    """Archived, but not all of its messages are gone yet."""

    class Settings:
        name = "mailings"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            IndexModel([("status", ASCENDING), ("start_at", ASCENDING)], name="status"),
            IndexModel(
                [("settled", ASCENDING), ("status", ASCENDING), ("end_at", ASCENDING)],
                name="settled",
            ),
            IndexModel([("settled_at", ASCENDING)], name="settled_at"),
            IndexModel(
                [("rows_left", ASCENDING)],
                name="rows_left",
                partialFilterExpression={"rows_left": True},
            ),
        ]


class Counter(Document):
    """One shard of a mailing's counts by status; the sum over the shards is exact.

    `open` counts pending and sending rows together, since a claim changes only between those.
    """

    SHARDS: ClassVar[int] = 16

    id: str  # type: ignore[assignment] # Beanie allows any type of id
    mailing_id: PydanticObjectId
    counts: dict[str, int] = Field(default_factory=dict)

    class Settings:
        name = "counters"
        indexes = [IndexModel([("mailing_id", ASCENDING)], name="mailing")]  # noqa: RUF012
