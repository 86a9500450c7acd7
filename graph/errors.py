"""Errors at the edge: mistakes of an input in the payload, everything else masked and coded."""

import secrets
from collections.abc import Callable
from typing import Any

import strawberry
from graphql import GraphQLError
from pymongo.errors import AutoReconnect, ServerSelectionTimeoutError
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import FieldExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError

from core import events
from core.errors import BelfryError, Invalid, InvalidInput, Unavailable
from graph.context import Info
from graph.enums import ErrorCode


@strawberry.type(description="A mistake in an input; nothing was changed.")
class UserError:
    """One mistake, as the payload shows it."""

    field: str = strawberry.field(description="The path of the field, in camelCase.")
    message: str = strawberry.field(description="What is wrong, and what to do.")
    code: ErrorCode = strawberry.field(description="The same for programs; stable.")


def user_errors(error: InvalidInput) -> list[UserError]:
    """The mistakes as the schema has them."""
    return [UserError(field=at.field, message=at.message, code=at.code) for at in error.errors]


class Answers(FieldExtension):
    """Turns the mistakes of an input into the payload's `errors`."""

    def __init__(self, payload: Callable[..., Any]) -> None:
        """The payload type: every field but `errors` has a default."""
        self.payload = payload

    async def resolve_async(
        self,
        next_: Callable[..., Any],
        source: Any,  # noqa: ANN401 - as the base class has it
        info: Info,
        **kwargs: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """The resolver's payload, or one that says what is wrong."""
        try:
            return await next_(source, info, **kwargs)
        except InvalidInput as error:
            for code in {at.code for at in error.errors}:
                events.emit("input.refused", field=info.field_name, code=code)
            return self.payload(errors=user_errors(error))


def present(error: GraphQLError) -> None:
    """Make an error fit to be seen: a stable code, and no inside of ours in its message."""
    cause = _cause(error)
    if cause is None or isinstance(cause, CannotGetOperationTypeError | MissingQueryError):
        _say(error, error.message, (error.extensions or {}).get("code", "BAD_USER_INPUT"))
    elif isinstance(cause, AutoReconnect | ServerSelectionTimeoutError):
        events.emit("database.unreachable", error=str(cause))
        _say(error, str(Unavailable()), Unavailable.code)
    elif isinstance(cause, BelfryError):
        _say(error, str(cause), cause.code)
    else:
        reference = secrets.token_hex(8)
        events.emit("operation.failed", reference=reference, exc_info=cause)
        _say(error, f"an internal error; the log has it as {reference}", BelfryError.code)


def at_field(field: str, rule: Callable[[Any], Any], raw: object) -> Any:  # noqa: ANN401
    """What the rule makes of an argument; its objection as an InvalidInput of that field."""
    try:
        return rule(raw)
    except Invalid as error:
        raise InvalidInput.at(field, str(error), error.problem) from None


def _cause(error: GraphQLError) -> Exception | None:
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _say(error: GraphQLError, message: str, code: object) -> None:
    error.message = message
    error.extensions = {**(error.extensions or {}), "code": code}
