"""All that is held about a person is told, and nothing of who was erased."""

from bson import ObjectId

from core.parts import Parts
from models.erasure import Person
from services import erasures, notifications, person_export
from tests import factories
from tests.services.traces import NAME, PHONE, lived


async def test_an_export_has_all_that_is_held_about_a_person(parts: Parts) -> None:
    client_id, _ = await lived(parts)
    pages = person_export.of_person(parts, Person.CLIENT, client_id, [str(client_id)])
    rows = [row async for page in pages for row in page]
    kinds = sorted(row["kind"] for row in rows)
    assert kinds == [
        *("attempt", "attempt", "client", "contact"),
        *("message", "message", "message", "suppression"),
    ]
    assert NAME in str(rows) and PHONE in str(rows)
    await erasures.erase(parts, Person.CLIENT, client_id, [str(client_id)], "admin")
    pages = person_export.of_person(parts, Person.CLIENT, client_id, [str(client_id)])
    assert [row async for page in pages for row in page] == []


async def test_an_export_of_a_user_has_its_inbox(parts: Parts) -> None:
    user_id = ObjectId()
    for number in range(3):
        new = factories.notification(user_id, data={"number": number})
        await notifications.create(parts, "a test", new)
    pages = person_export.of_person(parts, Person.USER, user_id, [str(user_id)])
    rows = [row async for page in pages for row in page]
    assert [row["kind"] for row in rows] == ["user", *["notification"] * 3]
