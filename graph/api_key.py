"""API keys in the schema."""

from datetime import datetime

import strawberry
from bson import ObjectId

from graph import ids
from graph.auth import Needs
from graph.context import Info
from graph.enums import Role
from graph.errors import Answers, UserError, at_field
from graph.idempotency import key_field
from graph.node import Node
from graph.paging import PageInfo, page_info, page_size
from models import api_key as documents
from rules.roles import Permission
from services import api_keys

WHAT_IT_IS = (
    "What the service sends as `Authorization: Bearer bk_...`. Told once: Belfry keeps only a hash "
    "of it. Null if this repeats an earlier request by its idempotencyKey."
)


@strawberry.type(description="A key by which another service signs in.")
class ApiKey(Node):
    """An API key as the schema has it."""

    name: str = strawberry.field(description="What it is for, in its maker's words.")
    role: Role = strawberry.field(description="What its bearer may do.")
    created_at: datetime
    created_by: str = strawberry.field(description="The subject of its maker.")
    expires_at: datetime | None = strawberry.field(description="Null: never.")
    revoked_at: datetime | None = strawberry.field(description="Null while it is in force.")
    revoked_by: str | None = strawberry.field(description="The subject of who revoked it.")
    last_used_at: datetime | None = strawberry.field(description="To the minute.")

    @classmethod
    def of(cls, key: documents.ApiKey) -> "ApiKey":
        """The key of a document."""
        return cls(
            id=strawberry.ID(ids.opaque("ApiKey", key.id)),
            name=key.name,
            role=key.role,
            created_at=key.created_at,
            created_by=key.created_by,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            revoked_by=key.revoked_by,
            last_used_at=key.last_used_at,
        )


@strawberry.type(description="A key at its place in the list.")
class ApiKeyEdge:
    """Relay's edge."""

    cursor: str
    node: ApiKey


@strawberry.type(description="API keys, newest first, revoked ones included.")
class ApiKeyConnection:
    """Relay's connection."""

    edges: list[ApiKeyEdge]
    page_info: PageInfo

    @strawberry.field(description="The keys without their edges.")
    def nodes(self) -> list[ApiKey]:
        """A short cut, as GitHub's API has it."""
        return [edge.node for edge in self.edges]

    @strawberry.field(description="All keys; counted only when asked for.")
    async def total_count(self) -> int:
        """The number behind the connection."""
        return await api_keys.count()


@strawberry.input(description="A key to make.")
class CreateApiKeyInput:
    """What createApiKey takes."""

    name: str = strawberry.field(description="What it is for: 1 to 100 characters.")
    role: Role = strawberry.field(description="SENDER, OPERATOR or ADMIN, no more than your own.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it ends by itself; null for a key that stays."
    )
    idempotency_key: str | None = key_field()


@strawberry.input(description="The key to end.")
class RevokeApiKeyInput:
    """What revokeApiKey takes."""

    id: strawberry.ID


@strawberry.type(description="The key and its secret, or what was wrong.")
class CreateApiKeyPayload:
    """What createApiKey answers."""

    api_key: ApiKey | None = None
    secret: str | None = strawberry.field(default=None, description=WHAT_IT_IS)
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type(description="The key, or what was wrong.")
class RevokeApiKeyPayload:
    """What revokeApiKey answers."""

    api_key: ApiKey | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ApiKeyQuery:
    """Queries about API keys."""

    @strawberry.field(
        description="The API keys of this Belfry.", extensions=[Needs(Permission.MANAGE_API_KEYS)]
    )
    async def api_keys(self, first: int = 20, after: str | None = None) -> ApiKeyConnection:
        """A page of keys."""
        place = None if after is None else at_field("after", _key_id, after)
        page = await api_keys.page(first=page_size(first), after=place)
        nodes = [ApiKey.of(key) for key in page.items]
        cursors: list[str] = [node.id for node in nodes]
        return ApiKeyConnection(
            edges=[ApiKeyEdge(cursor=node.id, node=node) for node in nodes],
            page_info=page_info(cursors, has_next=page.has_next, has_previous=bool(after)),
        )


@strawberry.type
class ApiKeyMutation:
    """Mutations of API keys."""

    @strawberry.mutation(
        description="Make a key for a service; its secret is told only in this answer.",
        extensions=[Needs(Permission.MANAGE_API_KEYS), Answers(CreateApiKeyPayload)],
    )
    async def create_api_key(self, info: Info, input: CreateApiKeyInput) -> CreateApiKeyPayload:
        """Make one."""
        maker = info.context.require(Permission.MANAGE_API_KEYS)
        new = api_keys.NewKey(input.name, input.role, input.expires_at)
        made = await api_keys.create(info.context.parts, maker, new, input.idempotency_key)
        return CreateApiKeyPayload(api_key=ApiKey.of(made.key), secret=made.secret)

    @strawberry.mutation(
        description="End a key: within about a second it opens nothing, and its sockets close.",
        extensions=[Needs(Permission.MANAGE_API_KEYS), Answers(RevokeApiKeyPayload)],
    )
    async def revoke_api_key(self, info: Info, input: RevokeApiKeyInput) -> RevokeApiKeyPayload:
        """Revoke one."""
        by = info.context.require(Permission.MANAGE_API_KEYS)
        key = await api_keys.revoke(info.context.parts, by, at_field("id", _key_id, input.id))
        return RevokeApiKeyPayload(api_key=ApiKey.of(key))


def _key_id(raw: str) -> ObjectId:
    return ids.object_id("ApiKey", raw)
