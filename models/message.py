"""Messages: one durable row per mailing, client and channel, or per e-mail of a notification."""

from datetime import UTC, datetime
from uuid import UUID

from beanie import Document, PydanticObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel

from models.mailing import LocalWindow
from models.template import TemplateRef

TROUBLED = ("failed", "undeliverable", "expired", "cancelled", "uncertain", "suppressed")
"""Ended otherwise than sent: few among many, and what people look for."""
FAILED = ("expired", "failed", "suppressed", "uncertain", "undeliverable")
"""Ended otherwise than anybody wanted, and can be tried again."""
UNSENT = ("failed", "uncertain", "undeliverable")
"""Tried, and given up."""
WAITS_FOR_WINDOW = "waits for its window"
"""Why a message is put off until its recipient may be reached."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Lease(BaseModel):
    """Who may send the message now, and until when."""

    token: UUID
    until: datetime
    worker: str


class Content(BaseModel):
    """What a personal message says; a mailing's messages take theirs from the mailing."""

    subject: str
    text: str
    html: str = ""


class Message(Document):
    """One message. Its id derives from what it is, so making it twice gives one row."""

    id: UUID  # type: ignore[assignment] # Beanie allows any type of id
    number: int | None = None
    """The id at outside APIs that want an int64; unique, never changed."""
    mailing_id: PydanticObjectId | None = None
    client_id: PydanticObjectId | None = None
    user_id: PydanticObjectId | None = None
    contact_id: PydanticObjectId | None = None
    contact_name: str | None = None
    """As it was when the message was made: contacts may go."""
    channel: str
    address: str = ""
    """Where the last attempt went; before any, where it would go."""
    content: Content | None = None
    template: TemplateRef | None = None
    """What a personal message's content was made from."""
    send_id: PydanticObjectId | None = None
    """The send that asked for it; a mailing's messages are those of the mailing's send."""
    kind: str | None = None
    start_at: datetime | None = None
    """For a personal message that must not leave before."""
    end_at: datetime | None = None
    """For a personal message; a mailing's messages end with it."""
    window: LocalWindow | None = None
    """For a personal message; a mailing's messages keep to that of the mailing."""
    status: str
    why: str = ""
    due_at: datetime
    first_due_at: datetime | None = None
    """When it was due at first, once a try has put off `due_at`."""
    planned_at: datetime | None = None
    """When a personal message was to leave; no retry changes it."""
    lease: Lease | None = None
    attempts: int = 0
    attempts_before: int = 0
    """Those of them that were made before its last ending but one; see `models/ending.py`."""
    trace: str | None = None
    """Of a personal message: as its mailing's."""
    provider: str | None = None
    """The host that the last attempt asked."""
    reclaims: int = 0
    """How often its worker went away while it held this message."""
    unread_item: str | None = None
    """The notification that must still be unread when this e-mail leaves (X10)."""
    withdrawn: bool = False
    """Its notification was retracted: it must not be tried again."""
    erased: bool = False
    """Its recipient was erased: nobody knows whom it went to, and it must not leave."""
    read: bool = False
    """Its notification was read while it waited: it must not leave."""
    by: str | None = None
    """The subject of who asked for a personal message."""
    topic: str | None = None
    """What a personal message is about, for whoever wants to hear no more of that: the key of its
    kind, or any other. A mailing's messages are about what the mailing is about."""
    maybe_sent: bool = False
    created_at: datetime
    sent_at: datetime | None = None
    closed_at: datetime | None = None

    class Settings:
        name = "messages"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            # The status is there so that rows are counted without being read.
            IndexModel(
                [
                    ("status", ASCENDING),
                    ("mailing_id", ASCENDING),
                    ("channel", ASCENDING),
                    ("due_at", ASCENDING),
                ],
                name="pending",
                partialFilterExpression={"status": "pending"},
            ),
            IndexModel(
                [("lease.until", ASCENDING)],
                name="leased",
                partialFilterExpression={"status": "sending"},
            ),
            # No status in it: each message changes its own several times, at an index write each.
            IndexModel([("mailing_id", ASCENDING), ("_id", ASCENDING)], name="of_mailing"),
            IndexModel(
                [("mailing_id", ASCENDING), ("status", ASCENDING), ("_id", ASCENDING)],
                name="ended_unsent",
                partialFilterExpression={"status": {"$in": list(TROUBLED)}},
            ),
            IndexModel(
                [("number", ASCENDING)],
                name="number",
                unique=True,
                partialFilterExpression={"number": {"$type": "long"}},
            ),
            IndexModel([("client_id", ASCENDING), ("_id", ASCENDING)], name="client"),
            # To erase a user, and to tell what is known of it; those of clients have no user.
            IndexModel(
                [("user_id", ASCENDING), ("_id", ASCENDING)],
                name="of_user",
                partialFilterExpression={"user_id": {"$exists": True}},
            ),
            # Few at a time: those that may be due at once when their user changes zones.
            IndexModel(
                [("user_id", ASCENDING)],
                name="user_waits",
                partialFilterExpression={
                    "user_id": {"$exists": True},
                    "status": "pending",
                    "why": WAITS_FOR_WINDOW,
                },
            ),
            IndexModel(
                [("contact_id", ASCENDING)],
                name="contact",
                partialFilterExpression={"contact_id": {"$exists": True}},
            ),
            IndexModel(
                [("by", ASCENDING), ("closed_at", DESCENDING), ("_id", DESCENDING)],
                name="failed",
                partialFilterExpression={
                    "by": {"$exists": True},
                    "status": {"$in": list(FAILED)},
                },
            ),
            # What queues are counted by, without reading rows. Only what went wrong is in them, so
            # that a message that goes at once costs nothing.
            IndexModel(
                [
                    ("channel", ASCENDING),
                    ("mailing_id", ASCENDING),
                    ("due_at", ASCENDING),
                    ("attempts", ASCENDING),
                    ("status", ASCENDING),
                ],
                name="retrying",
                partialFilterExpression={"status": "pending", "attempts": {"$gt": 0}},
            ),
            IndexModel(
                [
                    ("channel", ASCENDING),
                    ("mailing_id", ASCENDING),
                    ("closed_at", ASCENDING),
                    ("status", ASCENDING),
                ],
                name="unsent",
                partialFilterExpression={"status": {"$in": list(UNSENT)}},
            ),
            # By the time of the ending, which is written once: one more entry, always the last.
            IndexModel(
                [("closed_at", ASCENDING), ("_id", ASCENDING)],
                name="by_ending",
                partialFilterExpression={"closed_at": {"$gt": EPOCH}},
            ),
            IndexModel(
                [("send_id", ASCENDING), ("_id", ASCENDING)],
                name="of_send",
                partialFilterExpression={"send_id": {"$exists": True}},
            ),
            # Only while they are open: whether a template is in use.
            IndexModel(
                [("template.id", ASCENDING)],
                name="of_template",
                partialFilterExpression={
                    "template.id": {"$exists": True},
                    "status": {"$in": ["pending", "sending"]},
                },
            ),
        ]
