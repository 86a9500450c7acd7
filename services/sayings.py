"""Sayings: what a send says to each of its named recipients (T3)."""

import asyncio
from collections.abc import Sequence

from core.errors import Checklist
from models.template import TemplateVersion
from rules.template import Words
from services import wording
from services.addressees import Addressee
from services.new_send import NewSend

ENOUGH = 100
"""Mistakes after which no more are looked for."""


async def of_each(
    checks: Checklist, new: NewSend, version: TemplateVersion | None, found: Sequence[Addressee]
) -> list[Words]:
    """The words for each recipient, after noting every mistake; of use only if there is none."""
    if version is None:
        assert new.words is not None
        own = Words("", new.words.subject, new.words.text, new.words.html)
        return [own] * len(found)
    assert new.template is not None
    shared, said = new.template.context, list[Words]()
    if not any(one.context for one in found):
        return await _by_locale(checks, new, version, found)
    for one in found:
        context = {**shared, **one.context}
        words = wording.fill(checks, version, one.locale, context, f"{one.field}.context")
        if words is not None:
            said.append(words)
        if len(checks.errors) >= ENOUGH:
            break
        await asyncio.sleep(0)  # each may take milliseconds, and others want to be served
    return said


async def _by_locale(
    checks: Checklist, new: NewSend, version: TemplateVersion, found: Sequence[Addressee]
) -> list[Words]:
    """Where all recipients share one context, each locale is filled once."""
    assert new.template is not None
    filled: dict[str | None, Words | None] = {}
    for one in found:
        if one.locale not in filled and not checks.errors:
            context = new.template.context
            filled[one.locale] = wording.fill(checks, version, one.locale, context, "context")
            await asyncio.sleep(0)
    return [words for one in found if (words := filled.get(one.locale)) is not None]
