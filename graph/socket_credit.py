"""How much a socket may still say."""

BURST_SECONDS = 5.0
"""What may be said in this time may be said at once."""
LONG = 16 * 1024
"""Bytes by which a message counts as one more."""


class Credit:
    """A bucket of messages that fills by so many a second."""

    __slots__ = ("_at", "_left")

    def __init__(self, now: float, rate: float) -> None:
        """Full at this time, in seconds of any clock."""
        self._at = now
        self._left = rate * BURST_SECONDS

    def take(self, now: float, rate: float, octets: int) -> bool:
        """Count one message, a long one more than once; whether there was room for it."""
        earned = self._left + (now - self._at) * rate
        self._left, self._at = min(rate * BURST_SECONDS, earned) - 1 - octets // LONG, now
        return self._left >= 0
