"""Who asks: the Bearer token of a request or a socket; and what a field needs."""

from collections.abc import Callable
from typing import Any

from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField
from strawberry.utils.await_maybe import await_maybe

from core import tokens
from core.errors import Unauthenticated
from core.parts import Parts
from graph.context import Info
from rules.roles import Permission, Principal, Role

SCHEME = "bearer"


async def principal_of(parts: Parts, authorization: str | None) -> Principal | None:
    """Whom an Authorization header speaks for, None without one; raises Unauthenticated."""
    if not authorization:
        return None
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != SCHEME or not token.strip():
        raise Unauthenticated("the Authorization header must read `Bearer <token>`")
    claims = tokens.verify(parts.settings.jwt_secret.get_secret_value(), token.strip())
    try:
        role = Role(claims.role)
    except ValueError:
        raise Unauthenticated(f"the token's role is none of {', '.join(Role)}") from None
    return Principal(claims.subject, role, claims.expires_at)


def authorization_of_socket(params: dict[str, Any] | None, handshake: str | None) -> str | None:
    """What stands for the header: `authorization` of connection_init, in any case.

    Browsers can set no headers on a socket; other clients may, so the handshake's comes second.
    """
    for name, value in (params or {}).items():
        if name.lower() == "authorization" and isinstance(value, str):
            return value
    return handshake


class Needs(FieldExtension):
    """Declares on a field what its caller must be allowed to do."""

    def __init__(self, permission: Permission) -> None:
        """The one permission that opens the field."""
        self.permission = permission

    def apply(self, field: StrawberryField) -> None:
        """Say it in the schema too, once, however many schemas are made of the field."""
        said = f"Needs the permission `{self.permission.value}`."
        told = (field.description or "").removesuffix(said).strip()
        field.description = f"{told} {said}".strip()

    def resolve(
        self,
        next_: Callable[..., Any],
        source: Any,  # noqa: ANN401 - as the base class has it
        info: Info,
        **kwargs: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Let the field be resolved, or refuse."""
        info.context.require(self.permission)
        return next_(source, info, **kwargs)

    async def resolve_async(
        self,
        next_: Callable[..., Any],
        source: Any,  # noqa: ANN401 - as the base class has it
        info: Info,
        **kwargs: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Let the field be resolved, or refuse."""
        info.context.require(self.permission)
        # A subscription's resolver gives its events, with nothing to wait for.
        return await await_maybe(next_(source, info, **kwargs))
