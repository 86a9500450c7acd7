"""An audience as it is asked for, and everything that can be wrong with that."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, TypeVar

from core.errors import Checklist, Invalid, Problem
from models.mailing import AudienceFilter
from rules import addresses, audience, locale, preferences
from rules.audience import Audience

MOST_NAMES = 100
"""Groups or segments in one audience."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class NewAudience:
    """The fields of `rules.audience.Audience`, not yet checked."""

    all: bool = False
    operator_codes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    time_zones: tuple[str, ...] = ()
    locales: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    accepts: str | None = None
    all_users: bool = False


NOBODY = NewAudience()
"""What was left out; refused."""


def of(said: AudienceFilter | Audience) -> NewAudience:
    """What is asked for if this audience is to be there once more."""
    values: dict[str, Any] = {at.name: getattr(said, at.name) for at in fields(NewAudience)}
    lists = {at: tuple(it) for at, it in values.items() if isinstance(it, list)}
    return NewAudience(**{**values, **lists})


def check(checks: Checklist, said: NewAudience, field: str) -> Audience:
    """The audience in its stored form; of use only if the checks close without an error."""
    before = len(checks.errors)
    values = {
        "operator_codes": checks.take(f"{field}.operatorCodes", _codes, said.operator_codes),
        "tags": checks.take(f"{field}.tags", addresses.tags, said.tags),
        "time_zones": checks.take(f"{field}.timeZones", _zones, said.time_zones),
        "locales": checks.take(f"{field}.locales", _locales, said.locales),
        "groups": checks.take(f"{field}.groups", _names, said.groups),
        "segments": checks.take(f"{field}.segments", _names, said.segments),
        "accepts": said.accepts and checks.take(f"{field}.accepts.topic", _accepts, said.accepts),
    }
    checks.take(field, _as_said, said)
    if len(checks.errors) > before:
        return Audience(all=True)
    return Audience(all=said.all, all_users=said.all_users, **values)  # type: ignore[arg-type]


def _as_said(said: NewAudience) -> Audience:
    values = {at.name: getattr(said, at.name) for at in fields(said) if at.name != "all"}
    return audience.audience(said.all, **values)


def _each(rule: Callable[[object], Value], most: int, raw: tuple[str, ...]) -> tuple[Value, ...]:
    if len(raw) > most:
        raise Invalid(f"give at most {most} values", Problem.TOO_MANY)
    return tuple(dict.fromkeys(map(rule, raw)))


_codes = partial(_each, addresses.operator_code, audience.VALUES_LIMIT)
_zones = partial(_each, addresses.time_zone, audience.VALUES_LIMIT)
_locales = partial(_each, locale.locale, audience.VALUES_LIMIT)
_names = partial(_each, addresses.name, MOST_NAMES)


def _accepts(raw: str) -> str:
    topic, _, channel = raw.rpartition("/")
    return preferences.entry(topic, channel)
