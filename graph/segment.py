"""Segments in the schema (T2)."""

from datetime import datetime

import strawberry

from graph import ids
from graph.audience import Audience
from graph.audience_input import AudienceInput
from graph.auth import Needs
from graph.client import Client
from graph.context import Info
from graph.errors import Answers, UserError, at_field
from graph.group_input import NAME
from graph.idempotency import key_field
from graph.kind import present
from graph.node import Node
from graph.paging import PageInfo, page_info, page_size
from models import segment as documents
from rules.roles import Permission
from services import audiences, segments
from services.segments import NewSegment


@strawberry.type(description="A filter over clients and users, kept under a name.")
class Segment(Node):
    """A segment as the schema has it."""

    name: str = strawberry.field(description="What audiences and sends call it by.")
    title: str
    description: str
    filter: Audience
    created_at: datetime
    updated_at: datetime
    document: strawberry.Private[documents.Segment]

    @strawberry.field(description="How many clients and users fit it just now.")
    async def count(self) -> int:
        """Counted only when asked for."""
        found = await audiences.of_filter(self.document.filter)
        return found.total + found.users

    @strawberry.field(description="The oldest clients that fit it, at most 100.")
    async def sample(self, first: int = 5) -> list[Client]:
        """Some of them."""
        found = await audiences.some_of(self.document.filter, page_size(first))
        return [Client.of(client) for client in found]

    @classmethod
    def of(cls, segment: documents.Segment) -> "Segment":
        """The segment of a document."""
        return cls(
            id=strawberry.ID(ids.opaque("Segment", segment.id)),
            name=segment.name,
            title=segment.title,
            description=segment.description,
            filter=Audience.of(segment.filter),
            created_at=segment.created_at,
            updated_at=segment.updated_at,
            document=segment,
        )


@strawberry.type(description="A segment at its place in the list.")
class SegmentEdge:
    """Relay's edge."""

    cursor: str
    node: Segment


@strawberry.type(description="Segments, oldest first.")
class SegmentConnection:
    """Relay's connection."""

    edges: list[SegmentEdge]
    page_info: PageInfo

    @strawberry.field(description="The segments without their edges.")
    def nodes(self) -> list[Segment]:
        """A short cut, as GitHub's API has it."""
        return [edge.node for edge in self.edges]

    @strawberry.field(description="All there are; counted only when asked for.")
    async def total_count(self) -> int:
        """The number behind the connection."""
        return await segments.count()


@strawberry.input(description="A segment to create.")
class CreateSegmentInput:
    """What createSegment takes."""

    name: str = strawberry.field(description=NAME)
    title: str = strawberry.field(default="", description="Without one, the name.")
    description: str = ""
    filter: AudienceInput = strawberry.field(description="Without all, allUsers and segments.")
    idempotency_key: str | None = key_field()


@strawberry.input(description="Changes to a segment; what is absent stays as it is.")
class UpdateSegmentInput:
    """What updateSegment takes."""

    name: str = strawberry.field(description="Which segment.")
    title: strawberry.Maybe[str | None]
    description: strawberry.Maybe[str | None]
    filter: strawberry.Maybe[AudienceInput | None] = strawberry.field(
        description="Mailings that have started keep the old one."
    )


@strawberry.input(description="The segment to delete.")
class DeleteSegmentInput:
    """What deleteSegment takes."""

    name: str = strawberry.field(description="Which segment.")


@strawberry.type(description="The segment, or what was wrong.")
class SegmentPayload:
    """What mutations of a segment answer."""

    segment: Segment | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class SegmentQuery:
    """Queries about segments."""

    @strawberry.field(description="One segment.", extensions=[Needs(Permission.READ_CLIENTS)])
    async def segment(self, name: str) -> Segment | None:
        """A segment by its name."""
        found = await segments.get(name)
        return found and Segment.of(found)

    @strawberry.field(description="The segments.", extensions=[Needs(Permission.READ_CLIENTS)])
    async def segments(self, first: int = 20, after: str | None = None) -> SegmentConnection:
        """A page of segments."""
        place = at_field("after", lambda raw: raw and ids.object_id("Segment", raw), after)
        page = await segments.page(first=page_size(first), after=place)
        nodes = [Segment.of(segment) for segment in page.items]
        info = page_info([it.id for it in nodes], has_next=page.has_next, has_previous=bool(after))
        edges = [SegmentEdge(cursor=node.id, node=node) for node in nodes]
        return SegmentConnection(edges=edges, page_info=info)


@strawberry.type
class SegmentMutation:
    """Mutations of segments."""

    @strawberry.mutation(
        description="Keep a filter under a name.",
        extensions=[Needs(Permission.MANAGE_CLIENTS), Answers(SegmentPayload)],
    )
    async def create_segment(self, info: Info, input: CreateSegmentInput) -> SegmentPayload:
        """Add one."""
        caller = info.context.require(Permission.MANAGE_CLIENTS).subject
        new = NewSegment(input.name, input.filter.said(), input.title, input.description)
        made = await segments.create(info.context.parts, caller, new, input.idempotency_key)
        return SegmentPayload(segment=Segment.of(made))

    @strawberry.mutation(
        description="Change a segment; mailings that have started keep it as it was.",
        extensions=[Needs(Permission.MANAGE_CLIENTS), Answers(SegmentPayload)],
    )
    async def update_segment(self, info: Info, input: UpdateSegmentInput) -> SegmentPayload:
        """Change one."""
        changes = present(input, "title", "description", "filter")
        if "filter" in changes:
            changes["filter"] = changes["filter"].said()
        changed = await segments.update(info.context.parts, input.name, changes)
        return SegmentPayload(segment=Segment.of(changed))

    @strawberry.mutation(
        description="Delete a segment that no mailing to come uses.",
        extensions=[Needs(Permission.MANAGE_CLIENTS), Answers(SegmentPayload)],
    )
    async def delete_segment(self, info: Info, input: DeleteSegmentInput) -> SegmentPayload:
        """Delete one."""
        deleted = await segments.delete(info.context.parts, input.name)
        return SegmentPayload(segment=Segment.of(deleted))
