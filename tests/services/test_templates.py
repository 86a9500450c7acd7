from typing import Any

import pytest

from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.template import Template, TemplateVersion
from rules.template import Variant
from rules.variable import Type, Variable
from services import templates
from services.new_template import NewVariable, NewVariant
from tests.factories import template
from tests.services.looking import mistakes


async def test_a_template_is_stored_with_its_first_version(parts: Parts) -> None:
    made = await templates.create(parts, "olga", template(title=" Welcome "))
    assert (made.slug, made.title, made.version, made.created_by) == (
        "welcome",
        "Welcome",
        1,
        "olga",
    )
    version = await templates.chosen("welcome")
    assert made.id is not None
    assert version == await templates.chosen(made.id) == await templates.chosen("welcome", 1)
    assert (version.template_id, version.version, version.by) == (made.id, 1, "olga")
    assert version.variables == [Variable("name")]
    assert version.variants["en"].subject == "Hello {{ name }}"
    assert version.ref.model_dump() == {"id": made.id, "slug": "welcome", "version": 1}
    assert await TemplateVersion.get(version.id) == version


async def test_locales_and_defaults_are_kept_in_one_form(parts: Parts) -> None:
    variants = (NewVariant("S", "x"), NewVariant("S", "y", locale="DE-at"))
    number = NewVariable("n", Type.NUMBER, 1.5)
    new = template(variants=variants, variables=(number,), default_locale="EN")
    await templates.create(parts, "o", new)
    version = await templates.chosen("welcome")
    assert version.default_locale == "en"
    assert version.variants == {"en": Variant("S", "x"), "de-AT": Variant("S", "y")}
    assert version.variables == [Variable("n", Type.NUMBER, str(1.5))]


@pytest.mark.parametrize(
    ("said", "errors"),
    [
        ({"slug": "Wel come"}, {("slug", Problem.INVALID)}),
        ({"title": " "}, {("title", Problem.BLANK)}),
        ({"title": "a\nb"}, {("title", Problem.INVALID)}),
        ({"description": "x" * 2_001}, {("description", Problem.TOO_LONG)}),
        ({"default_locale": "d"}, {("defaultLocale", Problem.INVALID)}),
        ({"default_locale": "de", "variants": (NewVariant("S", "x", locale="en"),)},
         {("defaultLocale", Problem.INVALID)}),
        ({"variants": ()}, {("defaultLocale", Problem.INVALID)}),
        ({"variants": (NewVariant("S", "x"), NewVariant("S", "x", locale="EN"))},
         {("variants.1.locale", Problem.CONFLICT)}),
        ({"variants": (NewVariant("S", "x"), NewVariant("S", "x", locale="_"))},
         {("variants.1.locale", Problem.INVALID)}),
        ({"variants": (NewVariant("", ""), NewVariant("S", "{{ x", locale="de"))},
         {("variants.0.subject", Problem.BLANK), ("variants.0.text", Problem.BLANK),
          ("variants.1.text", Problem.INVALID)}),
        ({"variables": ()}, {(f"variants.0.{part}", Problem.INVALID) for part in ("subject", "text", "html")}),
        ({"variables": (NewVariable("name", default=1),)}, {("variables.0.default", Problem.INVALID)}),
        ({"variables": (NewVariable("name", default=2**70),)}, {("variables.0.default", Problem.INVALID)}),
    ],
)  # fmt: skip
async def test_each_mistake_is_told_at_its_field(
    parts: Parts, said: dict[str, Any], errors: set[tuple[str, Problem]]
) -> None:
    assert await mistakes(templates.create(parts, "o", template(**said))) == errors
    assert await Template.find_all().count() == await TemplateVersion.find_all().count() == 0


async def test_a_slug_belongs_to_one_template(parts: Parts) -> None:
    await templates.create(parts, "o", template())
    again = templates.create(parts, "o", template())
    assert await mistakes(again) == {("slug", Problem.TAKEN)}


async def test_a_repeat_of_a_key_makes_no_second_template(parts: Parts) -> None:
    first = await templates.create(parts, "o", template(), "key")
    assert await templates.create(parts, "o", template(), "key") == first
    assert await Template.find_all().count() == 1
    other = templates.create(parts, "o", template(title="Other"), "key")
    assert await mistakes(other) == {("idempotencyKey", Problem.CONFLICT)}


async def test_what_is_not_there_can_not_be_chosen(parts: Parts) -> None:
    await templates.create(parts, "o", template())
    with pytest.raises(InvalidInput, match=r"to: there is no template 'other'"):
        await templates.chosen("other", field="to")
    with pytest.raises(InvalidInput, match="has no version 2; its newest is 1"):
        await templates.chosen("welcome", 2)
