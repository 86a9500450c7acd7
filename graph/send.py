"""Sends in the schema (T2, T4)."""

from datetime import datetime
from functools import partial
from uuid import UUID

import strawberry
from bson import ObjectId

from graph import ids
from graph.auth import Needs
from graph.context import Info
from graph.enums import Channel, MailingStatus, SendLane, SendToAll
from graph.errors import Answers, UserError, at_field
from graph.loaders import MessagesOf, SentBy
from graph.mailing import LocalWindow, Mailing
from graph.message import Message, MessageConnection, MessageEdge
from graph.node import Node
from graph.paging import PageInfo, page_info, page_size
from graph.recording import recorded
from graph.send_input import SendInput
from graph.statistics import Statistics
from graph.template_ref import TemplateRef
from models import send as documents
from rules.message import OPEN, Route
from rules.roles import Permission, Principal, is_operator, may
from services import sends
from services.new_send import Everyone, Lane


@strawberry.type(description="Whom a send goes to; one of these is there.")
class SendTo:
    """As it was asked for."""

    recipients: int | None = strawberry.field(description="How many were named.")
    group: str | None
    segment: str | None
    all: SendToAll | None

    @classmethod
    def of(cls, to: documents.SendTo) -> "SendTo":
        """What a document says."""
        everyone = None if to.all is None else Everyone(to.all)
        return cls(recipients=to.recipients, group=to.group, segment=to.segment, all=everyone)


@strawberry.type(description="What was asked to be sent at once.")
class Send(Node):
    """A send as the schema has it."""

    by: str = strawberry.field(description="The subject of who asked for it.")
    at: datetime
    to: SendTo
    template: TemplateRef | None = strawberry.field(description="Null for words of one's own.")
    topic: str | None
    channels: list[Channel] = strawberry.field(
        description="Those asked for; none: every way that a recipient has."
    )
    lane: SendLane
    start_at: datetime
    end_at: datetime
    window: LocalWindow | None
    document: strawberry.Private[documents.Send]

    @strawberry.field(description="Where it is; one in the bulk lane is where its mailing is.")
    async def status(self, info: Info) -> MailingStatus:
        """By its mailing, or by its messages."""
        loaders = info.context.loaders
        if self.document.mailing_id is not None:
            mailing = await loaders.mailings.load(self.document.mailing_id)
            return MailingStatus.FINISHED if mailing is None else mailing.status
        counts = await loaders.sent_counts.load(self.key)
        if not any(counts.by_status[status] for status in OPEN):
            return MailingStatus.FINISHED
        begun = self.start_at <= info.context.parts.database_clock.now()
        return MailingStatus.RUNNING if begun else MailingStatus.SCHEDULED

    @strawberry.field(description="Its messages by status.")
    async def statistics(self, info: Info) -> Statistics:
        """Of its mailing, or its own."""
        loaders, mailing_id = info.context.loaders, self.document.mailing_id
        if mailing_id is not None:
            return Statistics.of(await loaders.statistics.load(mailing_id))
        return Statistics.of(await loaders.sent_counts.load(self.key))

    @strawberry.field(
        description="What carries it in the bulk lane.",
        extensions=[Needs(Permission.READ_MAILINGS)],
    )
    async def mailing(self, info: Info) -> Mailing | None:
        """Its mailing."""
        if self.document.mailing_id is None:
            return None
        found = await info.context.loaders.mailings.load(self.document.mailing_id)
        return found and Mailing.of(found)

    @strawberry.field(description="Its messages, down to each attempt.")
    async def messages(
        self, info: Info, first: int = 20, after: str | None = None
    ) -> MessageConnection:
        """A page of messages."""
        place: UUID | None = None
        if after is not None:
            place = at_field("after", lambda raw: ids.uuid("Message", raw), after)
        loaders, mailing_id, size = info.context.loaders, self.document.mailing_id, page_size(first)
        if mailing_id is None:
            page = await loaders.sent_by.load(SentBy(self.key, size, place))
        else:
            page = await loaders.messages.load(MessagesOf(mailing_id, (), size, place))
        nodes = [Message.of(message) for message in page.items]
        return MessageConnection(
            edges=[MessageEdge(cursor=node.id, node=node) for node in nodes],
            page_info=page_info(
                [node.id for node in nodes], has_next=page.has_next, has_previous=bool(after)
            ),
        )

    @property
    def key(self) -> ObjectId:
        """The key behind its id."""
        assert self.document.id is not None
        return self.document.id

    @classmethod
    def of(cls, send: documents.Send) -> "Send":
        """The send of a document."""
        return cls(
            id=strawberry.ID(ids.opaque("Send", send.id)),
            by=send.by,
            at=send.at,
            to=SendTo.of(send.to),
            template=None if send.template is None else TemplateRef.of(send.template),
            topic=send.topic,
            channels=[Route(name) for name in send.channels],
            lane=Lane(send.lane),
            start_at=send.start_at,
            end_at=send.end_at,
            window=None if send.window is None else LocalWindow.of(send.window),
            document=send,
        )


