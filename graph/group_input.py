"""What mutations of groups take."""

import strawberry
from bson import ObjectId

from core.errors import Invalid
from graph import ids
from graph.given import given
from graph.idempotency import key_field
from services.groups import NewGroup
from services.memberships import Who

NO_CLIENT = ObjectId(bytes(12))
NAME = "Up to 64 of a-z, 0-9, _ and -; it never changes."


@strawberry.input(description="A group to create, without members.")
class CreateGroupInput:
    """What createGroup takes."""

    name: str = strawberry.field(description=NAME)
    title: str = strawberry.field(default="", description="Without one, the name.")
    description: str = ""
    idempotency_key: str | None = key_field()

    def said(self) -> NewGroup:
        """The same for the service."""
        return NewGroup(self.name, self.title, self.description)


@strawberry.input(description="Changes to a group; what is absent stays as it is.")
class UpdateGroupInput:
    """What updateGroup takes."""

    name: str = strawberry.field(description="Which group.")
    title: strawberry.Maybe[str | None]
    description: strawberry.Maybe[str | None]


@strawberry.input(description="The group to delete.")
class DeleteGroupInput:
    """What deleteGroup takes."""

    name: str = strawberry.field(description="Which group.")


@strawberry.input(one_of=True, description="A client or a user; give one of these.")
class MemberInput:
    """Who is meant."""

    client_id: strawberry.Maybe[strawberry.ID]
    user_id: strawberry.Maybe[strawberry.ID] = strawberry.field(description="24 hex digits.")
    phone: strawberry.Maybe[str] = strawberry.field(description="The client with this phone.")
    email: strawberry.Maybe[str] = strawberry.field(description="The client with this address.")

    def said(self) -> Who:
        """The same for the service."""
        return Who(
            client_id=None if self.client_id is None else _client_id(self.client_id.value),
            user_id=given(self.user_id),
            phone=given(self.phone),
            email=given(self.email),
        )


@strawberry.input(description="Up to 1,000 clients and users to put into a group.")
class AddToGroupInput:
    """What addToGroup takes."""

    group: str = strawberry.field(description="Its name.")
    members: list[MemberInput]

    def said(self) -> list[Who]:
        """The same for the service."""
        return [member.said() for member in self.members]


@strawberry.input(description="Up to 1,000 clients and users to take out of a group.")
class RemoveFromGroupInput(AddToGroupInput):
    """What removeFromGroup takes."""


def _client_id(raw: str) -> ObjectId:
    """The key of a client; of what is none, one that no client has."""
    try:
        return ids.object_id("Client", raw)
    except Invalid:
        return NO_CLIENT
