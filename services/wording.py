"""Wording: what a send or a mailing says, in words of its own or by a template (T3)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId

from core.errors import Checklist, FieldError, InvalidInput, Problem
from models.mailing import Mailing
from models.template import TemplateRef, TemplateVersion
from rules import template
from rules.locale import nearest
from rules.template import Flawed, Words, linked
from services import templates

LARGEST = 1_000_000
"""Bytes of all that a template says in all of its locales: a mailing has them in one document,
and its changes have them twice."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A template, its version, and what fills it."""

    key: str | ObjectId
    """Its slug or its id."""
    version: int | None = None
    """Without one, the newest."""
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filled:
    """A template that was filled: its words by locale."""

    ref: TemplateRef
    default_locale: str
    contents: Mapping[str, Words]

    @property
    def default(self) -> Words:
        """The words of the default locale, with no address to unsubscribe at."""
        return shown(self.contents[self.default_locale])


def shown(words: Words) -> Words:
    """Words with no address to unsubscribe at, since that is each recipient's own."""
    text, html = linked(words.text, ""), linked(words.html, "", html=True)
    return Words(words.locale, words.subject, text, html)


def said_by(mailing: Mailing, locale: str | None) -> Words:
    """What a mailing says to a recipient of this locale."""
    if mailing.default_locale is None:
        return Words("", mailing.subject, mailing.text, mailing.html)
    return shown(mailing.contents[nearest(locale, mailing.contents, mailing.default_locale)])


async def filled(said: Chosen, field: str = "template", context: str = "context") -> Filled:
    """What a template says, in each of its locales; raises InvalidInput with every mistake."""
    version = await version_of(said, field)
    contents = await every_locale(version, said.context, context)
    return Filled(version.ref, version.default_locale, contents)


async def version_of(said: Chosen, field: str = "template") -> TemplateVersion:
    """The version that is meant; raises InvalidInput."""
    return await templates.chosen(said.key, said.version, field)


async def every_locale(
    version: TemplateVersion, context: Mapping[str, Any], field: str = "context"
) -> dict[str, Words]:
    """What the template says in each of its locales; raises InvalidInput with every mistake."""
    checks = Checklist()
    filled, size = {}, 0
    for locale in version.variants:
        words = fill(checks, version, locale, context, field)
        if words is None:
            break  # the others would say the same
        filled[locale] = words
        size += sum(len(said.encode()) for said in (words.subject, words.text, words.html))
        if size > LARGEST:
            message = (
                f"makes more than {LARGEST:,} bytes in all locales; give less, or fewer locales"
            )
            checks.add(field, message, Problem.TOO_LONG)
            break
        await asyncio.sleep(0)  # each may take milliseconds
    checks.close()
    return filled


def fill(
    checks: Checklist,
    version: TemplateVersion,
    locale: str | None,
    context: Mapping[str, Any],
    field: str,
) -> Words | None:
    """What the template says in a locale, or None after noting every mistake of the context."""
    try:
        return template.fill(version, locale, context)
    except Flawed as error:
        for flaw in error.flaws:
            at = f"{field}.{flaw.variable}" if flaw.variable else field
            part = "" if flaw.part == template.CONTEXT else f"{flaw.part} of the template: "
            checks.add(at, f"{part}{flaw}", flaw.code)
        return None


def renamed(error: InvalidInput, names: Mapping[str, str]) -> InvalidInput:
    """The same mistakes at the fields of another input; those not named stay where they are."""

    def at(one: FieldError) -> FieldError:
        for old, new in names.items():
            if one.field == old or one.field.startswith(f"{old}."):
                return FieldError(new, one.message, one.code)
        return one

    return InvalidInput(*map(at, error.errors))
