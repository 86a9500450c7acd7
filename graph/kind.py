"""Kinds of notification in the schema (N2)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

from core.errors import Checklist, Problem
from graph import ids
from graph.auth import Needs
from graph.context import Info
from graph.errors import Answers, UserError
from graph.idempotency import key_field
from graph.node import Node
from models import kind as documents
from rules.roles import Permission
from services import kinds

TEMPLATE = "A Jinja2 template with `key`, `data`, `userId` and `targetId`."
CRITICAL = "Whether it always comes: nobody can mute it, and its e-mail has no link to unsubscribe."
OF_TEMPLATE = (
    "The slug of a template that the e-mail is made from, in place of title and body; it is filled "
    "from `key`, `data`, `userId` and `targetId`, as far as it declares them."
)
WAIT = (
    "Seconds, up to 7 days, after which the e-mail leaves if the notification is still unread; "
    "null sends it at once. Only for a kind with both inApp and email."
)


@strawberry.type(description="What happens when a notification of this kind is created.")
class Kind(Node):
    """A kind as the schema has it."""

    key: str = strawberry.field(description="The name that notifications call it by.")
    in_app: bool = strawberry.field(description="Whether it is stored in the user's inbox.")
    email: bool = strawberry.field(description="Whether it is sent to the user by e-mail.")
    title: str = strawberry.field(description=f"The e-mail's subject. {TEMPLATE}")
    body: str = strawberry.field(description=f"The e-mail's text. {TEMPLATE}")
    email_if_unread_after: int | None = strawberry.field(description=WAIT)
    critical: bool = strawberry.field(description=CRITICAL)
    template: str | None = strawberry.field(description=OF_TEMPLATE)
    built_in: bool = strawberry.field(description="Whether it came with Belfry.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, kind: documents.Kind) -> "Kind":
        """The kind of a document."""
        return cls(
            id=strawberry.ID(ids.opaque("Kind", kind.id)),
            key=kind.id,
            in_app=kind.in_app,
            email=kind.email,
            title=kind.title,
            body=kind.body,
            email_if_unread_after=kind.email_if_unread_after_seconds,
            critical=kind.critical,
            template=kind.template,
            built_in=kind.built_in,
            created_at=kind.created_at,
            updated_at=kind.updated_at,
        )


@strawberry.input(description="A kind of your own.")
class CreateKindInput:
    """What createKind takes."""

    key: str = strawberry.field(description="A lower-case letter, then up to 63 of a-z 0-9 _ . -")
    in_app: bool = strawberry.field(default=True, description="Store it in the user's inbox.")
    email: bool = strawberry.field(default=False, description="Send it by e-mail.")
    title: str = strawberry.field(default="{{ key }}", description=TEMPLATE)
    body: str = strawberry.field(default="", description=TEMPLATE)
    email_if_unread_after: int | None = strawberry.field(default=None, description=WAIT)
    critical: bool = strawberry.field(default=False, description=CRITICAL)
    template: str | None = strawberry.field(default=None, description=OF_TEMPLATE)
    idempotency_key: str | None = key_field()


@strawberry.input(description="Changes to a kind; what is absent stays as it is.")
class UpdateKindInput:
    """What updateKind takes."""

    key: str = strawberry.field(description="Which kind.")
    in_app: strawberry.Maybe[bool | None]
    email: strawberry.Maybe[bool | None]
    title: strawberry.Maybe[str | None]
    body: strawberry.Maybe[str | None]
    email_if_unread_after: strawberry.Maybe[int | None] = strawberry.field(description=WAIT)
    critical: strawberry.Maybe[bool | None] = strawberry.field(
        description=f"{CRITICAL} What was muted before does not apply."
    )
    template: strawberry.Maybe[str | None] = strawberry.field(description=OF_TEMPLATE)


@strawberry.type(description="The kind, or what was wrong.")
class KindPayload:
    """What mutations of kinds answer."""

    kind: Kind | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class KindQuery:
    """Queries about kinds."""

    @strawberry.field(
        description="All kinds of notification, by key.",
        extensions=[Needs(Permission.READ_TEMPLATES)],
    )
    async def kinds(self) -> list[Kind]:
        """Operators make tens of kinds, so this is no connection."""
        return [Kind.of(kind) for kind in await kinds.every()]


@strawberry.type
class KindMutation:
    """Mutations of kinds."""

    @strawberry.mutation(
        description="Add a kind of notification.",
        extensions=[Needs(Permission.MANAGE_KINDS), Answers(KindPayload)],
    )
    async def create_kind(self, info: Info, input: CreateKindInput) -> KindPayload:
        """Add a kind."""
        new = kinds.NewKind(
            key=input.key,
            in_app=input.in_app,
            email=input.email,
            title=input.title,
            body=input.body,
            email_if_unread_after_seconds=input.email_if_unread_after,
            critical=input.critical,
            template=input.template,
        )
        caller = info.context.require(Permission.MANAGE_KINDS).subject
        parts, key = info.context.parts, input.idempotency_key
        return KindPayload(kind=Kind.of(await kinds.create(parts, caller, new, key)))

    @strawberry.mutation(
        description="Change a kind of notification; other processes follow within a second.",
        extensions=[Needs(Permission.MANAGE_KINDS), Answers(KindPayload)],
    )
    async def update_kind(self, info: Info, input: UpdateKindInput) -> KindPayload:
        """Change a kind."""
        names = ("in_app", "email", "title", "body", "critical", "template")
        changes = present(input, *names, nullable=("template",))
        if input.email_if_unread_after is not None:
            changes["email_if_unread_after_seconds"] = input.email_if_unread_after.value
        return KindPayload(kind=Kind.of(await kinds.update(info.context.parts, input.key, changes)))


def present(source: object, *names: str, nullable: Collection[str] = ()) -> dict[str, Any]:
    """The fields of an input that were given; those absent are left out.

    Raises InvalidInput for those that are null and can't be.
    """
    given = ((name, getattr(source, name)) for name in names)
    said = {name: some.value for name, some in given if some is not None}
    checks = Checklist()
    for name in (name for name in said if said[name] is None and name not in nullable):
        message = "can't be null; leave it out to keep it as it is"
        checks.add(to_camel_case(name), message, Problem.BLANK)
    checks.close()
    return said
