"""Whom a mailing is for: all clients, or those with one of these codes and one of these tags."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.errors import Invalid, Problem

VALUES_LIMIT = 1_000
"""Values of one field: there are no more operator codes of three digits."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a mailing is for; one that breaks the rules of `audience` can't be made."""

    all: bool
    operator_codes: tuple[str, ...]
    tags: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raise Invalid unless exactly one of `all` and some filter is there."""
        filtered = bool(self.operator_codes or self.tags)
        if self.all and filtered:
            raise Invalid("choose either all clients or a filter, not both")
        if not self.all and not filtered:
            raise Invalid("give operator codes or tags, or ask for all clients", Problem.BLANK)


def audience(all_clients: bool, operator_codes: Sequence[str], tags: Sequence[str]) -> Audience:
    """The audience, each value kept once; raises Invalid.

    A client must fit every field that is given, by any of its values. Everyone must be asked for
    with `all_clients`, so that a forgotten filter reaches nobody.
    """
    return Audience(all_clients, _values(operator_codes), _values(tags))


def matches(audience: Audience, operator_code: str, tags: Collection[str]) -> bool:
    """Whether a client with this operator code and these tags belongs to the audience."""
    fits_code = not audience.operator_codes or operator_code in audience.operator_codes
    fits_tags = not audience.tags or not set(tags).isdisjoint(audience.tags)
    return fits_code and fits_tags


def query(audience: Audience) -> dict[str, object]:
    """The MongoDB filter that finds the clients for which `matches` is true."""
    fields = {"operator_code": audience.operator_codes, "tags": audience.tags}
    return {field: {"$in": list(values)} for field, values in fields.items() if values}


def _values(raw: Sequence[str]) -> tuple[str, ...]:
    if isinstance(raw, str) or not all(isinstance(value, str) for value in raw):
        raise Invalid("give a list of texts")
    if len(raw) > VALUES_LIMIT:
        raise Invalid(f"give at most {VALUES_LIMIT} values", Problem.TOO_MANY)
    return tuple(dict.fromkeys(raw))
