"""All that is held about a person is told, and nothing of who was erased."""

from bson import ObjectId

from core import clock
from core.parts import Parts
from models.erasure import Person
from services import erasures, mailings, notifications, person_export
from tests import factories
from tests.services import days
from tests.services.traces import EMAIL, NAME, PHONE, database, lived


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
    names = [str(client_id)]
    while (await erasures.erase(parts, Person.CLIENT, client_id, names, "admin")).done_at is None:
        pass  # a slow machine; a repeat goes on with it
    pages = person_export.of_person(parts, Person.CLIENT, client_id, [str(client_id)])
    assert [row async for page in pages for row in page] == []
    # Who comes back is told what is still known: that it wants to hear nothing.
    (again,) = await factories.clients(1, said=lambda _: {"phone": PHONE, "email": EMAIL})
    pages = person_export.of_person(parts, Person.CLIENT, again, [str(again)])
    assert [row["kind"] async for page in pages for row in page] == ["client", "suppression"]


async def test_an_export_has_what_went_to_an_address_on_a_list(parts: Parts) -> None:
    """As an erasure finds it; what went there under somebody else's id is that person's."""
    client_id, _ = await lived(parts)
    found = []
    for _ in range(2):
        listed = factories.id_of(await factories.created(parts))
        await mailings.collection().update_one({"_id": listed}, {"$set": {"listed": True}})
        found += await days.ended(clock.now(), address=EMAIL, mailing_id=listed)
        await days.ended(clock.now(), address="bob@example.com", mailing_id=listed)
        await days.ended(clock.now(), address=EMAIL, mailing_id=listed, user_id=ObjectId())
    pages = person_export.of_person(parts, Person.CLIENT, client_id, [str(client_id)])
    ids = [row["id"] async for page in pages for row in page if row["kind"] == "message"]
    assert len(ids) == 3 + 2
    assert set(found) <= set(ids)


async def test_an_export_of_a_user_has_what_it_keeps_and_what_it_did(parts: Parts) -> None:
    user_id = ObjectId()
    await notifications.create(parts, "a test", factories.notification(user_id))
    here = database(parts)
    await here["contacts"].insert_one({"owner": str(user_id), "name": "Bob", "key": "bob"})
    secrets = {"line": b"secret", "hash": b"secret", "former": b"secret", "id_token": "secret"}
    await here["sessions"].insert_one({"subject": str(user_id), "name": NAME, **secrets})
    entry = {"action": "createKind", "input": "{}", "targets": [], "by": str(user_id)}
    await here["audit"].insert_one(entry)
    pages = person_export.of_person(parts, Person.USER, user_id, [str(user_id)])
    rows = [row async for page in pages for row in page]
    kinds = sorted(row["kind"] for row in rows)
    assert kinds == ["action", "contact", "notification", "session", "user"]
    assert "secret" not in str(rows)


async def test_an_export_of_a_user_has_its_inbox(parts: Parts) -> None:
    user_id = ObjectId()
    for number in range(3):
        new = factories.notification(user_id, data={"number": number})
        await notifications.create(parts, "a test", new)
    pages = person_export.of_person(parts, Person.USER, user_id, [str(user_id)])
    rows = [row async for page in pages for row in page]
    assert [row["kind"] for row in rows] == ["user", *["notification"] * 3]
