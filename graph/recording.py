"""Puts a mutation on record: who asked for what, on which objects, and how it ended."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from strawberry import Some
from strawberry.utils.str_converters import to_camel_case

from core.errors import Forbidden
from graph.context import Context, Info
from graph.node import Node
from rules.audit import ids_among
from rules.roles import Permission, Principal, is_operator
from services import audit

MUTATIONS = "Mutation"
"""The type whose fields change something."""
DEEPEST = 8
"""Inputs are no deeper; only JSON can be, which is plain already."""


async def recorded(
    resolve: Callable[..., Awaitable[Any]],
    info: Info,
    permission: Permission,
    given: Mapping[str, Any],
) -> Any:  # noqa: ANN401 - whatever payload the mutation has
    """The mutation's payload; raises Unauthenticated, Forbidden, and what the mutation raises."""
    said = {name: plain(value) for name, value in given.items()}
    principal = await allowed(info.context, permission, info.field_name, said)
    async with audit.on_record(info.context.parts, principal, info.field_name, said) as record:
        payload = await resolve(**given)
        codes = (error.code.value for error in getattr(payload, "errors", ()))
        record.codes = list(dict.fromkeys(codes))
        record.targets = ids_among([*record.targets, *_ids(payload)])
    return payload


async def allowed(context: Context, permission: Permission, action: str, said: object) -> Principal:
    """Who asks; raises Unauthenticated or Forbidden, which is put on record of an operator."""
    try:
        return context.require(permission)
    except Forbidden as error:
        # Only of those who are trusted with something: a subscriber could fill the record.
        if context.principal is not None and is_operator(context.principal):
            await audit.refused(context.parts, context.principal, action, said, error.code)
        raise


def plain(said: Any, deep: int = DEEPEST) -> Any:  # noqa: ANN401 - any input
    """An input as JSON has it: fields by their names in the schema, those left out left out."""
    match said:
        case Some():
            return plain(said.value, deep)
        case list() | tuple() if deep:
            return [plain(each, deep - 1) for each in said]
        case _ if is_dataclass(said) and deep:
            values = {to_camel_case(at.name): getattr(said, at.name) for at in fields(said)}
            return {name: plain(it, deep - 1) for name, it in values.items() if it is not None}
        case _:
            return said


def _ids(payload: object) -> Iterator[str]:
    """The ids of the objects in a payload, not of those that they hold in turn."""
    if isinstance(payload, Node):
        yield payload.id
    elif isinstance(payload, list):
        for each in payload:
            yield from _ids(each)
    elif is_dataclass(payload):
        for at in fields(payload):
            yield from _ids(getattr(payload, at.name))
