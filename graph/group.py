"""Groups of clients and users in the schema (T2)."""

from datetime import datetime

import strawberry
from bson import ObjectId

from core.errors import Invalid
from graph import ids
from graph.auth import Needs
from graph.client import Client
from graph.context import Info
from graph.errors import at_field
from graph.node import Node
from graph.paging import PageInfo, page_info, page_size
from models import group as documents
from rules import addresses
from rules.roles import Permission
from services import groups, memberships
from services.memberships import MODELS, Place


@strawberry.type(description="A client or a user in a group.")
class GroupMember:
    """One member."""

    client: Client | None = strawberry.field(description="Null for a user.")
    user_id: strawberry.ID | None = strawberry.field(description="Null for a client.")
    email: str | None = strawberry.field(description="Where it gets e-mail, if it does.")

    @classmethod
    def of(cls, member: memberships.Member) -> "GroupMember":
        """The member of a service's answer."""
        if member.client is not None:
            return cls(client=Client.of(member.client), user_id=None, email=member.client.email)
        assert member.user is not None
        user_id = strawberry.ID(str(member.user.id))
        return cls(client=None, user_id=user_id, email=member.user.email or None)


@strawberry.type(description="A member at its place in the list.")
class GroupMemberEdge:
    """Relay's edge."""

    cursor: str
    node: GroupMember


@strawberry.type(description="Members of a group, its clients first.")
class GroupMemberConnection:
    """Relay's connection."""

    edges: list[GroupMemberEdge]
    page_info: PageInfo

    @strawberry.field(description="The members without their edges.")
    def nodes(self) -> list[GroupMember]:
        """A short cut, as GitHub's API has it."""
        return [edge.node for edge in self.edges]


@strawberry.type(description="A static list of clients and users.")
class Group(Node):
    """A group as the schema has it."""

    name: str = strawberry.field(description="What audiences and sends call it by.")
    title: str
    description: str
    created_at: datetime
    updated_at: datetime
    key: strawberry.Private[ObjectId]

    @strawberry.field(description="How many are in it.")
    async def count(self, info: Info) -> int:
        """Counted only when asked for."""
        return await info.context.loaders.group_sizes.load(self.key)

    @strawberry.field(description="Who is in it: clients, then users.")
    async def members(self, first: int = 20, after: str | None = None) -> GroupMemberConnection:
        """A page of members."""
        place = None if after is None else at_field("after", _place, after)
        found, more = await memberships.page(self.key, first=page_size(first), after=place)
        edges = [
            GroupMemberEdge(
                cursor=ids.opaque("GroupMember", *member.place), node=GroupMember.of(member)
            )
            for member in found
        ]
        cursors = [edge.cursor for edge in edges]
        info = page_info(cursors, has_next=more, has_previous=bool(after))
        return GroupMemberConnection(edges=edges, page_info=info)

    @classmethod
    def of(cls, group: documents.Group) -> "Group":
        """The group of a document."""
        assert group.id is not None
        return cls(
            id=strawberry.ID(ids.opaque("Group", group.id)),
            name=group.name,
            title=group.title,
            description=group.description,
            created_at=group.created_at,
            updated_at=group.updated_at,
            key=group.id,
        )


@strawberry.type(description="A group at its place in the list.")
class GroupEdge:
    """Relay's edge."""

    cursor: str
    node: Group


@strawberry.type(description="Groups, oldest first.")
class GroupConnection:
    """Relay's connection."""

    edges: list[GroupEdge]
    page_info: PageInfo

    @strawberry.field(description="The groups without their edges.")
    def nodes(self) -> list[Group]:
        """A short cut, as GitHub's API has it."""
        return [edge.node for edge in self.edges]

    @strawberry.field(description="All there are; counted only when asked for.")
    async def total_count(self) -> int:
        """The number behind the connection."""
        return await groups.count()


@strawberry.type
class GroupQuery:
    """Queries about groups."""

    @strawberry.field(description="One group.", extensions=[Needs(Permission.READ_CLIENTS)])
    async def group(self, name: str) -> Group | None:
        """A group by its name."""
        found = await groups.get(name)
        return found and Group.of(found)

    @strawberry.field(description="The groups.", extensions=[Needs(Permission.READ_CLIENTS)])
    async def groups(self, first: int = 20, after: str | None = None) -> GroupConnection:
        """A page of groups."""
        place = at_field("after", lambda raw: raw and ids.object_id("Group", raw), after)
        page = await groups.page(first=page_size(first), after=place)
        nodes = [Group.of(group) for group in page.items]
        info = page_info([it.id for it in nodes], has_next=page.has_next, has_previous=bool(after))
        edges = [GroupEdge(cursor=node.id, node=node) for node in nodes]
        return GroupConnection(edges=edges, page_info=info)


def _place(raw: str) -> Place:
    key = ids.key_of("GroupMember", raw)
    for of in MODELS:
        if len(key) == 2 and key[0] == of:
            return of, addresses.object_id(key[1])
    raise Invalid("is not a cursor that Belfry gave out; pass cursors on unchanged")
