"""Contacts: each sender's own, by names that are unique in any case (C1, C2)."""

import asyncio
from typing import Any

import pytest
from bson import ObjectId

from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.contact import Contact
from services import contacts
from services.contacts import NewContact
from tests.factories import id_of
from tests.services.looking import errors_of, mistakes

ANN = NewContact("Ann", telegram="4711", whatsapp="79991234567", viber="01234567890A=")


async def test_a_contact_is_stored_as_it_was_said(parts: Parts) -> None:
    made = await contacts.create(parts, "o", ANN)
    assert await contacts.get("o", id_of(made)) == made
    assert contacts.handles(made) == {
        "telegram": "4711",
        "whatsapp": "79991234567",
        "viber": "01234567890A=",
    }


async def test_nobody_sees_or_touches_the_contacts_of_another(parts: Parts) -> None:
    made = id_of(await contacts.create(parts, "o", ANN))
    assert await contacts.get("p", made) is None
    assert (await contacts.page("p", "", first=10, after=None)).items == []
    assert await contacts.named("p", ["ann"]) == {}
    assert await mistakes(contacts.update("p", made, {"name": "Bob"})) == {
        ("id", Problem.NOT_FOUND)
    }
    assert await mistakes(contacts.delete(parts, "p", made)) == {("id", Problem.NOT_FOUND)}
    assert await mistakes(contacts.delete(parts, "p", "Ann")) == {("name", Problem.NOT_FOUND)}
    await contacts.create(parts, "p", ANN)
    assert await Contact.count() == 2


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"name": " "}, {("name", Problem.BLANK)}),
        ({"telegram": None}, {("telegram", Problem.BLANK)}),
        ({"telegram": "ann"}, {("telegram", Problem.INVALID)}),
        (
            {"name": "x" * 101, "whatsapp": "+7", "viber": ""},
            {
                ("name", Problem.TOO_LONG),
                ("whatsapp", Problem.INVALID),
                ("viber", Problem.INVALID),
            },
        ),
    ],
)
async def test_every_mistake_is_named_and_nothing_is_stored(
    parts: Parts, said: dict[str, Any], expected: set[tuple[str, Problem]]
) -> None:
    new = NewContact(**{"name": "Ann", "telegram": "4711", **said})
    assert await mistakes(contacts.create(parts, "o", new)) == expected
    assert await Contact.count() == 0


async def test_a_name_belongs_to_one_contact_in_any_case_even_in_a_race(parts: Parts) -> None:
    names = ("Ann", "ANN", "ann ", "aNN")
    made = await asyncio.gather(
        *(contacts.create(parts, "o", NewContact(name, telegram="1")) for name in names),
        return_exceptions=True,
    )
    refused = [one for one in made if isinstance(one, InvalidInput)]
    assert [errors_of(one) for one in refused] == [{("name", Problem.TAKEN)}] * 3
    bob = id_of(await contacts.create(parts, "o", NewContact("Bob", telegram="1")))
    assert await mistakes(contacts.update("o", bob, {"name": "ann"})) == {("name", Problem.TAKEN)}


async def test_there_is_room_for_so_many_and_no_more(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contacts, "MOST_CONTACTS", 2)
    for name in ("Ann", "Bob"):
        await contacts.create(parts, "o", NewContact(name, telegram="1"))
    third = contacts.create(parts, "o", NewContact("Cid", telegram="1"))
    assert await mistakes(third) == {("name", Problem.TOO_MANY)}
    await contacts.create(parts, "p", NewContact("Cid", telegram="1"))


async def test_a_repeat_of_a_key_adds_nothing(parts: Parts) -> None:
    first = await contacts.create(parts, "o", ANN, "k")
    assert await contacts.create(parts, "o", ANN, "k") == first
    other = contacts.create(parts, "o", NewContact("Bob", telegram="1"), "k")
    assert await mistakes(other) == {("idempotencyKey", Problem.CONFLICT)}


async def test_an_update_changes_what_it_names(parts: Parts) -> None:
    made = await contacts.create(parts, "o", ANN)
    changed = await contacts.update("o", id_of(made), {"name": "Anna", "viber": None})
    assert (changed.name, changed.key, changed.viber) == ("Anna", "anna", None)
    assert (changed.telegram, changed.created_at) == (made.telegram, made.created_at)
    assert changed == await contacts.get("o", id_of(made))


async def test_one_handle_is_left_even_where_two_go_at_the_same_moment(parts: Parts) -> None:
    new = NewContact("Ann", telegram="4711", whatsapp="79991234567")
    for _ in range(5):
        made = id_of(await contacts.create(parts, "o", new))
        removals = [contacts.update("o", made, {way: None}) for way in ("telegram", "whatsapp")]
        done = await asyncio.gather(*removals, return_exceptions=True)
        assert sum(isinstance(one, InvalidInput) for one in done) == 1
        await contacts.delete(parts, "o", made)


async def test_a_list_is_in_pages_and_by_the_beginning_of_names(parts: Parts) -> None:
    names = ("Ann", "anna", "Bob", "a.n", "ANTON")
    made = [await contacts.create(parts, "o", NewContact(name, telegram="1")) for name in names]
    first = await contacts.page("o", "", first=2, after=None)
    assert (first.items, first.has_next) == (made[:2], True)
    rest = await contacts.page("o", "", first=5, after=id_of(made[1]))
    assert (rest.items, rest.has_next) == (made[2:], False)
    found = await contacts.page("o", " AN", first=10, after=None)
    assert [one.name for one in found.items] == ["Ann", "anna", "ANTON"]
    assert [await contacts.count("o", name) for name in ("", "an", "a.", ".*", "a\0")] == [
        *(5, 3, 1, 0, 0)
    ]


async def test_a_deleted_contact_is_gone_by_id_or_by_name(parts: Parts) -> None:
    made = id_of(await contacts.create(parts, "o", ANN))
    assert (await contacts.delete(parts, "o", "aNN")).name == "Ann"
    assert await mistakes(contacts.delete(parts, "o", made)) == {("id", Problem.NOT_FOUND)}
    again = id_of(await contacts.create(parts, "o", ANN))
    assert (await contacts.delete(parts, "o", again)).id == again
    assert await mistakes(contacts.delete(parts, "o", ObjectId())) == {("id", Problem.NOT_FOUND)}
