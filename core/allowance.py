"""How many operations a caller has left."""

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Allowance:
    """A caller's limit per minute, and what is left of it just now."""

    limit: int
    remaining: int
    reset_seconds: float
    """Until all of it is there again, if the caller rests."""

    @property
    def retry_after(self) -> int:
        """Whole seconds until one more operation is granted; 0 if that is now."""
        if self.remaining:
            return 0
        return max(1, ceil(self.reset_seconds - (self.limit - 1) * 60 / self.limit))

    @property
    def headers(self) -> dict[str, str]:
        """As headers of an answer (draft-ietf-httpapi-ratelimit-headers-07, section 5)."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(ceil(self.reset_seconds)),
        }
