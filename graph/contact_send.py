"""Sends to contacts, and what could not be delivered, in the schema (C3, C4)."""

from datetime import datetime
from uuid import UUID

import strawberry

from core.errors import Invalid
from graph import ids
from graph.auth import Needs
from graph.contact import Contact
from graph.contact_input import RetryFailedMessagesInput, SendToContactsInput
from graph.context import Info
from graph.enums import Channel, MessageStatus
from graph.errors import Answers, UserError, at_field
from graph.message import HIDDEN, HIDES, Attempt, Message, hides, message_ids
from graph.node import Node
from graph.paging import PageInfo, page_info, page_size
from models import message as documents
from rules.message import Route, Status
from rules.roles import Permission
from services import contact_sends, failures, own_retries
from services.failures import Place


@strawberry.type(description="A contact, and the messages on their way to it.")
class SentToContact:
    """One contact's part of a send."""

    contact: Contact
    messages: list[Message] = strawberry.field(description="One for each of its messengers.")


@strawberry.type(description="What was queued for each contact, or what was wrong.")
class SendToContactsPayload:
    """What sendToContacts answers."""

    results: list[SentToContact] = strawberry.field(
        default_factory=list, description="In the order of the names, each contact once."
    )
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type(description="A message that could not be delivered.")
class FailedMessage(Node):
    """A message that was given up, as its sender sees it. Its id is the message's."""

    sender: str = strawberry.field(description="The subject of who sent it.")
    text: str
    contact: str | None = strawberry.field(
        description="The contact's name, even if it was deleted since; null for a notification."
    )
    channel: Channel
    due_at: datetime = strawberry.field(description="When it was to leave, before any retry.")
    failed_at: datetime = strawberry.field(description="When it was given up.")
    status: MessageStatus
    why: str
    attempt_count: int
    key: strawberry.Private[UUID]
    kept: strawberry.Private[documents.Message]

    @strawberry.field(description=f"Where it was tried, or would have been. {HIDES}")
    def address(self, info: Info) -> str:
        """As far as the caller may see it."""
        return (
            HIDDEN if hides(info, self.kept.client_id or self.kept.user_id) else self.kept.address
        )

    @strawberry.field(description="Every try, oldest first, at most 100.")
    async def attempts(self, info: Info) -> list[Attempt]:
        """The attempts of this message."""
        found = await info.context.loaders.attempts.load(self.key)
        return [
            Attempt.of(one, hides=hides(info, self.kept.client_id or self.kept.user_id))
            for one in found
        ]

    @classmethod
    def of(cls, message: documents.Message) -> "FailedMessage":
        """The message of a document."""
        return cls(
            id=strawberry.ID(ids.opaque("Message", message.id)),
            sender=message.by or "",
            text=message.content.text if message.content else "",
            contact=message.contact_name,
            channel=Route(message.channel),
            due_at=message.planned_at or message.due_at,
            failed_at=failures.place(message).closed_at,
            status=Status(message.status),
            why=message.why,
            attempt_count=message.attempts,
            key=message.id,
            kept=message,
        )


@strawberry.type(description="A message that failed, at its place in the list.")
class FailedMessageEdge:
    """Relay's edge."""

    cursor: str
    node: FailedMessage


@strawberry.type(description="Messages that could not be delivered, the last ones first.")
class FailedMessageConnection:
    """Relay's connection."""

    edges: list[FailedMessageEdge]
    page_info: PageInfo

    @strawberry.field(description="The messages without their edges.")
    def nodes(self) -> list[FailedMessage]:
        """A short cut, as GitHub's API has it."""
        return [edge.node for edge in self.edges]


@strawberry.type(description="How many will be tried again, or what was wrong.")
class RetryFailedMessagesPayload:
    """What retryFailedMessages answers."""

    count: int = strawberry.field(default=0, description="Messages that will be tried again.")
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ContactSendQuery:
    """Queries about what was sent to contacts."""

    @strawberry.field(
        description=(
            "The caller's own messages, to contacts or by notifications, that could not be "
            "delivered. Those of another `sender` are for who has READ_MAILINGS."
        ),
        extensions=[Needs(Permission.KEEP_CONTACTS)],
    )
    async def failed_messages(
        self,
        info: Info,
        first: int = 20,
        after: str | None = None,
        since: datetime | None = None,
        sender: str | None = None,
    ) -> FailedMessageConnection:
        """A page of them."""
        by = info.context.require(Permission.KEEP_CONTACTS).subject
        if sender is not None and sender != by:
            info.context.require(Permission.READ_MAILINGS)
            by = sender
        place = None if after is None else at_field("after", _place, after)
        page = await failures.page(by, first=page_size(first), after=place, since=since)
        cursors = [_cursor(failures.place(message)) for message in page.items]
        nodes = [FailedMessage.of(message) for message in page.items]
        return FailedMessageConnection(
            edges=[
                FailedMessageEdge(cursor=cursor, node=node)
                for cursor, node in zip(cursors, nodes, strict=True)
            ],
            page_info=page_info(cursors, has_next=page.has_next, has_previous=bool(after)),
        )


@strawberry.type
class ContactSendMutation:
    """Mutations that send to contacts."""

    @strawberry.mutation(
        description=(
            "Send a text to contacts by name, on every messenger that they have. It is queued at "
            "once; follow each message by its id."
        ),
        extensions=[Needs(Permission.KEEP_CONTACTS), Answers(SendToContactsPayload)],
    )
    async def send_to_contacts(
        self, info: Info, input: SendToContactsInput
    ) -> SendToContactsPayload:
        """Queue one text for many."""
        owner = info.context.require(Permission.KEEP_CONTACTS).subject
        wanted, key = input.said(), input.idempotency_key
        queued = await contact_sends.send(info.context.parts, owner, wanted, key)
        return SendToContactsPayload(
            results=[
                SentToContact(
                    contact=Contact.of(one.contact),
                    messages=[Message.of(message) for message in one.messages],
                )
                for one in queued
            ]
        )

    @strawberry.mutation(
        description=(
            "Try the caller's own messages again that failed. Where one may have arrived "
            "(UNCERTAIN), it may arrive twice."
        ),
        extensions=[Needs(Permission.KEEP_CONTACTS), Answers(RetryFailedMessagesPayload)],
    )
    async def retry_failed_messages(
        self, info: Info, input: RetryFailedMessagesInput
    ) -> RetryFailedMessagesPayload:
        """Try some again."""
        by = info.context.require(Permission.KEEP_CONTACTS).subject
        keys = message_ids(input.message_ids)
        retried = await own_retries.retry(info.context.parts, keys, by)
        return RetryFailedMessagesPayload(count=retried.count)


def _cursor(place: Place) -> str:
    return ids.opaque("FailedMessage", round(place.closed_at.timestamp() * 1_000), place.id)


def _place(raw: str) -> Place:
    key = ids.key_of("FailedMessage", raw)
    try:
        at, message_id = key
        return failures.place_of(int(at), UUID(message_id))
    except (ValueError, OverflowError):
        raise Invalid("is not a cursor that Belfry gave out; pass cursors on unchanged") from None
