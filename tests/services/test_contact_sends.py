"""Texts to contacts by name: a message for each contact and messenger, not before a time (C3)."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from pymongo.asynchronous.client_session import AsyncClientSession

from core import clock, mongo
from core.errors import Problem
from core.parts import Parts
from rules.message import Route
from services import contact_sends, contacts, messages, objections, personal, recipients
from services.contact_sends import ContactSend, Queued
from services.contacts import NewContact
from tests.factories import HOUR, id_of
from tests.services.looking import jobs, mistakes, rows

TEXT = "The bell rings"
ALL = {"telegram": "4711", "whatsapp": "79991234567", "viber": "01234567890A="}


@pytest.fixture
def house(parts: Parts) -> Parts:
    """A process in which all messengers are set up."""
    tokens = {f"{way}_token": SecretStr("any") for way in ALL}
    said = {**tokens, "whatsapp_phone_id": "1"}
    return replace(parts, settings=parts.settings.model_copy(update=said))


@pytest.fixture
async def people(house: Parts) -> Parts:
    """The same, with two contacts."""
    await contacts.create(house, "o", NewContact("Ann", **ALL))
    await contacts.create(house, "o", NewContact("Bob", telegram="12"))
    return house


async def send(parts: Parts, *names: str, key: str | None = None, **said: Any) -> list[Queued]:
    return await contact_sends.send(parts, "o", ContactSend(names, **{"text": TEXT, **said}), key)


async def test_each_contact_gets_one_message_by_each_of_its_messengers(people: Parts) -> None:
    ann, bob = await send(people, "ann", "BOB", "Ann")
    assert {message.channel: message.address for message in ann.messages} == ALL
    assert [message.address for message in bob.messages] == ["12"]
    for row in await rows():
        assert (row["by"], row["status"], row["content"]["text"]) == ("o", "pending", TEXT)
        assert row["contact_name"] in {"Ann", "Bob"}
        assert row["planned_at"] == row["due_at"] <= clock.now()
        assert row["end_at"] == row["due_at"] + contact_sends.LIFE
        assert "number" not in row
    assert "pump:personal:0" in await jobs(people, "personal")


async def test_nothing_is_due_before_the_time(people: Parts) -> None:
    when = clock.cut(clock.now() + HOUR)
    (ann,) = await send(people, "Ann", not_before=when, end_at=when + HOUR)
    assert {(message.due_at, message.end_at) for message in ann.messages} == {(when, when + HOUR)}
    for way in ALL:
        assert await messages.claim(people, None, way, 10, "w") == []


async def test_a_time_long_past_means_now(people: Parts) -> None:
    before = people.database_clock.now()
    (ann,) = await send(people, "Ann", not_before=before - 1_000 * HOUR)
    assert all(message.due_at >= before for message in ann.messages)
    assert len(await messages.claim(people, None, "telegram", 10, "w")) == 1


async def test_only_the_channels_that_are_named_are_used(people: Parts) -> None:
    (ann,) = await send(people, "Ann", channels=("viber",))
    assert [message.channel for message in ann.messages] == ["viber"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"names": ()}, {("names", Problem.BLANK)}),
        ({"names": ("x",) * 1_001}, {("names", Problem.TOO_MANY)}),
        (
            {"names": ("Ann", "Cid", "Bob", "Dan")},
            {("names.1", Problem.NOT_FOUND), ("names.3", Problem.NOT_FOUND)},
        ),
        ({"text": " \n"}, {("text", Problem.BLANK)}),
        ({"text": "x" * 4_097}, {("text", Problem.TOO_LONG)}),
        ({"not_before": clock.now() + timedelta(days=367)}, {("notBefore", Problem.INVALID)}),
        ({"not_before": datetime(2026, 1, 1)}, {("notBefore", Problem.INVALID)}),  # noqa: DTZ001
        ({"end_at": clock.now() - HOUR}, {("endAt", Problem.INVALID)}),
        ({"end_at": clock.now() + timedelta(days=31)}, {("endAt", Problem.INVALID)}),
        ({"channels": ("email",)}, {("channels", Problem.INVALID)}),
        ({"names": ("Ann", "Bob"), "channels": ("viber",)}, {("names.1", Problem.INVALID)}),
        (
            {"names": ("Cid",), "text": "", "end_at": clock.now() - HOUR},
            {
                ("names.0", Problem.NOT_FOUND),
                ("text", Problem.BLANK),
                ("endAt", Problem.INVALID),
            },
        ),
    ],
)
async def test_every_mistake_is_named_and_nothing_is_queued(
    people: Parts, said: dict[str, Any], expected: set[tuple[str, Problem]]
) -> None:
    wanted = ContactSend(**{"names": ("Ann",), "text": TEXT, **said})
    assert await mistakes(contact_sends.send(people, "o", wanted)) == expected
    assert await rows() == []


async def test_a_text_may_be_longer_where_the_messenger_takes_it(people: Parts) -> None:
    (ann,) = await send(people, "Ann", text="x" * 7_000, channels=("viber",))
    assert len(ann.messages) == 1


async def test_a_messenger_that_is_not_set_up_is_named_with_what_to_set(
    people: Parts, parts: Parts
) -> None:
    assert await mistakes(send(parts, "Bob")) == {("channels", Problem.NOT_ALLOWED_NOW)}
    assert await rows() == []


async def test_the_contacts_of_another_are_unknown(people: Parts) -> None:
    wanted = ContactSend(("Ann",), TEXT)
    refused = contact_sends.send(people, "p", wanted)
    assert await mistakes(refused) == {("names.0", Problem.NOT_FOUND)}


async def test_a_repeat_of_a_key_queues_nothing_even_in_a_race(people: Parts) -> None:
    sends = (send(people, "Ann", key="k") for _ in range(4))
    first, *others = await asyncio.gather(*sends)
    ids = [message.id for message in first[0].messages]
    assert all([m.id for m in other[0].messages] == ids for other in others)
    assert len(await rows()) == 3
    await send(people, "Ann")
    assert len(await rows()) == 6
    refused = send(people, "Bob", key="k")
    assert await mistakes(refused) == {("idempotencyKey", Problem.CONFLICT)}


async def test_what_is_queued_follows_the_contact(people: Parts) -> None:
    (bob,) = await send(people, "Bob")
    await contacts.update("o", id_of(bob.contact), {"telegram": "13"})
    (claimed,) = await messages.claim(people, None, "telegram", 10, "w")
    await recipients.look_up([claimed], "telegram")
    assert (claimed.row["address"], claimed.row["stored_address"]) == ("13", "12")
    assert objections.find(claimed, None, people.database_clock.now()) is None


@pytest.mark.parametrize("gone", ["handle", "contact"])
async def test_what_a_worker_has_in_hand_stays_here_once_the_handle_is_gone(
    people: Parts, gone: str
) -> None:
    (ann,) = await send(people, "Ann", channels=("viber",))
    (claimed,) = await messages.claim(people, None, "viber", 10, "w")
    if gone == "handle":
        await contacts.update("o", id_of(ann.contact), {"viber": None})
    else:
        await contacts.delete(people, "o", "Ann")
    await recipients.look_up([claimed], "viber")
    held_back = objections.find(claimed, None, people.database_clock.now())
    assert held_back is not None
    assert (held_back.fate.status, held_back.why) == ("cancelled", objections.NO_HANDLE)


async def test_what_waits_for_a_contact_ends_with_it(people: Parts) -> None:
    await send(people, "Ann", "Bob", not_before=clock.now() + HOUR)
    await contacts.delete(people, "o", "Ann")
    ended = await rows(status="cancelled")
    assert {(row["contact_name"], row["why"]) for row in ended} == {("Ann", contacts.DELETED)}
    assert len(ended) == 3
    assert len(await rows(status="pending")) == 1


async def test_more_than_a_transaction_can_hold_is_refused(
    people: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal, "LARGEST", 3 * len(TEXT))
    await send(people, "Ann")
    wrong = await mistakes(send(people, "Ann", "Bob"))
    assert wrong == {("names", Problem.TOO_LONG)}
    assert len(await rows()) == 3


async def test_what_is_taken_fits_a_transaction_of_a_small_database(people: Parts) -> None:
    now = people.database_clock.now()
    text = "\u0436" * 4_000
    batch = [
        personal.Personal(
            source="test",
            recipient=str(number),
            route=Route.VIBER,
            address="01234567890A=",
            content={"subject": "", "text": text},
            due_at=now,
            end_at=now + HOUR,
        )
        for number in range(personal.LARGEST // len(text.encode()))
    ]
    personal.check_size(batch, "names")

    async def work(session: AsyncClientSession) -> None:
        await personal.add_many(session, batch, now)

    await mongo.promptly(people.mongo, work)
    assert await messages.collection().count_documents({}) == len(batch)
