"""Erasing persons, in the schema: all that names them goes, all that was counted stays."""

from datetime import datetime

import strawberry
from bson import ObjectId

from graph import ids
from graph.auth import Needs
from graph.context import Info
from graph.enums import Person
from graph.errors import Answers, UserError, at_field
from graph.node import Node
from models import erasure as documents
from rules import addresses
from rules.roles import Permission
from services import erasures


@strawberry.type(description="An erasure, and how far it is.")
class Erasure(Node):
    """A ticket as the schema has it."""

    whose: Person
    person_id: strawberry.ID = strawberry.field(
        description="Of the user or client: all that is left of it."
    )
    done: bool = strawberry.field(
        description="False while messages to it are just being sent, or are many; workers go on."
    )
    messages: int = strawberry.field(description="Messages that were made anonymous.")
    by: str = strawberry.field(description="The subject of who asked for it.")
    at: datetime
    done_at: datetime | None

    @classmethod
    def of(cls, found: documents.Erasure) -> "Erasure":
        """The erasure of a document."""
        own = str(found.person_id)
        shown = own if found.whose is documents.Person.USER else ids.opaque("Client", own)
        return cls(
            id=strawberry.ID(ids.opaque("Erasure", found.id)),
            whose=found.whose,
            person_id=strawberry.ID(shown),
            done=found.done_at is not None,
            messages=found.messages,
            by=found.by,
            at=found.at,
            done_at=found.done_at,
        )


@strawberry.input(description="A user to erase.")
class EraseUserInput:
    """What eraseUser takes."""

    user_id: strawberry.ID = strawberry.field(description="24 hexadecimal digits.")


@strawberry.input(description="A client to erase.")
class EraseClientInput:
    """What eraseClient takes."""

    client_id: strawberry.ID


@strawberry.type(description="The erasure, or what was wrong.")
class ErasePayload:
    """What eraseUser and eraseClient answer."""

    erasure: Erasure | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ErasureQuery:
    """Queries about erasures."""

    @strawberry.field(
        description="How far an erasure is.", extensions=[Needs(Permission.MANAGE_PERSONS)]
    )
    async def erasure(self, id: strawberry.ID) -> Erasure | None:
        """One erasure."""
        found = await erasures.get(at_field("id", lambda raw: ids.object_id("Erasure", raw), id))
        return found and Erasure.of(found)


@strawberry.type
class ErasureMutation:
    """Mutations that erase persons."""

    @strawberry.mutation(
        description="Erase a user: inbox, address, preferences, contacts, sessions, and what was "
        "sent to it. Counts and opt-outs stay. Can't be undone.",
        extensions=[Needs(Permission.MANAGE_PERSONS), Answers(ErasePayload)],
    )
    async def erase_user(self, info: Info, input: EraseUserInput) -> ErasePayload:
        """Erase a user."""
        user_id = at_field("userId", addresses.object_id, input.user_id)
        return await _erased(info, Person.USER, user_id, [str(user_id)])

    @strawberry.mutation(
        description="Erase a client: phone, addresses, preferences, and what was sent to it. Counts "
        "and opt-outs stay. Can't be undone.",
        extensions=[Needs(Permission.MANAGE_PERSONS), Answers(ErasePayload)],
    )
    async def erase_client(self, info: Info, input: EraseClientInput) -> ErasePayload:
        """Erase a client."""
        raw = str(input.client_id)
        client_id = at_field("clientId", lambda said: ids.object_id("Client", said), raw)
        return await _erased(info, Person.CLIENT, client_id, [raw, str(client_id)])


async def _erased(info: Info, whose: Person, person_id: ObjectId, names: list[str]) -> ErasePayload:
    caller = info.context.require(Permission.MANAGE_PERSONS).subject
    found = await erasures.erase(info.context.parts, whose, person_id, names, caller)
    return ErasePayload(erasure=Erasure.of(found))
