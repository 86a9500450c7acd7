"""Clients in the schema (M1)."""

from datetime import datetime

import strawberry
from bson import ObjectId

from core.errors import InvalidInput
from graph import ids
from graph.auth import Needs
from graph.client_input import (
    TELEGRAM,
    VIBER,
    WHATSAPP,
    ClientFilterInput,
    CreateClientInput,
    CreateClientsInput,
    DeleteClientInput,
    UpdateClientInput,
)
from graph.context import Info
from graph.errors import Answers, UserError, at_field, user_errors
from graph.kind import present
from graph.node import Node
from graph.paging import PageInfo, page_info, page_size
from models import client as documents
from rules.roles import Permission
from services import clients
from services.clients import ClientFilter
from services.new_client import WAYS


@strawberry.type(description="Someone that mailings go to.")
class Client(Node):
    """A client as the schema has it."""

    phone: str = strawberry.field(description="7XXXXXXXXXX")
    operator_code: str
    tags: list[str]
    time_zone: str = strawberry.field(description="IANA name.")
    email: str | None
    telegram: str | None = strawberry.field(description=TELEGRAM)
    whatsapp: str | None = strawberry.field(description=WHATSAPP)
    viber: str | None = strawberry.field(description=VIBER)
    locale: str | None = strawberry.field(
        description="A tag of BCP 47, as in de-AT: the language that it is written to."
    )
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, client: documents.Client) -> "Client":
        """The client of a document."""
        return cls(
            id=strawberry.ID(ids.opaque("Client", client.id)),
            phone=client.phone,
            operator_code=client.operator_code,
            tags=client.tags,
            time_zone=client.time_zone,
            email=client.email,
            telegram=client.telegram,
            whatsapp=client.whatsapp,
            viber=client.viber,
            locale=client.locale,
            created_at=client.created_at,
            updated_at=client.updated_at,
        )


@strawberry.type(description="A client at its place in the list.")
class ClientEdge:
    """Relay's edge."""

    cursor: str
    node: Client


@strawberry.type(description="Clients, oldest first.")
class ClientConnection:
    """Relay's connection."""

    edges: list[ClientEdge]
    page_info: PageInfo
    wanted: strawberry.Private[ClientFilter]

    @strawberry.field(description="The clients without their edges.")
    def nodes(self) -> list[Client]:
        """A short cut, as GitHub's API has it."""
        return [edge.node for edge in self.edges]

    @strawberry.field(description="All that fit the filter; counted only when asked for.")
    async def total_count(self) -> int:
        """The number behind the connection."""
        return await clients.count(self.wanted)


@strawberry.type(description="The client, or what was wrong.")
class ClientPayload:
    """What mutations of one client answer."""

    client: Client | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type(description="One answer per client, in the order of the input.")
class CreateClientsPayload:
    """What createClients answers."""

    results: list[ClientPayload] = strawberry.field(default_factory=list)
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ClientQuery:
    """Queries about clients."""

    @strawberry.field(description="One client.", extensions=[Needs(Permission.READ_CLIENTS)])
    async def client(self, id: strawberry.ID) -> Client | None:
        """A client by its id."""
        found = await clients.get(client_id("id", id))
        return found and Client.of(found)

    @strawberry.field(
        description="The directory of clients.", extensions=[Needs(Permission.READ_CLIENTS)]
    )
    async def clients(
        self,
        first: int = 20,
        after: str | None = None,
        filter: ClientFilterInput | None = None,
    ) -> ClientConnection:
        """A page of clients."""
        wanted = filter.said() if filter else ClientFilter()
        place = None if after is None else client_id("after", after)
        page = await clients.page(wanted, first=page_size(first), after=place)
        nodes = [Client.of(client) for client in page.items]
        return ClientConnection(
            edges=[ClientEdge(cursor=node.id, node=node) for node in nodes],
            page_info=page_info(
                [node.id for node in nodes], has_next=page.has_next, has_previous=bool(after)
            ),
            wanted=wanted,
        )


@strawberry.type
class ClientMutation:
    """Mutations of clients."""

    @strawberry.mutation(
        description="Add a client.",
        extensions=[Needs(Permission.MANAGE_CLIENTS), Answers(ClientPayload)],
    )
    async def create_client(self, info: Info, input: CreateClientInput) -> ClientPayload:
        """Add one."""
        caller = info.context.require(Permission.MANAGE_CLIENTS).subject
        new, key = input.said(), input.idempotency_key
        return _payload(await clients.create(info.context.parts, caller, new, key))

    @strawberry.mutation(
        description="Add up to 1,000 clients; one mistake stops no other.",
        extensions=[Needs(Permission.MANAGE_CLIENTS), Answers(CreateClientsPayload)],
    )
    async def create_clients(self, info: Info, input: CreateClientsInput) -> CreateClientsPayload:
        """Add many."""
        caller = info.context.require(Permission.MANAGE_CLIENTS).subject
        batch, key = input.said(), input.idempotency_key
        answers = await clients.create_many(info.context.parts, caller, batch, key)
        return CreateClientsPayload(results=[_payload(answer) for answer in answers])

    @strawberry.mutation(
        description="Change a client; messages not yet sent follow.",
        extensions=[Needs(Permission.MANAGE_CLIENTS), Answers(ClientPayload)],
    )
    async def update_client(self, input: UpdateClientInput) -> ClientPayload:
        """Change one."""
        names = ("phone", "operator_code", "tags", "time_zone", "locale", *WAYS)
        changes = present(input, *names, nullable=("operator_code", "locale", *WAYS))
        if "tags" in changes:
            changes["tags"] = tuple(changes["tags"])
        return _payload(await clients.update(client_id("id", input.id), changes))

    @strawberry.mutation(
        description="Delete a client and cancel its unsent messages; what was sent stays.",
        extensions=[Needs(Permission.MANAGE_CLIENTS), Answers(ClientPayload)],
    )
    async def delete_client(self, info: Info, input: DeleteClientInput) -> ClientPayload:
        """Delete one."""
        return _payload(await clients.delete(info.context.parts, client_id("id", input.id)))


def client_id(field: str, raw: str) -> ObjectId:
    """The key behind a client's opaque id; raises InvalidInput for anything else."""
    found: ObjectId = at_field(field, lambda said: ids.object_id("Client", said), raw)
    return found


def _payload(answer: documents.Client | InvalidInput) -> ClientPayload:
    if isinstance(answer, InvalidInput):
        return ClientPayload(errors=user_errors(answer))
    return ClientPayload(client=Client.of(answer))
