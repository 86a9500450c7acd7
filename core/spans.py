"""What a trace is made of, whatever library makes it."""

from typing import Literal, Protocol, TypeAlias

Kind: TypeAlias = Literal["server", "client", "internal"]
Attribute: TypeAlias = str | int | float | None


class Span(Protocol):
    """A piece of work under way."""

    @property
    def traceparent(self) -> str:
        """The way back to it, for what is done later."""

    def end(self, name: str, failed: str | None = None, **attributes: Attribute) -> None:
        """It is done; `failed` says by what it failed. Attributes that are None are left out."""


class Tracer(Protocol):
    """Where spans come from."""

    def begin(self, kind: Kind, parent: str | None) -> Span:
        """A span that begins now, below its parent if that is a good `traceparent`."""

    def close(self) -> None:
        """Send what is left."""
