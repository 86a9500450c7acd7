"""A template as it is asked for, and everything that can be wrong with that."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from core.errors import Checklist, Invalid, Problem
from models.template import TemplateVersion
from rules import addresses, template
from rules import locale as locales
from rules.template import Flaw, Variant
from rules.variable import Type, Variable

LONGEST_TITLE = 200
LONGEST_DESCRIPTION = 2_000


@dataclass(frozen=True, slots=True)
class NewVariant:
    """One wording; without a locale it is that of the default."""

    subject: str
    text: str = ""
    html: str = ""
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class NewVariable:
    """One declaration; a default is any JSON but null."""

    name: str
    type: Type = Type.TEXT
    default: object = None


@dataclass(frozen=True, slots=True)
class NewTemplate:
    """A template as it was asked for."""

    slug: str
    title: str
    variants: tuple[NewVariant, ...]
    variables: tuple[NewVariable, ...] = ()
    default_locale: str = "en"
    description: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What a version says, as it is kept: the contents of a template."""

    default_locale: str
    variants: dict[str, Variant] = field(default_factory=dict)
    variables: tuple[Variable, ...] = ()


def check(checks: Checklist, new: NewTemplate) -> Said:
    """The contents to keep, after noting every mistake."""
    checks.take("slug", addresses.key, new.slug)
    check_title(checks, new.title, new.description)
    before = len(checks.errors)
    said = contents(checks, new.default_locale, new.variants, new.variables)
    if len(checks.errors) == before:
        for flaw in template.check(said):
            checks.add(path(said, flaw), str(flaw), flaw.code)
    return said


def contents(
    checks: Checklist,
    default_locale: str,
    variants: Sequence[NewVariant],
    variables: Sequence[NewVariable],
) -> Said:
    """The contents in their kept form, after noting what has no such form."""
    default = checks.take("defaultLocale", locales.locale, default_locale) or ""
    kept: dict[str, Variant] = {}
    for at, each in enumerate(variants):
        path = f"variants.{at}.locale"
        said = default if each.locale is None else checks.take(path, locales.locale, each.locale)
        if said is not None and said in kept:
            checks.add(path, f"there are two variants for {said}", Problem.CONFLICT)
        kept[said or ""] = Variant(each.subject, each.text, each.html)
    declared = [
        Variable(each.name, each.type, checks.take(f"variables.{at}.default", _json, each.default))
        for at, each in enumerate(variables)
    ]
    return Said(default, kept, tuple(declared))


def is_same(new: NewTemplate, old: NewTemplate) -> bool:
    """Whether both would be kept alike: `null` is the default locale, and case does not matter."""
    ours, theirs = (
        (
            each.title.strip(),
            each.description,
            contents(Checklist(), each.default_locale, each.variants, each.variables),
        )
        for each in (new, old)
    )
    return ours == theirs


def path(said: Said, flaw: Flaw) -> str:
    """The field of the input that a flaw is in."""
    if flaw.locale is None:
        return flaw.part
    return f"variants.{list(said.variants).index(flaw.locale)}.{flaw.part}"


def of(version: TemplateVersion, changes: dict[str, Any]) -> NewTemplate:
    """What is asked for if a version is to be there once more, with these changes."""
    said: dict[str, Any] = {
        "title": version.title,
        "description": version.description,
        "default_locale": version.default_locale,
        "variants": tuple(
            NewVariant(each.subject, each.text, each.html, locale)
            for locale, each in version.variants.items()
        ),
        "variables": tuple(
            NewVariable(each.name, each.type, each.default and orjson.loads(each.default))
            for each in version.variables
        ),
    }
    return NewTemplate(version.slug, **{**said, **changes})


def check_title(checks: Checklist, title: str, description: str) -> None:
    """Note what is wrong with the words about a template."""
    if not title.strip():
        checks.add("title", "must not be empty", Problem.BLANK)
    if len(title) > LONGEST_TITLE or any(c in title.strip() for c in "\r\n\0"):
        checks.add("title", f"must be one line of at most {LONGEST_TITLE} characters")
    if len(description) > LONGEST_DESCRIPTION:
        message = f"shorten it to {LONGEST_DESCRIPTION:,} characters"
        checks.add("description", message, Problem.TOO_LONG)


def _json(default: object) -> str | None:
    try:
        return None if default is None else orjson.dumps(default).decode()
    except (TypeError, ValueError) as error:
        raise Invalid(f"can't be stored as JSON: {error}") from None
