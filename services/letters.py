"""What the e-mail of a notification says: its own words, or those of its kind's template (N7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from core.errors import Checklist, InvalidInput
from models.kind import Kind
from models.template import TemplateVersion
from rules import kind as rules
from rules import template
from rules.template import Flawed
from services import templates, users


@dataclass(frozen=True, slots=True)
class Letter:
    """Subject, text and HTML, and the version of the template that they are from."""

    content: dict[str, str]
    template: dict[str, Any] | None = None


def words(item: Mapping[str, Any]) -> Letter:
    """What an item says by itself."""
    # One line: what a template or the data breaks would break the header.
    subject = " ".join(item["title"].replace("\0", " ").split()) or item["key"]
    return Letter({"subject": subject, "text": item["body"] or item["key"]})


async def fill(
    checks: Checklist, kind: Kind, user_id: ObjectId, given: Mapping[str, object]
) -> Letter | None:
    """The template of a kind, filled with what the notification has; None without one.

    It is in the user's own language, as far as the template has it.
    What can't be filled is noted: only `data` can be at fault.
    """
    if kind.template is None or not kind.email:
        return None
    try:
        version = await templates.chosen(kind.template)
    except InvalidInput:  # Deleted since the kind, as it is remembered here, let go of it.
        return None
    try:
        locale = await users.locale(user_id)
        said = template.fill(version, locale, rules.context(version.variables, given))
    except Flawed as error:
        for flaw in error.flaws:
            message = f"the template {kind.template} can't be filled: {flaw.part}: {flaw}"
            checks.add("data", message, flaw.code)
        return None
    content = {"subject": said.subject, "text": said.text, "html": said.html}
    return Letter(content, version.ref.model_dump())


async def check(checks: Checklist, slug: str | None, *, email: bool) -> TemplateVersion | None:
    """The template that a kind is to name, after noting why it can't."""
    if slug is None:
        return None
    if not email:
        checks.add("template", "only an e-mail is made from a template: set email")
    try:
        version = await templates.chosen(slug)
    except InvalidInput as error:
        for each in error.errors:
            checks.add(each.field, each.message, each.code)
        return None
    if why := rules.unfit(version.variables):
        checks.add("template", f"no notification can fill {slug}: {why}")
    return version
