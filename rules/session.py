"""Signing in to the console: what a provider's names mean, where to go on, and what a browser keeps."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.errors import Invalid
from rules.roles import Role, strongest

HOME = "/console"
"""Where those go on who want nothing else."""
ROOT = "/session"
"""Below it nobody goes on: signing in would lead to signing in."""
LONGEST_PATH = 512
LOOPBACK = ("127.0.0.1", "[::1]", "localhost")
TOKEN_LIFETIME = timedelta(minutes=5)
"""Of what pages get: so long may a session that was ended still be used."""
FLOW_LIFETIME = timedelta(minutes=10)
"""For what somebody does at the provider."""
GRACE = timedelta(seconds=60)
"""So long after a change of the session's id the former one opens it as well: for tabs that asked
at once, and answers that were lost."""
_HOST = re.compile(r"(?P<name>[0-9A-Za-z.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a browser sees Belfry."""

    origin: str
    secure: bool
    prefix: str
    """Of the names of cookies: one that browsers take from this host alone (RFC 6265bis); without
    https the port, as they show the cookies of this machine to all ports of it."""

    def cookie(self, name: str) -> str:
        """The whole name of a cookie."""
        return f"{self.prefix}{name}"


def place(scheme: str, host: str) -> Place | None:
    """By the URL's scheme and the Host header; None where a cookie could be read on the way."""
    found = _HOST.fullmatch(host)
    if found is None:
        return None
    name = found["name"].lower()
    if scheme == "https":
        return Place(_origin(scheme, name, found["port"]), secure=True, prefix="__Host-")
    if scheme == "http" and name in LOOPBACK:
        prefix = f"local-{found['port'] or '80'}-"
        return Place(_origin(scheme, name, found["port"]), secure=False, prefix=prefix)
    return None


def _origin(scheme: str, name: str, port: str | None) -> str:
    """As browsers say it, who leave the usual port out; some proxies put it into Host."""
    usual = {"https": "443", "http": "80"}[scheme]
    return f"{scheme}://{name}" if port in (None, usual) else f"{scheme}://{name}:{port}"


def next_path(said: str | None) -> str:
    """Where to go on: a path here, whatever somebody wrote; HOME for all that might lead elsewhere."""
    if not said or len(said) > LONGEST_PATH or not said.startswith("/"):
        return HOME
    # `//host` and `/\host` are other hosts to a browser, which also leaves tabs and the like out.
    if said.startswith("//") or "\\" in said or not (said.isascii() and said.isprintable()):
        return HOME
    path = re.split(r"[?#]", said)[0]
    inside = path == ROOT or path.startswith(f"{ROOT}/")
    return HOME if inside or " " in said or ".." in path else said


def roles_by_name(said: str) -> dict[str, Role]:
    """What OIDC_ROLES says, like `belfry-admins=admin,belfry-ops=operator`; raises Invalid."""
    named: dict[str, Role] = {}
    for entry in filter(None, map(str.strip, said.split(","))):
        name, is_pair, role = (part.strip() for part in entry.rpartition("="))
        if not is_pair or not name or role not in set(Role):
            raise Invalid(f"each entry must read `name=role`, with one of {', '.join(Role)}")
        if name in named:
            raise Invalid("it has a name twice")
        named[name] = Role(role)
    return named


def role_of(names: Iterable[str], named: Mapping[str, Role]) -> Role | None:
    """The strongest role that these names stand for; those not mapped stand for themselves."""
    return strongest(tuple(sorted({named.get(name, name) for name in names})))


def is_vouched(claim: str, claims: Mapping[str, Any]) -> bool:
    """Whether the provider stands for this claim: an address only if it has checked it."""
    return claim != "email" or claims.get("email_verified") is True


def ends(now: datetime, last: datetime, idle: timedelta) -> datetime:
    """When a session ends that is used now: nothing stretches it beyond its last moment."""
    return min(last, now + idle)
