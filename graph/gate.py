"""What every operation passes before it is executed, over HTTP, sockets and streams alike."""

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import Any

from core.allowance import Allowance
from core.errors import Invalid, Unauthenticated
from core.settings import Settings
from graph import documents
from graph.auth import is_new_key, principal_of
from graph.context import Context
from rules.roles import Role

NETWORK_BITS = 64
"""Of an IPv6 address: what lies behind, one subscriber has to itself (RFC 6177)."""


async def sign_in(context: Context, authorization: str | None) -> None:
    """Find out who asks; what fails counts to the caller's address, so that nobody tries at leisure.

    A key that this process has not seen counts before MongoDB is asked about it. Raises
    Unauthenticated with what the address has left, RateLimited, and Unavailable.
    """
    new = is_new_key(authorization)
    allowance = await admit(context) if new else None
    try:
        context.principal = await principal_of(context.parts, authorization)
        if context.principal is not None:
            context.asked.principal = context.principal.subject
    except Unauthenticated as error:
        error.allowance = allowance if new else await admit(context)
        raise


async def admit(context: Context) -> Allowance | None:
    """Count one operation of the caller; raises RateLimited when none is left.

    None where there is no limit: by setting, or without a token from an address that nobody knows.
    """
    caller, limit = _caller(context)
    if not caller or not limit:
        return None
    return await context.parts.quotas.take(caller, limit)


def document(settings: Settings, said: Mapping[str, Any]) -> str:
    """The text of the operation a request means, by `query` or by the hash of a trusted document.

    Raises Invalid, NotTrusted, UnknownDocument or NoDocuments.
    """
    query = said.get("query")
    if query is None or query == "":
        return documents.by_hash(settings, _hash(said))
    if not isinstance(query, str) or not query.strip():
        raise Invalid("`query` must be a text with a GraphQL document")
    documents.check(settings, query)
    return query


def _hash(said: Mapping[str, Any]) -> str:
    name = said.get("documentId")
    if name is None:
        extensions = said.get("extensions")
        persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
        name = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    if not isinstance(name, str) or not name:
        raise Invalid("send `query`, a text with a GraphQL document, or `documentId`, its hash")
    return name


def _caller(context: Context) -> tuple[str, int]:
    """Who is counted together, and the operations a minute; an empty name for nobody."""
    settings, principal = context.parts.settings, context.principal
    if principal is None:
        return network(context.peer), settings.rate_limit_anonymous_per_minute
    if principal.role is Role.SUBSCRIBER:
        limit = settings.rate_limit_subscriber_per_minute
    else:
        limit = settings.rate_limit_per_minute
    return f"{principal.role}:{principal.subject}", limit


def network(peer: str | None) -> str:
    """Who is counted together by an address; an empty name where there is none."""
    if not peer:
        return ""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return f"address:{peer}"
    if not isinstance(address, IPv6Address):
        return f"address:{address}"
    if address.ipv4_mapped:
        return f"address:{address.ipv4_mapped}"
    return f"network:{int(address) >> (128 - NETWORK_BITS):x}"
