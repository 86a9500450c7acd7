"""A part of the embedded stack: a child, and what follows when it ends by itself."""

from dataclasses import dataclass, field
from time import monotonic

from core.errors import Unavailable
from local.children import Child

STEADY_SECONDS = 60.0
"""A part that ran for so long starts again without the pauses of earlier falls."""
LONGEST_PAUSE_SECONDS = 30.0


@dataclass(slots=True)
class Part:
    """A child under supervision; a vital one holds data, so the stack ends with it."""

    child: Child
    vital: bool = False
    _falls: int = 0
    _started: float = field(default_factory=monotonic)
    _due: float | None = None

    def look_after(self) -> str | None:
        """Start it again in its time if it ended; returns a line to show on its end.

        Raises Unavailable for the end of a vital part.
        """
        if self.child.alive:
            return None
        if self.vital:
            raise Unavailable(f"{self.child.name} {self.child.ending()}")
        if self._due is None:
            return self._plan()
        if monotonic() >= self._due:
            self.child.launch()
            self._due, self._started = None, monotonic()
        return None

    def _plan(self) -> str:
        if monotonic() - self._started > STEADY_SECONDS:
            self._falls = 0
        pause = min(LONGEST_PAUSE_SECONDS, 0.5 * 2.0**self._falls)
        self._falls += 1
        self._due = monotonic() + pause
        return f"{self.child.name} {self.child.ending()}; starting it again in {pause:g} s"
