"""The audit log in the schema."""

from datetime import datetime

import strawberry
from bson import ObjectId

from graph import ids
from graph.auth import Needs
from graph.enums import AuditOutcome, Role
from graph.errors import at_field
from graph.node import Node
from graph.paging import PageInfo, page_info, page_size
from models import audit_entry as documents
from rules.roles import Permission
from services import audit
from services.audit import AuditFilter


@strawberry.type(description="One action of an operator, on record from before it began.")
class AuditEntry(Node):
    """An action as the schema has it."""

    at: datetime = strawberry.field(description="When it began.")
    by: str = strawberry.field(description="The subject of who asked for it.")
    role: Role | None = strawberry.field(description="Its role then; null on the command line.")
    api_key_id: strawberry.ID | None = strawberry.field(description="The API key that spoke.")
    action: str = strawberry.field(description="The mutation.")
    targets: list[strawberry.ID] = strawberry.field(description="Ids of what it was done to.")
    input: str = strawberry.field(description="JSON without secrets, cut to 2,000 characters.")
    outcome: AuditOutcome
    codes: list[str] = strawberry.field(description="Why it was refused or failed.")
    result: str | None = strawberry.field(
        description="JSON of what it did, where that is counted: the rows of an import."
    )
    times: int = strawberry.field(
        description="How often: what is refused to the same caller in the same words counts here "
        "for a minute; `at` is the first time and `finishedAt` the last."
    )
    finished_at: datetime | None = strawberry.field(description="Null while UNFINISHED.")

    @classmethod
    def of(cls, entry: documents.AuditEntry) -> "AuditEntry":
        """The action of a document."""
        key_id = strawberry.ID(ids.opaque("ApiKey", entry.key_id)) if entry.key_id else None
        return cls(
            id=strawberry.ID(ids.opaque("AuditEntry", entry.id)),
            at=entry.at,
            by=entry.by,
            role=entry.role,
            api_key_id=key_id,
            action=entry.action,
            targets=[strawberry.ID(target) for target in entry.targets],
            input=entry.input,
            outcome=entry.outcome,
            codes=entry.codes,
            result=entry.result,
            times=entry.times,
            finished_at=entry.finished_at,
        )


@strawberry.type(description="An action at its place in the list.")
class AuditEdge:
    """Relay's edge."""

    cursor: str
    node: AuditEntry


@strawberry.type(description="Actions, newest first.")
class AuditConnection:
    """Relay's connection."""

    edges: list[AuditEdge]
    page_info: PageInfo
    wanted: strawberry.Private[AuditFilter]

    @strawberry.field(description="The actions without their edges.")
    def nodes(self) -> list[AuditEntry]:
        """A short cut, as GitHub's API has it."""
        return [edge.node for edge in self.edges]

    @strawberry.field(description="All that fit the filter; counted only when asked for.")
    async def total_count(self) -> int:
        """The number behind the connection."""
        return await audit.count(self.wanted)


@strawberry.input(description="Which actions: AND between the fields.")
class AuditFilterInput:
    """Narrows the audit log."""

    by: str | None = strawberry.field(default=None, description="A subject.")
    action: str | None = strawberry.field(default=None, description="A mutation, like createKind.")
    since: datetime | None = strawberry.field(default=None, description="Not before this.")
    until: datetime | None = strawberry.field(default=None, description="Before this.")

    def said(self) -> AuditFilter:
        """The same for the service."""
        return AuditFilter(self.by, self.action, self.since, self.until)


@strawberry.type
class AuditQuery:
    """Queries about what was done."""

    @strawberry.field(
        description="What operators did, and what they were refused.",
        extensions=[Needs(Permission.READ_AUDIT_LOG)],
    )
    async def audit_log(
        self, first: int = 20, after: str | None = None, filter: AuditFilterInput | None = None
    ) -> AuditConnection:
        """A page of actions."""
        wanted = filter.said() if filter else AuditFilter()
        place = None if after is None else at_field("after", _entry_id, after)
        page = await audit.page(wanted, first=page_size(first), after=place)
        nodes = [AuditEntry.of(entry) for entry in page.items]
        cursors: list[str] = [node.id for node in nodes]
        return AuditConnection(
            edges=[AuditEdge(cursor=node.id, node=node) for node in nodes],
            page_info=page_info(cursors, has_next=page.has_next, has_previous=bool(after)),
            wanted=wanted,
        )


def _entry_id(raw: str) -> ObjectId:
    return ids.object_id("AuditEntry", raw)
