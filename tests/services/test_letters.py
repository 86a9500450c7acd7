from typing import Any

import pytest
from bson import ObjectId

from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.kind import Kind
from models.message import Message
from rules.variable import Type
from services import kinds, notifications, revisions, templates, users
from services.new_template import NewVariable, NewVariant
from tests.factories import kind, notification, template
from tests.services.looking import mistakes

USER = ObjectId()
VARIANT = NewVariant("{{ data.name }}: {{ key }}", "Hi {{ data.name }}", "<b>{{ data.name }}</b>")
VARIABLES = (NewVariable("key"), NewVariable("data", Type.OBJECT))


@pytest.fixture
async def selling(parts: Parts) -> Parts:
    """The kind `sale` makes its e-mails from the template `offer`."""
    new = template("offer", variants=(VARIANT,), variables=VARIABLES)
    await templates.create(parts, "o", new)
    await kinds.create(parts, "o", kind("sale", template="offer", title="In the app"))
    return parts


async def notify(parts: Parts, **data: Any) -> notifications.Notified:
    return await notifications.create(parts, "s", notification(USER, "sale", data=data))


async def row_of(made: notifications.Notified) -> Message:
    row = await Message.get(made.message_id)
    assert row is not None and row.content is not None
    return row


async def test_the_e_mail_is_made_from_the_template_of_its_kind(selling: Parts) -> None:
    made = await notify(selling, name="<Tea>")
    row = await row_of(made)
    assert row.content is not None and row.template is not None
    assert (row.content.subject, row.content.text) == ("<Tea>: sale", "Hi <Tea>")
    assert row.content.html == "<b>&lt;Tea&gt;</b>"
    assert (row.template.slug, row.template.version) == ("offer", 1)
    assert made.item is not None and made.item["title"] == "In the app"


async def test_a_newer_version_is_for_what_comes_later(selling: Parts) -> None:
    first = await notify(selling, name="Tea")
    short = (NewVariant("S", "Short"),)
    await templates.update(selling, "o", "offer", {"variants": short})
    second = await row_of(await notify(selling, name="Tea"))
    assert second.template is not None and second.template.version == 2
    assert second.content is not None and (second.content.text, second.content.html) == (
        "Short",
        "",
    )
    kept = await row_of(first)
    assert kept.template is not None and kept.template.version == 1


async def test_the_e_mail_is_in_the_language_of_its_user(selling: Parts) -> None:
    german = NewVariant("{{ data.name }}", "Hallo", locale="de")
    await templates.update(selling, "o", "offer", {"variants": (VARIANT, german)})
    await users.collection().update_one({"_id": USER}, {"$set": {"locale": "de-AT"}}, upsert=True)
    row = await row_of(await notify(selling, name="Tea"))
    assert row.content is not None and row.content.text == "Hallo"


async def test_data_that_can_not_fill_the_template_are_refused_before_anything_is_stored(
    selling: Parts,
) -> None:
    refused = notifications.create(selling, "s", notification(USER, "sale", data={"nmae": "Tea"}))
    with pytest.raises(InvalidInput, match="data: the template offer can't be filled: subject"):
        await refused
    assert await Message.find_all().count() == 0


async def test_a_change_of_the_notification_fills_the_template_again(selling: Parts) -> None:
    made = await notify(selling, name="Tea")
    assert made.item is not None
    await revisions.update(selling, USER, made.item["id"], {"data": {"name": "Jam"}})
    row = await row_of(made)
    assert row.content is not None and row.content.text == "Hi Jam"


async def test_a_template_is_kept_while_a_kind_names_it(selling: Parts) -> None:
    with pytest.raises(InvalidInput, match="in use by the kind sale"):
        await templates.delete(selling, "offer")
    await kinds.update(selling, "sale", {"template": None})
    await templates.delete(selling, "offer")
    row = await row_of(await notify(selling, name="Tea"))
    assert row.content is not None and row.content.subject == "In the app"
    assert row.template is None


async def test_a_template_may_not_come_to_want_more_than_its_kinds_have(selling: Parts) -> None:
    more = {"variables": (*VARIABLES, NewVariable("name"))}
    change = templates.update(selling, "o", "offer", more)
    assert await mistakes(change) == {("variables", Problem.CONFLICT)}
    defaulted = {"variables": (*VARIABLES, NewVariable("name", default="you"))}
    assert (await templates.update(selling, "o", "offer", defaulted)).version == 2


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"template": "nothing"}, Problem.NOT_FOUND),
        ({"template": "welcome"}, Problem.INVALID),
        ({"template": "offer", "email": False}, Problem.INVALID),
    ],
)
async def test_a_kind_names_only_a_template_that_it_can_fill(
    selling: Parts, said: dict[str, Any], problem: Problem
) -> None:
    await templates.create(selling, "o", template())
    made = kinds.create(selling, "o", kind("other", **said))
    assert await mistakes(made) == {("template", problem)}
    await kinds.create(selling, "o", kind("other"))
    assert await mistakes(kinds.update(selling, "other", said)) == {("template", problem)}
    assert (await Kind.get("other")).template is None  # type: ignore[union-attr]


async def test_a_repeat_of_a_key_makes_no_second_kind_of_a_template(selling: Parts) -> None:
    new = kind("other", template="offer")
    assert await kinds.create(selling, "o", new, "k") == await kinds.create(selling, "o", new, "k")
