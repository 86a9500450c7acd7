"""Mailings that a template says: filled once, in each locale, and kept as they were."""

from typing import Any

import pytest

from core import clock
from core.errors import Problem
from core.parts import Parts
from models.mailing import Mailing
from rules.template import Words
from services import (
    control,
    deliveries,
    launch,
    mailings,
    messages,
    previews,
    recipients,
    templates,
)
from services.control import Clone
from services.new_template import NewVariant
from services.wording import Chosen
from tests import factories
from tests.factories import HOUR, created, id_of, mailing, template, with_email
from tests.services.looking import mistakes

GREETING = Chosen("welcome", context={"name": "all"})
VARIANTS = (
    NewVariant("Hello", "Hello {{ name }}"),
    NewVariant("Hallo", "Hallo {{ name }}", locale="de"),
    NewVariant("Servus", "Servus {{ name }}", locale="de-AT"),
)


@pytest.fixture
async def said(parts: Parts) -> Mailing:
    """A mailing to all by e-mail that the template says."""
    await templates.create(parts, "o", template(variants=VARIANTS))
    return await created(parts, text="", template=GREETING, channels=("email",))


def by_locale(number: int) -> dict[str, Any]:
    return {"locale": (None, "de", "de-AT", "de-CH", "fr")[number], **with_email(number)}


async def test_each_client_hears_it_in_its_own_locale(parts: Parts, said: Mailing) -> None:
    await factories.clients(5, said=by_locale)
    await launch.launch(parts, id_of(said))
    claimed = await messages.claim(parts, id_of(said), "email", 10, "w")
    await recipients.look_up(claimed, "email")
    stored = await mailings.collection().find_one({"_id": said.id})
    heard = {one.row["address"]: deliveries.said(one.row, stored)["text"] for one in claimed}
    assert heard == {
        "c0@example.com": "Hello all",
        "c1@example.com": "Hallo all",
        "c2@example.com": "Servus all",
        "c3@example.com": "Hallo all",
        "c4@example.com": "Hello all",
    }


async def test_it_is_stored_with_its_version_and_the_words_of_the_default(said: Mailing) -> None:
    assert said.template is not None
    assert (said.template.slug, said.template.version) == ("welcome", 1)
    assert (said.subject, said.text, said.default_locale) == ("Hello", "Hello all", "en")
    assert said.contents["de"] == Words("de", "Hallo", "Hallo all")
    assert await mailings.get(id_of(said)) == said


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"template": Chosen("welcome")}, {("context.name", Problem.INVALID)}),
        ({"template": Chosen("none")}, {("template", Problem.NOT_FOUND)}),
        ({"template": Chosen("welcome", 9)}, {("template", Problem.NOT_FOUND)}),
        ({"template": GREETING, "text": "too"}, {("text", Problem.INVALID)}),
        ({"template": GREETING, "subject": "too"}, {("subject", Problem.INVALID)}),
    ],
)
async def test_what_is_wrong_with_a_template_is_told(
    parts: Parts, changes: dict[str, Any], expected: set[tuple[str, Problem]]
) -> None:
    await templates.create(parts, "o", template(variants=VARIANTS))
    new = mailing(**{"text": "", **changes})
    assert await mistakes(mailings.create(parts, "o", new)) == expected
    assert await Mailing.find_all().count() == 0
    assert await mistakes(previews.preview(parts, "o", new)) == expected


async def test_a_change_of_something_else_leaves_its_words(parts: Parts, said: Mailing) -> None:
    changed = await mailings.update(parts, id_of(said), {"end_at": clock.now() + 2 * HOUR})
    assert (changed.template, changed.contents) == (said.template, said.contents)
    refused = mailings.update(parts, id_of(said), {"subject": "Mine"})
    assert await mistakes(refused) == {("subject", Problem.NOT_ALLOWED_NOW)}


async def test_a_text_replaces_a_template_and_a_template_a_text(
    parts: Parts, said: Mailing
) -> None:
    changed = await mailings.update(parts, id_of(said), {"text": "Plain", "subject": "S"})
    assert (changed.template, changed.contents, changed.text) == (None, {}, "Plain")
    other = Chosen("welcome", context={"name": "you"})
    changed = await mailings.update(parts, id_of(said), {"template": other})
    assert (changed.template, changed.text) == (said.template, "Hello you")


async def test_a_clone_says_the_same(parts: Parts, said: Mailing) -> None:
    start = clock.now() + HOUR
    copy = await control.clone(parts, "o", Clone(id_of(said), start, start + HOUR))
    assert (copy.template, copy.contents) == (said.template, said.contents)


async def test_a_preview_shows_each_client_its_own_words(parts: Parts) -> None:
    await factories.clients(3, said=by_locale)
    await templates.create(parts, "o", template(variants=VARIANTS))
    new = mailing(text="", template=GREETING, channels=("email", "sending_api"))
    found = await previews.preview(parts, "o", new)
    texts = {(one.channel, one.subject, one.text) for one in found.samples}
    assert ("email", "Hallo", "Hallo all") in texts
    assert ("sending_api", None, "Hello all") in texts
