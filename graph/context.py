"""What every resolver has at hand."""

from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry
from bson import ObjectId

from core.errors import Forbidden, Unauthenticated
from core.parts import Parts
from graph.asked import Asked
from graph.loaders import Loaders
from rules import addresses
from rules.roles import Permission, Principal, may, may_read_inbox


@dataclass(slots=True)
class Context:
    """One operation's."""

    parts: Parts
    principal: Principal | None = None
    peer: str | None = None
    """The caller's address, as far as proxies tell it."""
    asked: Asked = field(default_factory=Asked, repr=False)
    _loaders: Loaders | None = field(default=None, repr=False)

    @property
    def loaders(self) -> Loaders:
        """The readers of what lists have below them; most operations need none."""
        if self._loaders is None:
            self._loaders = Loaders(self.parts)
        return self._loaders

    def require(self, permission: Permission) -> Principal:
        """Who asks; raises Unauthenticated or Forbidden unless it may."""
        if self.principal is None:
            raise Unauthenticated
        if not may(self.principal, permission):
            role = self.principal.role.value
            raise Forbidden(f"the role {role} does not have the permission {permission.value}")
        return self.principal

    def own_inbox(self, raw_user_id: str) -> ObjectId:
        """The user whose inbox is asked for; raises Forbidden if it is another's."""
        user_id = addresses.object_id(raw_user_id)
        principal = self.require(Permission.READ_OWN_INBOX)
        if not may_read_inbox(principal, str(user_id)):
            raise Forbidden("a token of this role opens only the inbox of its own subject")
        return user_id


Info: TypeAlias = strawberry.Info[Context, None]
