"""Mutations of groups (T2)."""

from collections.abc import Sequence

import strawberry

from core.errors import InvalidInput
from graph import ids
from graph.auth import Needs
from graph.context import Info
from graph.errors import Answers, UserError, user_errors
from graph.group import Group
from graph.group_input import (
    AddToGroupInput,
    CreateGroupInput,
    DeleteGroupInput,
    RemoveFromGroupInput,
    UpdateGroupInput,
)
from graph.kind import present
from rules.roles import Permission
from services import groups, memberships
from services.memberships import Answer


@strawberry.type(description="The group, or what was wrong.")
class GroupPayload:
    """What mutations of a group answer."""

    group: Group | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type(description="The client or user, or what was wrong with it.")
class MembershipResult:
    """One answer of many."""

    client_id: strawberry.ID | None = None
    user_id: strawberry.ID | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)

    @classmethod
    def of(cls, answer: Answer) -> "MembershipResult":
        """The answer of the service."""
        if isinstance(answer, InvalidInput):
            return cls(errors=user_errors(answer))
        of, key = answer
        if of == "user":
            return cls(user_id=strawberry.ID(str(key)))
        return cls(client_id=strawberry.ID(ids.opaque("Client", key)))


@strawberry.type(description="One answer per member, in the order of the input.")
class MembershipPayload:
    """What addToGroup and removeFromGroup answer."""

    results: list[MembershipResult] = strawberry.field(default_factory=list)
    errors: list[UserError] = strawberry.field(default_factory=list)

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> "MembershipPayload":
        """The answers of the service."""
        return cls(results=[MembershipResult.of(answer) for answer in answers])


@strawberry.type
class GroupMutation:
    """Mutations of groups and of who is in them."""

    @strawberry.mutation(
        description="Add a group.",
        extensions=[Needs(Permission.MANAGE_CLIENTS), Answers(GroupPayload)],
    )
    async def create_group(self, info: Info, input: CreateGroupInput) -> GroupPayload:
        """Add one."""
        caller = info.context.require(Permission.MANAGE_CLIENTS).subject
        parts, key = info.context.parts, input.idempotency_key
        return GroupPayload(group=Group.of(await groups.create(parts, caller, input.said(), key)))

    @strawberry.mutation(
        description="Change what a group is called; who is in it stays.",
        extensions=[Needs(Permission.MANAGE_CLIENTS), Answers(GroupPayload)],
    )
    async def update_group(self, input: UpdateGroupInput) -> GroupPayload:
        """Change one."""
        changes = present(input, "title", "description")
        return GroupPayload(group=Group.of(await groups.update(input.name, changes)))

    @strawberry.mutation(
        description="Delete a group that no segment and no mailing to come uses; members stay.",
        extensions=[Needs(Permission.MANAGE_CLIENTS), Answers(GroupPayload)],
    )
    async def delete_group(self, info: Info, input: DeleteGroupInput) -> GroupPayload:
        """Delete one."""
        deleted = await groups.delete(info.context.parts, input.name)
        return GroupPayload(group=Group.of(deleted))

    @strawberry.mutation(
        description="Put up to 1,000 clients and users into a group; one mistake stops no other.",
        extensions=[Needs(Permission.MANAGE_CLIENTS), Answers(MembershipPayload)],
    )
    async def add_to_group(self, info: Info, input: AddToGroupInput) -> MembershipPayload:
        """Put some in; whoever is in it stays in it."""
        parts, wanted = info.context.parts, input.said()
        return MembershipPayload.of(await memberships.add(parts, input.group, wanted))

    @strawberry.mutation(
        description="Take up to 1,000 clients and users out of a group; one mistake stops no other.",
        extensions=[Needs(Permission.MANAGE_CLIENTS), Answers(MembershipPayload)],
    )
    async def remove_from_group(self, info: Info, input: RemoveFromGroupInput) -> MembershipPayload:
        """Take some out; whoever is not in it stays out."""
        parts, wanted = info.context.parts, input.said()
        return MembershipPayload.of(await memberships.remove(parts, input.group, wanted))
