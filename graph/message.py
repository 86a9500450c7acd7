"""Messages and their attempts in the schema (M3, M7, M9)."""

from datetime import datetime
from uuid import UUID

import strawberry

from core.errors import Checklist
from graph import ids
from graph.auth import Needs
from graph.context import Info
from graph.enums import AttemptVerdict, Channel, MessageStatus
from graph.errors import at_field
from graph.node import Node
from graph.paging import PageInfo
from models import attempt as attempt_documents
from models import message as documents
from rules.message import Route, Status, Verdict
from rules.roles import Permission, may
from services import history, retries

HIDDEN = "***"
HIDES = "`***` where it is a client's or a user's and you don't have READ_CLIENTS."


@strawberry.type(description="One try to deliver a message.")
class Attempt(Node):
    """An attempt as the schema has it."""

    message_id: strawberry.ID = strawberry.field(description="The message that it was made for.")
    number: int = strawberry.field(description="Counts the tries of the message from 1.")
    channel: Channel
    provider: str | None = strawberry.field(description="The host that was asked.")
    address: str = strawberry.field(description=f"Where it went. {HIDES}")
    started_at: datetime
    duration_ms: float
    verdict: AttemptVerdict
    code: str = strawberry.field(description="The provider's code, or our word for what happened.")
    answer: str = strawberry.field(description="The provider's answer, cut to 2,000 characters.")
    worker: str

    @classmethod
    def of(cls, attempt: attempt_documents.Attempt, *, hides: bool = False) -> "Attempt":
        """The attempt of a document; it may hide where that went, also where an answer says it."""
        address, answer = attempt.address, attempt.answer
        if hides and address:
            address, answer = HIDDEN, answer.replace(address, HIDDEN)
        return cls(
            id=strawberry.ID(ids.opaque("Attempt", attempt.id)),
            message_id=strawberry.ID(ids.opaque("Message", attempt.message_id)),
            number=attempt.number,
            channel=Route(attempt.channel),
            provider=attempt.provider,
            address=address,
            started_at=attempt.started_at,
            duration_ms=attempt.duration_ms,
            verdict=Verdict(attempt.verdict),
            code=attempt.code,
            answer=answer,
            worker=attempt.worker,
        )


@strawberry.type(description="One message to one recipient by one channel.")
class Message(Node):
    """A message as the schema has it."""

    status: MessageStatus
    why: str = strawberry.field(description="Why it is where it is.")
    channel: Channel
    outside_id: str | None = strawberry.field(description="The id at outside APIs: an int64.")
    topic: str | None = strawberry.field(
        description="What its recipient mutes it by; null for a mailing's: that has the topic."
    )
    mailing_id: strawberry.ID | None
    send_id: strawberry.ID | None
    client_id: strawberry.ID | None
    user_id: strawberry.ID | None
    contact_id: strawberry.ID | None = strawberry.field(description="Even if it was deleted since.")
    created_at: datetime
    due_at: datetime = strawberry.field(description="When it is (or was) next to be tried.")
    sent_at: datetime | None
    attempt_count: int
    key: strawberry.Private[UUID]
    kept_address: strawberry.Private[str]

    @strawberry.field(description=f"Where the last attempt went, or the next goes. {HIDES}")
    def address(self, info: Info) -> str:
        """As far as the caller may see it."""
        return HIDDEN if hides(info, self.client_id or self.user_id) else self.kept_address

    @strawberry.field(description="Every try, oldest first, at most 100.")
    async def attempts(self, info: Info) -> list[Attempt]:
        """The attempts of this message."""
        found = await info.context.loaders.attempts.load(self.key)
        return [Attempt.of(one, hides=hides(info, self.client_id or self.user_id)) for one in found]

    @classmethod
    def of(cls, message: documents.Message) -> "Message":
        """The message of a document."""
        return cls(
            id=strawberry.ID(ids.opaque("Message", message.id)),
            status=Status(message.status),
            why=message.why,
            channel=Route(message.channel),
            outside_id=None if message.number is None else str(message.number),
            topic=message.topic,
            mailing_id=_id("Mailing", message.mailing_id),
            send_id=_id("Send", message.send_id),
            client_id=_id("Client", message.client_id),
            user_id=None if message.user_id is None else strawberry.ID(str(message.user_id)),
            contact_id=_id("Contact", message.contact_id),
            created_at=message.created_at,
            due_at=message.due_at,
            sent_at=message.sent_at,
            attempt_count=message.attempts,
            key=message.id,
            kept_address=message.address,
        )


@strawberry.type(description="A message at its place in the list.")
class MessageEdge:
    """Relay's edge."""

    cursor: str
    node: Message


@strawberry.type(description="Messages, in a stable order.")
class MessageConnection:
    """Relay's connection."""

    edges: list[MessageEdge]
    page_info: PageInfo

    @strawberry.field(description="The messages without their edges.")
    def nodes(self) -> list[Message]:
        """A short cut, as GitHub's API has it."""
        return [edge.node for edge in self.edges]


@strawberry.type
class MessageQuery:
    """Queries about messages."""

    @strawberry.field(
        description=(
            "One message: for who has READ_MAILINGS of a mailing or of anybody's, for others of "
            "those that they asked for themselves."
        ),
        extensions=[Needs(Permission.READ_SENDS)],
    )
    async def message(self, info: Info, id: strawberry.ID) -> Message | None:
        """A message by its id."""
        key = at_field("id", lambda raw: ids.uuid("Message", raw), id)
        principal = info.context.require(Permission.READ_SENDS)
        sees_all = may(principal, Permission.READ_MAILINGS)
        found = await history.message(key, None if sees_all else principal.subject)
        return found and Message.of(found)


def hides(info: Info, whose: object) -> bool:
    """Whether the caller may not see where a client or user is reached, though it may write to it."""
    principal = info.context.principal
    may_see = principal is not None and may(principal, Permission.READ_CLIENTS)
    return whose is not None and not may_see


def message_ids(said: list[strawberry.ID]) -> list[UUID]:
    """The keys behind `messageIds`; raises InvalidInput with every mistake."""
    retries.check_count(len(said))  # before there is one error for each
    checks = Checklist()
    found = [
        checks.take(f"messageIds.{place}", lambda raw: ids.uuid("Message", raw), raw)
        for place, raw in enumerate(said)
    ]
    checks.close()
    return [key for key in found if key is not None]


def _id(type_name: str, key: object) -> strawberry.ID | None:
    return None if key is None else strawberry.ID(ids.opaque(type_name, key))
