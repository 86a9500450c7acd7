"""Who hears what comes in by a line."""

from typing import Protocol


class Listener(Protocol):
    """What a line tells of."""

    def heard(self, text: str | None) -> None:
        """A whole message came in; None if it was binary."""

    def may_go_on(self, octets: int) -> bool:
        """Count one more frame of any kind; whether it is to be looked at."""

    def left(self) -> None:
        """The line is closing, or was cut: nothing more can be said on it."""
