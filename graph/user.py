"""Users in the schema: who has an inbox, and how each is written to."""

from collections.abc import Sequence

import strawberry
from bson import ObjectId

from core.errors import InvalidInput
from graph import ids
from graph.auth import Needs
from graph.context import Info
from graph.errors import Answers, UserError, at_field, user_errors
from graph.group import Group
from graph.paging import PageInfo, page_info, page_size
from graph.user_input import SaveUserInput, SaveUsersInput
from models import user as documents
from rules import addresses
from rules.roles import Permission
from services import people, users


@strawberry.type(description="Someone with an inbox.")
class User:
    """A user as the schema has it."""

    user_id: strawberry.ID = strawberry.field(description="24 hexadecimal digits.")
    email: str | None = strawberry.field(description="Where it gets e-mail.")
    locale: str | None = strawberry.field(
        description="A tag of BCP 47, as in de-AT: the language that it is written to."
    )
    time_zone: str = strawberry.field(description="IANA name: the clock of its windows.")
    unread: int = strawberry.field(description="Notifications in its inbox that are unread.")
    group_ids: strawberry.Private[Sequence[ObjectId]]

    @strawberry.field(description="The groups that it is in, at most 100.")
    async def groups(self, info: Info) -> list[Group]:
        """Looked up only when asked for."""
        found = await info.context.loaders.groups.load_many(self.group_ids)
        return [Group.of(group) for group in found if group is not None]

    @classmethod
    def of(cls, user: documents.User) -> "User":
        """The user of a document."""
        return cls(
            user_id=strawberry.ID(str(user.id)),
            email=user.email or None,
            locale=user.locale,
            time_zone=user.time_zone,
            unread=user.unread,
            group_ids=user.groups,
        )


@strawberry.type(description="A user at its place in the list.")
class UserEdge:
    """Relay's edge."""

    cursor: str
    node: User


@strawberry.type(description="Users by their ids.")
class UserConnection:
    """Relay's connection."""

    edges: list[UserEdge]
    page_info: PageInfo

    @strawberry.field(description="The users without their edges.")
    def nodes(self) -> list[User]:
        """A short cut, as GitHub's API has it."""
        return [edge.node for edge in self.edges]


@strawberry.type(description="The user, or what was wrong.")
class SaveUserPayload:
    """What saveUser answers, and one answer of saveUsers."""

    user: User | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)

    @classmethod
    def of(cls, answer: documents.User | InvalidInput) -> "SaveUserPayload":
        """The answer of the service."""
        if isinstance(answer, InvalidInput):
            return cls(errors=user_errors(answer))
        return cls(user=User.of(answer))


@strawberry.type(description="One answer per user, in the order of the input.")
class SaveUsersPayload:
    """What saveUsers answers."""

    results: list[SaveUserPayload] = strawberry.field(default_factory=list)
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class UserQuery:
    """Queries about users."""

    @strawberry.field(description="One user.", extensions=[Needs(Permission.READ_CLIENTS)])
    async def user(self, id: strawberry.ID) -> User | None:
        """A user by the 24 hexadecimal digits of its id."""
        found = await people.get(at_field("id", addresses.object_id, id))
        return found and User.of(found)

    @strawberry.field(description="The users.", extensions=[Needs(Permission.READ_CLIENTS)])
    async def users(self, first: int = 20, after: str | None = None) -> UserConnection:
        """A page of users."""
        place = at_field("after", lambda raw: raw and ids.object_id("User", raw), after)
        page = await users.page({}, first=page_size(first), after=place)
        edges = [
            UserEdge(cursor=ids.opaque("User", user.id), node=User.of(user)) for user in page.items
        ]
        cursors = [edge.cursor for edge in edges]
        info = page_info(cursors, has_next=page.has_next, has_previous=bool(after))
        return UserConnection(edges=edges, page_info=info)


@strawberry.type
class UserMutation:
    """Mutations of users."""

    @strawberry.mutation(
        description="Say where, in which language and by whose clock a user is written to; e-mails "
        "not yet sent follow.",
        extensions=[Needs(Permission.MANAGE_CLIENTS), Answers(SaveUserPayload)],
    )
    async def save_user(self, info: Info, input: SaveUserInput) -> SaveUserPayload:
        """Save one."""
        caller = info.context.require(Permission.MANAGE_CLIENTS).subject
        new, key = input.said(), input.idempotency_key
        return SaveUserPayload.of(await people.save(info.context.parts, caller, new, key))

    @strawberry.mutation(
        description="The same for up to 1,000 users; one mistake stops no other.",
        extensions=[Needs(Permission.MANAGE_CLIENTS), Answers(SaveUsersPayload)],
    )
    async def save_users(self, info: Info, input: SaveUsersInput) -> SaveUsersPayload:
        """Save many."""
        caller = info.context.require(Permission.MANAGE_CLIENTS).subject
        batch, key = input.said(), input.idempotency_key
        answers = await people.save_many(info.context.parts, caller, batch, key)
        return SaveUsersPayload(results=[SaveUserPayload.of(answer) for answer in answers])
