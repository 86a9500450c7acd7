"""What a template would say, kept or not yet; nothing is written (X5)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bson import ObjectId

from core.errors import Checklist, Invalid, InvalidInput
from rules import template
from rules.template import Contents, Flaw, Flawed, Words
from services import content, new_template, templates
from services.new_template import NewVariable, NewVariant


@dataclass(frozen=True, slots=True)
class Draft:
    """Parts of a template that is not kept yet."""

    variants: tuple[NewVariant, ...]
    variables: tuple[NewVariable, ...] = ()
    default_locale: str = "en"


@dataclass(frozen=True, slots=True)
class Preview:
    """The words, or all that is wrong."""

    words: Words | None
    flaws: Sequence[Flaw] = ()


async def of_stored(
    key: str | ObjectId, version: int | None, locale: str | None, context: object
) -> Preview:
    """A stored template, filled."""
    try:
        chosen = await templates.chosen(key, version)
    except InvalidInput as error:
        return Preview(None, _flaws(error))
    return await asyncio.to_thread(_filled, chosen, locale, context)


async def of_draft(draft: Draft, locale: str | None, context: object) -> Preview:
    """A template that is not kept yet, filled if it could be kept."""
    return await asyncio.to_thread(_tried, draft, locale, context)


def _tried(draft: Draft, locale: str | None, context: object) -> Preview:
    checks = Checklist()
    said = new_template.contents(checks, draft.default_locale, draft.variants, draft.variables)
    if checks.errors:
        return Preview(None, _flaws(InvalidInput(*checks.errors)))
    flaws = template.check(said)
    return Preview(None, flaws) if flaws else _filled(said, locale, context)


def _filled(contents: Contents, locale: str | None, context: object) -> Preview:
    try:
        content.packed(context)
        return Preview(template.fill(contents, locale, context or {}))
    except Flawed as error:
        return Preview(None, error.flaws)
    except Invalid as error:
        return Preview(None, [Flaw(template.CONTEXT, str(error), code=error.problem)])


def _flaws(error: InvalidInput) -> list[Flaw]:
    return [Flaw(each.field, each.message, code=each.code) for each in error.errors]
