"""How many messages a pump claims at once: about what leaves within half a second.

Few where the provider is slow, so that other workers get their share and little is in doubt
when this one dies; many where it is fast, since a claim costs MongoDB the same for each.
"""

import time

MOST = 500
QUICK_SECONDS = 0.25
SLOW_SECONDS = 1.0


class Pace:
    """Learns from how fast the claimed messages were handed to the senders."""

    def __init__(self, least: int) -> None:
        self.size = least
        self._least = least
        self._begun = time.monotonic()

    def begin(self) -> None:
        """A full batch was claimed just now."""
        self._begun = time.monotonic()

    def end(self) -> None:
        """It is handed out: claim twice as many if that was quick, half as many if slow."""
        took = time.monotonic() - self._begun
        if took < QUICK_SECONDS:
            self.size = min(max(MOST, self._least), 2 * self.size)
        elif took > SLOW_SECONDS:
            self.size = max(self._least, self.size // 2)
