"""Why nobody was signed in at an identity provider: a closed set of reasons."""

from enum import StrEnum

LONGEST_DETAIL = 500
"""Characters."""


class Refusal(StrEnum):
    """Why nobody was signed in."""

    AWAY = "away"
    """The provider does not answer."""
    STALE = "stale"
    """Nothing was begun here that this would be the end of, or it took too long."""
    CANCELLED = "cancelled"
    USED_UP = "used up"
    """The provider does not take the code (any more)."""
    MISCONFIGURED = "misconfigured"
    """The provider does not want Belfry as it is set up."""
    NOT_GENUINE = "not genuine"
    CLOCK = "clock"
    NO_ROLE = "no role"


_ERRORS = {
    "access_denied": Refusal.CANCELLED,
    "invalid_grant": Refusal.USED_UP,
    "server_error": Refusal.AWAY,
    "temporarily_unavailable": Refusal.AWAY,
}
"""What the provider's codes mean (RFC 6749, sections 4.1.2.1 and 5.2); any other is a wrong setting."""


class Refused(Exception):
    """Nobody is signed in; `detail` is for the log only."""

    def __init__(self, why: Refusal, detail: str = "") -> None:
        """For one of the reasons."""
        super().__init__(why)
        self.why = why
        self.detail = detail[:LONGEST_DETAIL]


def meaning(error: str) -> Refusal:
    """What a provider's code means; any that is not for people is for who set up Belfry."""
    return _ERRORS.get(error, Refusal.MISCONFIGURED)