@strawberry.type(description="A send at its place in the list.")
class SendEdge:
    """Relay's edge."""

    cursor: str
    node: Send


@strawberry.type(description="Sends, newest first.")
class SendConnection:
    """Relay's connection."""

    edges: list[SendEdge]
    page_info: PageInfo
    whose: strawberry.Private[str | None]

    @strawberry.field(description="The sends without their edges.")
    def nodes(self) -> list[Send]:
        """A short cut, as GitHub's API has it."""
        return [edge.node for edge in self.edges]

    @strawberry.field(description="All there are; counted only when asked for.")
    async def total_count(self) -> int:
        """The number behind the connection."""
        return await sends.count(self.whose)


@strawberry.type(description="The send, or what was wrong; then nothing is sent.")
class SendPayload:
    """What send answers."""

    send: Send | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class SendQuery:
    """Queries about sends."""

    @strawberry.field(
        description="One send; senders see their own.", extensions=[Needs(Permission.READ_SENDS)]
    )
    async def send(self, info: Info, id: strawberry.ID) -> Send | None:
        """A send by its id."""
        key = at_field("id", lambda raw: ids.object_id("Send", raw), id)
        found = await sends.get(key, _whose(info.context.require(Permission.READ_SENDS)))
        return found and Send.of(found)

    @strawberry.field(
        description="The sends, newest first; senders see their own.",
        extensions=[Needs(Permission.READ_SENDS)],
    )
    async def sends(
        self, info: Info, first: int = 20, after: str | None = None, by: str | None = None
    ) -> SendConnection:
        """A page of sends."""
        whose = _whose(info.context.require(Permission.READ_SENDS)) or by
        place = at_field("after", lambda raw: raw and ids.object_id("Send", raw), after)
        page = await sends.page(whose, first=page_size(first), after=place)
        nodes = [Send.of(send) for send in page.items]
        info_ = page_info([it.id for it in nodes], has_next=page.has_next, has_previous=bool(after))
        edges = [SendEdge(cursor=node.id, node=node) for node in nodes]
        return SendConnection(edges=edges, page_info=info_, whose=whose)


@strawberry.type
class SendMutation:
    """The mutation that sends."""

    @strawberry.mutation(
        description=(
            "Send something to named recipients, to a group, a segment, or all. It answers at once, and "
            "workers do the rest; a mistake in one recipient or a missing variable stops all of it."
        ),
        extensions=[Needs(Permission.SEND), Answers(SendPayload)],
    )
    async def send(self, info: Info, input: SendInput) -> SendPayload:
        """Send; what an operator sends is on record."""
        principal = info.context.require(Permission.SEND)
        if input.to.is_wide or is_operator(principal):
            given = {"input": input}
            said: SendPayload = await recorded(
                partial(_send, info), info, Permission.MANAGE_MAILINGS, given
            )
            return said
        return await _send(info, input)


async def _send(info: Info, input: SendInput) -> SendPayload:
    caller = info.context.require(Permission.SEND).subject
    made = await sends.create(info.context.parts, caller, input.said(), input.idempotency_key)
    return SendPayload(send=Send.of(made))


def _whose(principal: Principal) -> str | None:
    """Whose sends it sees: everyone's, or its own."""
    return None if may(principal, Permission.READ_MAILINGS) else principal.subject
