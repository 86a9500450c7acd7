"""Contacts in the schema (C1, C2): each sender's own."""

from datetime import datetime

import strawberry
from bson import ObjectId

from graph import ids
from graph.auth import Needs
from graph.client_input import TELEGRAM, VIBER, WHATSAPP
from graph.contact_input import CreateContactInput, DeleteContactInput, UpdateContactInput
from graph.context import Info
from graph.errors import Answers, UserError, at_field
from graph.kind import present
from graph.node import Node
from graph.paging import PageInfo, page_info, page_size
from models import contact as documents
from rules.addresses import HANDLES
from rules.roles import Permission
from services import contacts


@strawberry.type(description="Someone whom a sender writes to by name.")
class Contact(Node):
    """A contact as the schema has it."""

    name: str
    telegram: str | None = strawberry.field(description=TELEGRAM)
    whatsapp: str | None = strawberry.field(description=WHATSAPP)
    viber: str | None = strawberry.field(description=VIBER)
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, contact: documents.Contact) -> "Contact":
        """The contact of a document."""
        return cls(
            id=strawberry.ID(ids.opaque("Contact", contact.id)),
            name=contact.name,
            telegram=contact.telegram,
            whatsapp=contact.whatsapp,
            viber=contact.viber,
            created_at=contact.created_at,
            updated_at=contact.updated_at,
        )


@strawberry.type(description="A contact at its place in the list.")
class ContactEdge:
    """Relay's edge."""

    cursor: str
    node: Contact


@strawberry.type(description="The caller's contacts, oldest first.")
class ContactConnection:
    """Relay's connection."""

    edges: list[ContactEdge]
    page_info: PageInfo
    owner: strawberry.Private[str]
    name: strawberry.Private[str]

    @strawberry.field(description="The contacts without their edges.")
    def nodes(self) -> list[Contact]:
        """A short cut, as GitHub's API has it."""
        return [edge.node for edge in self.edges]

    @strawberry.field(description="All that fit the name; counted only when asked for.")
    async def total_count(self) -> int:
        """The number behind the connection."""
        return await contacts.count(self.owner, self.name)


@strawberry.type(description="The contact, or what was wrong.")
class ContactPayload:
    """What mutations of a contact answer."""

    contact: Contact | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ContactQuery:
    """Queries about contacts."""

    @strawberry.field(
        description="The caller's own contacts.", extensions=[Needs(Permission.KEEP_CONTACTS)]
    )
    async def contacts(
        self,
        info: Info,
        first: int = 20,
        after: str | None = None,
        name: str = "",
    ) -> ContactConnection:
        """A page of contacts; with a name, of those whose names begin so, in any case."""
        owner = info.context.require(Permission.KEEP_CONTACTS).subject
        place = None if after is None else contact_id("after", after)
        page = await contacts.page(owner, name, first=page_size(first), after=place)
        nodes = [Contact.of(contact) for contact in page.items]
        cursors: list[str] = [node.id for node in nodes]
        return ContactConnection(
            edges=[ContactEdge(cursor=node.id, node=node) for node in nodes],
            page_info=page_info(cursors, has_next=page.has_next, has_previous=bool(after)),
            owner=owner,
            name=name,
        )


@strawberry.type
class ContactMutation:
    """Mutations of contacts."""

    @strawberry.mutation(
        description="Add a contact of the caller's own.",
        extensions=[Needs(Permission.KEEP_CONTACTS), Answers(ContactPayload)],
    )
    async def create_contact(self, info: Info, input: CreateContactInput) -> ContactPayload:
        """Add one."""
        owner = info.context.require(Permission.KEEP_CONTACTS).subject
        new, key = input.said(), input.idempotency_key
        made = await contacts.create(info.context.parts, owner, new, key)
        return ContactPayload(contact=Contact.of(made))

    @strawberry.mutation(
        description="Change a contact; messages not yet sent follow.",
        extensions=[Needs(Permission.KEEP_CONTACTS), Answers(ContactPayload)],
    )
    async def update_contact(self, info: Info, input: UpdateContactInput) -> ContactPayload:
        """Change one."""
        owner = info.context.require(Permission.KEEP_CONTACTS).subject
        changes = present(input, "name", *HANDLES, nullable=HANDLES)
        changed = await contacts.update(owner, contact_id("id", input.id), changes)
        return ContactPayload(contact=Contact.of(changed))

    @strawberry.mutation(
        description="Delete a contact and cancel its unsent messages; what was sent stays.",
        extensions=[Needs(Permission.KEEP_CONTACTS), Answers(ContactPayload)],
    )
    async def delete_contact(self, info: Info, input: DeleteContactInput) -> ContactPayload:
        """Delete one."""
        owner = info.context.require(Permission.KEEP_CONTACTS).subject
        which = input.name if input.id is None else contact_id("id", input.id)
        if which is None or None not in (input.id, input.name):
            raise contacts.unclear()
        gone = await contacts.delete(info.context.parts, owner, which)
        return ContactPayload(contact=Contact.of(gone))


def contact_id(field: str, raw: str) -> ObjectId:
    """The key behind a contact's opaque id; raises InvalidInput for anything else."""
    found: ObjectId = at_field(field, lambda said: ids.object_id("Contact", said), raw)
    return found
