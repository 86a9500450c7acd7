import asyncio
import uuid
from typing import Any

import pytest
from pymongo.asynchronous.client_session import AsyncClientSession

from core import clock, mongo
from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.mailing import Mailing
from models.message import Message
from models.template import Template, TemplateVersion
from rules.template import Variant
from rules.variable import Type, Variable
from services import mailings, template_lists, templates
from services.new_template import NewVariable, NewVariant
from tests.factories import HOUR, mailing, template
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


async def test_a_change_makes_a_version_and_leaves_those_before_as_they_were(parts: Parts) -> None:
    made = await templates.create(parts, "olga", template())
    first = await templates.chosen("welcome")
    changed = await templates.update(parts, "pavel", "welcome", {"title": "Hi", "description": "d"})
    assert (changed.version, changed.title, changed.created_by) == (2, "Hi", "olga")
    second = await templates.chosen("welcome")
    assert (second.version, second.title, second.by) == (2, "Hi", "pavel")
    assert second.variants == first.variants
    assert await templates.chosen("welcome", 1) == first
    assert await TemplateVersion.get(first.id) == first
    assert await Template.get(made.id) == changed


async def test_a_change_of_nothing_makes_no_version(parts: Parts) -> None:
    await templates.create(parts, "o", template())
    same = await templates.update(parts, "o", "welcome", {"title": "Welcome"})
    assert same.version == 1
    assert await TemplateVersion.find_all().count() == 1


async def test_the_same_said_in_other_words_makes_no_version(parts: Parts) -> None:
    made = await templates.create(parts, "o", template())
    version = await templates.chosen("welcome")
    [said] = [NewVariant(it.subject, it.text, it.html) for it in version.variants.values()]
    changes = {"title": f" {made.title} ", "variants": (said,)}
    assert (await templates.update(parts, "o", "welcome", changes)).version == 1


async def test_a_change_that_makes_a_mistake_changes_nothing(parts: Parts) -> None:
    made = await templates.create(parts, "o", template())
    change = templates.update(parts, "o", "welcome", {"variables": (), "title": ""})
    fields = {field for field, _ in await mistakes(change)}
    assert fields == {"title", *(f"variants.0.{part}" for part in ("subject", "text", "html"))}
    assert await Template.get(made.id) == made
    assert await TemplateVersion.find_all().count() == 1


async def test_a_change_of_an_older_version_than_the_newest_is_refused(parts: Parts) -> None:
    await templates.create(parts, "o", template())
    await templates.update(parts, "o", "welcome", {"title": "Two"}, 1)
    late = templates.update(parts, "o", "welcome", {"title": "Late"}, 1)
    assert await mistakes(late) == {("version", Problem.CONFLICT)}


async def test_changes_at_the_same_moment_each_make_a_version_of_their_own(parts: Parts) -> None:
    await templates.create(parts, "o", template())
    changes = [{"title": "T"}, {"description": "d"}, {"default_locale": "en", "title": "U"}]
    made = await asyncio.gather(
        *(templates.update(parts, f"o{at}", "welcome", said) for at, said in enumerate(changes))
    )
    assert {each.version for each in made} == {2, 3, 4}
    rows = await TemplateVersion.find_all().sort("version").to_list()
    assert [row.version for row in rows] == [1, 2, 3, 4]
    newest = await templates.chosen("welcome")
    assert newest.description == "d" and newest.title in {"T", "U"}
    assert (await Template.find_one({}) or made[0]).title == newest.title


async def test_of_two_that_read_the_same_version_one_wins(parts: Parts) -> None:
    await templates.create(parts, "o", template())
    answers = await asyncio.gather(
        *(templates.update(parts, "o", "welcome", {"title": title}, 1) for title in "AB"),
        return_exceptions=True,
    )
    assert [type(each) for each in answers].count(InvalidInput) == 1
    assert (await templates.chosen("welcome")).version == 2


async def test_a_deleted_template_can_not_be_chosen_but_its_versions_stay(parts: Parts) -> None:
    made = await templates.create(parts, "o", template())
    await templates.delete(parts, "welcome")
    assert await mistakes(_chosen("welcome")) == {("template", Problem.NOT_FOUND)}
    assert await TemplateVersion.find_all().count() == 1
    again = await templates.create(parts, "o", template())
    assert (again.id == made.id, again.version) == (False, 1)


async def test_a_template_is_kept_while_a_mailing_or_a_message_uses_it(parts: Parts) -> None:
    await templates.create(parts, "o", template())
    ref = (await templates.chosen("welcome")).ref.model_dump()
    made = await mailings.create(
        parts, "o", mailing(start_at=clock.now() + HOUR, end_at=clock.now() + 2 * HOUR)
    )
    rows, messages = Mailing.get_pymongo_collection(), Message.get_pymongo_collection()
    await rows.update_one({"_id": made.id}, {"$set": {"template": ref}})
    with pytest.raises(InvalidInput, match="in use by the mailing 'Feast'"):
        await templates.delete(parts, "welcome")
    await rows.update_one({"_id": made.id}, {"$set": {"settled": True}})
    row = {"_id": uuid.uuid4(), "status": "pending", "template": ref, "due_at": clock.now()}
    await messages.insert_one(row)
    with pytest.raises(InvalidInput, match=f"in use by the message {row['_id']}"):
        await templates.delete(parts, "welcome")
    await messages.update_one({"_id": row["_id"]}, {"$set": {"status": "sent"}})
    await templates.delete(parts, "welcome")


async def test_a_deletion_loses_against_what_comes_to_depend_on_the_template(parts: Parts) -> None:
    made = await templates.create(parts, "o", template())
    assert made.id is not None

    async def depend(session: AsyncClientSession) -> None:
        assert made.id is not None
        await templates.hold(session, made.id)

    await mongo.in_transaction(parts.mongo, depend)
    assert (await templates.find("welcome") or made).held_at is not None
    await templates.delete(parts, "welcome")
    with pytest.raises(InvalidInput, match="no such template"):
        await mongo.in_transaction(parts.mongo, depend)


async def test_lists_find_templates_by_parts_of_their_names(parts: Parts) -> None:
    for slug, title in (("one", "First"), ("two", "Second (old)"), ("three", "FIRST again")):
        await templates.create(parts, "o", template(slug, title=title))

    async def found(search: str | None) -> list[str]:
        page = await template_lists.page(search, first=10, after=None)
        assert await template_lists.count(search) == len(page.items)
        return [each.slug for each in page.items]

    assert await found(None) == ["three", "two", "one"]
    assert await found("first") == ["three", "one"]
    assert await found("(old") == ["two"]
    assert await found("TWO") == ["two"]
    assert await found(".*") == []


async def _chosen(slug: str) -> object:
    return await templates.chosen(slug)


async def test_a_search_that_is_no_pattern_is_a_mistake(parts: Parts) -> None:
    await templates.create(parts, "o", template())
    for wrong, problem in (("\0", Problem.INVALID), ("x" * 101, Problem.TOO_LONG)):
        assert await mistakes(template_lists.count(wrong)) == {("search", problem)}
    assert await template_lists.count(".") == 0
