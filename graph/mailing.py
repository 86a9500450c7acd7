"""Mailings in the schema (M2, M9)."""

from datetime import datetime
from uuid import UUID

import strawberry
from bson import ObjectId

from graph import ids
from graph.audience import Audience
from graph.auth import Needs
from graph.context import Info
from graph.course import CoursePoint
from graph.enums import Channel, MailingStatus, MessageStatus
from graph.errors import at_field
from graph.loaders import ChangesOf, MessagesOf
from graph.mailing_change import MailingChange
from graph.message import Message, MessageConnection, MessageEdge
from graph.node import Node
from graph.paging import PageInfo, choices, page_info, page_size
from graph.statistics import Statistics
from graph.template_ref import TemplateRef
from models import mailing as documents
from rules.message import Route
from rules.roles import Permission
from services import mailings


@strawberry.type(description="Hours of a client's own day, over midnight if `to` isn't the later.")
class LocalWindow:
    """A window on the wall clock."""

    opens: str = strawberry.field(name="from", description="HH:MM")
    closes: str = strawberry.field(name="to", description="HH:MM, exclusive.")

    @classmethod
    def of(cls, window: documents.LocalWindow) -> "LocalWindow":
        """The window of a document."""
        return cls(opens=window.opens, closes=window.closes)


@strawberry.type(description="A text that goes to an audience between two moments.")
class Mailing(Node):
    """A mailing as the schema has it."""

    name: str
    text: str
    subject: str = strawberry.field(description="For e-mail; without one, the name.")
    html: str = strawberry.field(description="For e-mail, beside the text.")
    template: TemplateRef | None = strawberry.field(
        description="What says it, in each client's locale; text, subject and HTML are the default's."
    )
    start_at: datetime
    end_at: datetime
    audience: Audience
    channels: list[Channel]
    window: LocalWindow | None = strawberry.field(
        description="When a client may be reached, by its own time; null: always."
    )
    topic: str | None = strawberry.field(description="What recipients mute it by.")
    status: MailingStatus
    version: int = strawberry.field(description="Grows with every change, and when it starts.")
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None = strawberry.field(
        description="Since when its messages are kept no longer; its statistics stay."
    )
    key: strawberry.Private[ObjectId]

    @strawberry.field(
        description="Its messages by status.", extensions=[Needs(Permission.READ_STATISTICS)]
    )
    async def statistics(self, info: Info) -> Statistics:
        """The same cost for any number of messages."""
        return Statistics.of(await info.context.loaders.statistics.load(self.key))

    @strawberry.field(
        description="How its counts went from its start to now or its end, at no more than 122 moments.",
        extensions=[Needs(Permission.READ_STATISTICS)],
    )
    async def course(self, info: Info) -> list[CoursePoint]:
        """Also at the same cost."""
        found = await info.context.loaders.courses.load(self.key)
        return [CoursePoint.of(point) for point in found]

    @strawberry.field(description="Its messages, down to each attempt.")
    async def messages(
        self,
        info: Info,
        first: int = 20,
        after: str | None = None,
        statuses: list[MessageStatus] | None = None,
    ) -> MessageConnection:
        """A page of messages."""
        place: UUID | None = None
        if after is not None:
            place = at_field("after", lambda raw: ids.uuid("Message", raw), after)
        wanted = MessagesOf(self.key, choices("statuses", statuses), page_size(first), place)
        page = await info.context.loaders.messages.load(wanted)
        nodes = [Message.of(message) for message in page.items]
        return MessageConnection(
            edges=[MessageEdge(cursor=node.id, node=node) for node in nodes],
            page_info=page_info(
                [node.id for node in nodes], has_next=page.has_next, has_previous=bool(after)
            ),
        )

    @strawberry.field(description="The last changes, newest first, at most 100.")
    async def changes(self, info: Info, first: int = 20) -> list[MailingChange]:
        """What was changed, when and by whom."""
        found = await info.context.loaders.changes.load(ChangesOf(self.key, page_size(first)))
        return [MailingChange.of(change) for change in found]

    @classmethod
    def of(cls, mailing: documents.Mailing) -> "Mailing":
        """The mailing of a document."""
        assert mailing.id is not None
        window = mailing.window
        return cls(
            id=strawberry.ID(ids.opaque("Mailing", mailing.id)),
            name=mailing.name,
            text=mailing.text,
            subject=mailing.subject,
            html=mailing.html,
            template=None if mailing.template is None else TemplateRef.of(mailing.template),
            start_at=mailing.start_at,
            end_at=mailing.end_at,
            audience=Audience.of(mailing.audience),
            channels=[Route(name) for name in mailing.channels],
            window=None if window is None else LocalWindow.of(window),
            topic=mailing.topic,
            status=mailing.status,
            version=mailing.version,
            created_at=mailing.created_at,
            updated_at=mailing.updated_at,
            archived_at=mailing.archived_at,
            key=mailing.id,
        )


@strawberry.type(description="A mailing at its place in the list.")
class MailingEdge:
    """Relay's edge."""

    cursor: str
    node: Mailing


@strawberry.type(description="Mailings, newest first.")
class MailingConnection:
    """Relay's connection."""

    edges: list[MailingEdge]
    page_info: PageInfo
    wanted: strawberry.Private[tuple[str, ...]]

    @strawberry.field(description="The mailings without their edges.")
    def nodes(self) -> list[Mailing]:
        """A short cut, as GitHub's API has it."""
        return [edge.node for edge in self.edges]

    @strawberry.field(description="All that fit the filter; counted only when asked for.")
    async def total_count(self) -> int:
        """The number behind the connection."""
        return await mailings.count(self.wanted)


@strawberry.type
class MailingQuery:
    """Queries about mailings."""

    @strawberry.field(description="One mailing.", extensions=[Needs(Permission.READ_MAILINGS)])
    async def mailing(self, id: strawberry.ID) -> Mailing | None:
        """A mailing by its id."""
        found = await mailings.get(mailing_id("id", id))
        return found and Mailing.of(found)

    @strawberry.field(
        description="The mailings, newest first.", extensions=[Needs(Permission.READ_MAILINGS)]
    )
    async def mailings(
        self,
        first: int = 20,
        after: str | None = None,
        statuses: list[MailingStatus] | None = None,
    ) -> MailingConnection:
        """A page of mailings."""
        wanted = tuple(status.value for status in choices("statuses", statuses))
        place = None if after is None else mailing_id("after", after)
        page = await mailings.page(wanted, first=page_size(first), after=place)
        nodes = [Mailing.of(mailing) for mailing in page.items]
        return MailingConnection(
            edges=[MailingEdge(cursor=node.id, node=node) for node in nodes],
            page_info=page_info(
                [node.id for node in nodes], has_next=page.has_next, has_previous=bool(after)
            ),
            wanted=wanted,
        )


def mailing_id(field: str, raw: str) -> ObjectId:
    """The key behind a mailing's opaque id; raises InvalidInput for anything else."""
    found: ObjectId = at_field(field, lambda said: ids.object_id("Mailing", said), raw)
    return found
