"""Traces without a library: what was begun below what, and how it ended."""

from core.spans import Attribute, Kind


class Traced:
    """A tracer that is its own span."""

    traceparent = ""

    def __init__(self) -> None:
        self.said: list[str | None] = []

    def begin(self, kind: Kind, parent: str | None) -> "Traced":
        """One more."""
        self.said += [kind, parent]
        return self

    def end(self, name: str, failed: str | None = None, **_: Attribute) -> None:
        """It is over."""
        self.said += [name, failed]
