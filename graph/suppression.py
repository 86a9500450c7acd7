"""The suppression list in the schema (X8): addresses that nothing is sent to."""

from datetime import datetime

import strawberry

from core.errors import Invalid, InvalidInput
from graph import ids
from graph.auth import Needs
from graph.context import Info
from graph.enums import Channel, SuppressionReason
from graph.errors import Answers, UserError, at_field, user_errors
from graph.node import Node
from graph.paging import PageInfo, page_info, page_size
from graph.suppression_input import (
    AddSuppressionInput,
    AddSuppressionsInput,
    RemoveSuppressionInput,
    RemoveSuppressionsInput,
    SuppressionFilterInput,
)
from models import suppression as documents
from rules.message import Route
from rules.roles import Permission
from services import suppressions
from services.suppressions import SuppressionFilter


@strawberry.type(description="An address that nothing is sent to by a channel.")
class Suppression(Node):
    """A suppression as the schema has it."""

    channel: Channel
    address: str = strawberry.field(description="In the spelling that it is looked up by.")
    reason: SuppressionReason
    at: datetime = strawberry.field(description="Since when.")
    by: str = strawberry.field(
        description="Who put it on the list; `belfry` for a bounce, `recipient` for a link."
    )
    message_id: strawberry.ID | None = strawberry.field(description="The message that bounced.")
    note: str = strawberry.field(
        description="What was said to it; of a bounce the server's answer."
    )

    @classmethod
    def of(cls, found: documents.Suppression) -> "Suppression":
        """The suppression of a document."""
        message = found.message_id
        return cls(
            id=strawberry.ID(_id(found)),
            channel=Route(found.channel),
            address=found.address,
            reason=found.reason,
            at=found.at,
            by=found.by,
            message_id=None if message is None else strawberry.ID(ids.opaque("Message", message)),
            note=found.note,
        )


@strawberry.type(description="A suppression at its place in the list.")
class SuppressionEdge:
    """Relay's edge."""

    cursor: str
    node: Suppression


@strawberry.type(description="Suppressions, by channel and address.")
class SuppressionConnection:
    """Relay's connection."""

    edges: list[SuppressionEdge]
    page_info: PageInfo
    wanted: strawberry.Private[SuppressionFilter]

    @strawberry.field(description="The suppressions without their edges.")
    def nodes(self) -> list[Suppression]:
        """A short cut, as GitHub's API has it."""
        return [edge.node for edge in self.edges]

    @strawberry.field(description="All that fit the filter; counted only when asked for.")
    async def total_count(self) -> int:
        """The number behind the connection."""
        return await suppressions.count(self.wanted)


@strawberry.type(description="The suppression (as it was, if it is removed), or what was wrong.")
class SuppressionPayload:
    """What mutations of one suppression answer."""

    suppression: Suppression | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type(description="One answer per address, in the order of the input.")
class SuppressionsPayload:
    """What mutations of many suppressions answer."""

    results: list[SuppressionPayload] = strawberry.field(default_factory=list)
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class SuppressionQuery:
    """Queries about the suppression list."""

    @strawberry.field(
        description="The suppression list.", extensions=[Needs(Permission.READ_SUPPRESSIONS)]
    )
    async def suppressions(
        self,
        first: int = 20,
        after: str | None = None,
        filter: SuppressionFilterInput | None = None,
    ) -> SuppressionConnection:
        """A page of it."""
        wanted = filter.said() if filter else SuppressionFilter()
        place = None if after is None else at_field("after", _key, after)
        page = await suppressions.page(wanted, first=page_size(first), after=place)
        nodes = [Suppression.of(found) for found in page.items]
        return SuppressionConnection(
            edges=[SuppressionEdge(cursor=node.id, node=node) for node in nodes],
            page_info=page_info(
                [node.id for node in nodes], has_next=page.has_next, has_previous=bool(after)
            ),
            wanted=wanted,
        )


@strawberry.type
class SuppressionMutation:
    """Mutations of the suppression list."""

    @strawberry.mutation(
        description="Send nothing to an address any more, not even what is critical.",
        extensions=[Needs(Permission.MANAGE_SUPPRESSIONS), Answers(SuppressionPayload)],
    )
    async def add_suppression(self, info: Info, input: AddSuppressionInput) -> SuppressionPayload:
        """Add one."""
        (answer,) = await suppressions.add(_caller(info), [input.said()])
        return _payload(answer)

    @strawberry.mutation(
        description="Send nothing to up to 1,000 addresses any more; one mistake stops no other.",
        extensions=[Needs(Permission.MANAGE_SUPPRESSIONS), Answers(SuppressionsPayload)],
    )
    async def add_suppressions(
        self, info: Info, input: AddSuppressionsInput
    ) -> SuppressionsPayload:
        """Add many."""
        answers = await suppressions.add(_caller(info), [one.said() for one in input.suppressions])
        return SuppressionsPayload(results=[_payload(answer) for answer in answers])

    @strawberry.mutation(
        description="Let an address be sent to again.",
        extensions=[Needs(Permission.MANAGE_SUPPRESSIONS), Answers(SuppressionPayload)],
    )
    async def remove_suppression(
        self, info: Info, input: RemoveSuppressionInput
    ) -> SuppressionPayload:
        """Remove one."""
        (answer,) = await suppressions.remove(_caller(info), [input.said()])
        return _payload(answer)

    @strawberry.mutation(
        description="Let up to 1,000 addresses be sent to again; one mistake stops no other.",
        extensions=[Needs(Permission.MANAGE_SUPPRESSIONS), Answers(SuppressionsPayload)],
    )
    async def remove_suppressions(
        self, info: Info, input: RemoveSuppressionsInput
    ) -> SuppressionsPayload:
        """Remove many."""
        wanted = [one.said() for one in input.suppressions]
        answers = await suppressions.remove(_caller(info), wanted)
        return SuppressionsPayload(results=[_payload(answer) for answer in answers])


def _caller(info: Info) -> str:
    return info.context.require(Permission.MANAGE_SUPPRESSIONS).subject


def _payload(answer: documents.Suppression | InvalidInput) -> SuppressionPayload:
    if isinstance(answer, InvalidInput):
        return SuppressionPayload(errors=user_errors(answer))
    return SuppressionPayload(suppression=Suppression.of(answer))


def _id(found: documents.Suppression) -> str:
    # In hexadecimal digits: an address may have the mark in it that separates the parts of an id.
    return ids.opaque("Suppression", str(found.id).encode().hex())


def _key(raw: str) -> str:
    said = "".join(ids.key_of("Suppression", raw))
    try:
        return bytes.fromhex(said).decode()
    except ValueError:
        raise Invalid("is not an id that Belfry gave out; pass ids on unchanged") from None
