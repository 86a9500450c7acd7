"""Who asks: the Bearer token of a request or a socket; and what a field needs."""

from collections.abc import Callable
from functools import partial
from typing import Any

from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField
from strawberry.utils.await_maybe import await_maybe

from core.errors import Unauthenticated
from core.parts import Parts
from graph.context import Info
from graph.recording import MUTATIONS, recorded
from rules import api_key
from rules.roles import KEY_SUBJECT, OPERATORS, Permission, Principal, Role, strongest
from services import api_keys

SCHEME = "bearer"


async def principal_of(parts: Parts, authorization: str | None) -> Principal | None:
    """Whom an Authorization header speaks for, None without one.

    Raises Unauthenticated, and Unavailable while MongoDB or the identity provider must be asked
    and is away.
    """
    if not authorization:
        return None
    scheme, _, said = authorization.partition(" ")
    said = said.strip()
    if scheme.lower() != SCHEME or not said:
        raise Unauthenticated("the Authorization header must read `Bearer <token>`")
    if said.startswith(api_key.PREFIX):
        return await api_keys.principal_of(said)
    return await _of_token(parts, said)


def is_new_key(authorization: str | None) -> bool:
    """Whether it shows an API key that only MongoDB can tell from one that was made up."""
    _, _, said = (authorization or "").partition(" ")
    return said.strip().startswith(api_key.PREFIX) and not api_keys.is_known(said.strip())


async def _of_token(parts: Parts, token: str) -> Principal:
    claims = await parts.verifier.verify(token)
    role = strongest(claims.roles)
    if role is None:
        raise Unauthenticated(f"the token's role is none of {', '.join(Role)}")
    if claims.subject.startswith(KEY_SUBJECT):
        raise Unauthenticated(f"only API keys have subjects that begin with `{KEY_SUBJECT}`")
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
    """Declares on a field what its caller must be allowed to do.

    What operators change is on record by this alone, so that no mutation can forget it.
    """

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
        if self.permission in OPERATORS and info.path.typename == MUTATIONS:
            return await recorded(partial(next_, source, info), info, self.permission, kwargs)
        info.context.require(self.permission)
        # A subscription's resolver gives its events, with nothing to wait for.
        return await await_maybe(next_(source, info, **kwargs))
