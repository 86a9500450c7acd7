import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId
from pydantic import SecretStr

from core import clock
from core.errors import Problem
from core.parts import Parts
from models.mailing import LocalWindow
from rules.message import Status
from services import contacts, sends, stats, templates
from services.contacts import NewContact
from services.new_send import Everyone, Lane, NewSend, OwnWords, Recipient, To
from services.new_template import NewVariant
from services.wording import Chosen
from tests import factories
from tests.factories import HOUR, phone, template, with_email
from tests.services.interludes import Interludes, cut_off_at
from tests.services.looking import counted, mistakes, rows
from tests.services.sending import GREETING, HELLO, mail, nothing_written, send, to


async def test_each_kind_of_recipient_is_reached_by_what_it_has(parts: Parts) -> None:
    (client,) = await factories.clients(1, said=with_email)
    (user,) = await factories.users(1)
    everyone = to(
        Recipient(client_id=client),
        Recipient(user_id=str(user)),
        Recipient(phone=phone(9)),
        mail(),
    )
    made = await send(parts, everyone, topic="news")
    assert (made.lane, made.to.recipients, made.mailing_id) == ("personal", 4, None)
    found = await rows(send_id=made.id)
    assert {(row["channel"], row["address"]) for row in found} == {
        ("sending_api", phone(0)),
        ("email", "c0@example.com"),
        ("email", "u0@example.com"),
        ("sending_api", phone(9)),
        ("email", "a@example.com"),
    }
    assert {row["client_id"] for row in found if "client_id" in row} == {client}
    assert {row["user_id"] for row in found if "user_id" in row} == {user}
    assert {(row["by"], row["topic"], row["mailing_id"]) for row in found} == {
        ("caller", "news", None)
    }
    assert all(row["number"] for row in found if row["channel"] == "sending_api")
    assert made.end_at - made.start_at == timedelta(days=3)
    assert (await stats.of_sends([made.id]))[made.id].by_status[Status.PENDING] == 5  # type: ignore[list-item,index]


async def test_each_gets_the_template_filled_for_it_in_its_own_locale(parts: Parts) -> None:
    variants = (
        NewVariant("Hello", "{{ name }}, hello"),
        NewVariant("Hallo", "Servus {{ name }}", locale="de"),
    )
    await templates.create(parts, "o", template(variants=variants))
    (client,) = await factories.clients(1, said=lambda number: {"locale": "de-AT"})
    whom = to(
        Recipient(client_id=client),
        mail("b@example.com", context={"name": "Bo"}),
        mail("c@example.com", locale="de", context={"name": "Cy"}),
    )
    made = await send(parts, whom, template=GREETING)
    said = {row["address"]: row["content"]["text"] for row in await rows(send_id=made.id)}
    assert said == {
        phone(0): "Servus all",
        "b@example.com": "Bo, hello",
        "c@example.com": "Servus Cy",
    }
    assert made.template is not None
    assert {row["template"]["version"] for row in await rows(send_id=made.id)} == {1}


async def test_a_missing_variable_is_told_with_its_recipient_and_nothing_is_written(
    parts: Parts,
) -> None:
    await templates.create(parts, "o", template())
    whom = to(
        mail(context={"name": "Ann"}),
        mail("b@example.com"),
        mail("c@example.com", context={"name": 7}),
    )
    refused = send(parts, whom, template=Chosen("welcome"))
    assert await mistakes(refused) == {
        ("to.recipients.1.context.name", Problem.INVALID),
        ("to.recipients.2.context.name", Problem.INVALID),
    }
    shared = send(parts, to(mail()), template=Chosen("welcome"))
    assert await mistakes(shared) == {("context.name", Problem.INVALID)}
    wide = send(parts, To(everyone=Everyone.CLIENTS), template=Chosen("welcome"))
    assert await mistakes(wide) == {("context.name", Problem.INVALID)}
    assert await nothing_written()


async def test_all_recipients_that_are_wrong_are_told_at_once(parts: Parts) -> None:
    whom = to(
        Recipient(client_id=ObjectId()),
        Recipient(user_id=str(ObjectId())),
        Recipient(user_id="me"),
        Recipient(phone="12"),
        mail("nobody"),
        mail(locale="de_AT"),
        mail("d@example.com"),
        mail("d@example.com"),
    )
    assert await mistakes(send(parts, whom)) == {
        ("to.recipients.0.clientId", Problem.NOT_FOUND),
        ("to.recipients.1.userId", Problem.NOT_FOUND),
        ("to.recipients.2.userId", Problem.INVALID),
        ("to.recipients.3.phone", Problem.INVALID),
        ("to.recipients.4.email", Problem.INVALID),
        ("to.recipients.5.locale", Problem.INVALID),
        ("to.recipients.7", Problem.INVALID),
    }
    assert await nothing_written()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"words": OwnWords("")}, {("words.text", Problem.BLANK)}),
        ({"words": OwnWords("x", "a\nb")}, {("words.subject", Problem.INVALID)}),
        ({"template": Chosen("none")}, {("template", Problem.NOT_FOUND)}),
        ({"channels": ()}, {("channels", Problem.INVALID)}),
        ({"channels": ("sending_api",)}, {("to.recipients.0", Problem.INVALID)}),
        ({"channels": ("viber",)}, {("channels", Problem.NOT_ALLOWED_NOW)}),
        ({"topic": "No topic"}, {("topic", Problem.INVALID)}),
        ({"end_at": clock.now() - HOUR}, {("endAt", Problem.INVALID)}),
        ({"window": LocalWindow(opens="9", closes="21:00")}, {("window.from", Problem.INVALID)}),
    ],
)
async def test_every_other_mistake_is_told(
    parts: Parts, said: dict[str, Any], expected: set[tuple[str, Problem]]
) -> None:
    assert await mistakes(send(parts, to(mail()), **said)) == expected
    assert await nothing_written()


async def test_sizes_are_bounded(parts: Parts) -> None:
    many = to(*(mail(f"a{number}@example.com") for number in range(1_001)))
    assert await mistakes(send(parts, many)) == {("to.recipients", Problem.TOO_MANY)}
    assert await mistakes(send(parts, to())) == {("to.recipients", Problem.BLANK)}
    long = OwnWords("\u0436" * 20_000)
    some = to(*(mail(f"a{number}@example.com") for number in range(401)))
    assert await mistakes(send(parts, some, words=long)) == {("to.recipients", Problem.TOO_LONG)}


async def test_contacts_are_the_caller_s_own(parts: Parts) -> None:
    settings = parts.settings.model_copy(update={"telegram_token": SecretStr("t")})
    equipped = replace(parts, settings=settings)
    await contacts.create(parts, "caller", NewContact("Ann", telegram="4711"))
    made = await send(equipped, to(Recipient(contact="ann")))
    (row,) = await rows(send_id=made.id)
    assert (row["channel"], row["address"], row["contact_name"]) == ("telegram", "4711", "Ann")
    other = sends.create(equipped, "other", NewSend(to(Recipient(contact="Ann")), words=HELLO))
    assert await mistakes(other) == {("to.recipients.0.contactName", Problem.NOT_FOUND)}


async def test_a_context_without_a_template_is_refused(parts: Parts) -> None:
    whom = to(mail(context={"name": "Ann"}))
    assert await mistakes(send(parts, whom)) == {("to.recipients.0.context", Problem.INVALID)}


async def test_a_repeated_key_sends_once(parts: Parts) -> None:
    made = [await send(parts, to(mail()), key="k") for _ in range(2)]
    assert made[0] == made[1]
    assert len(await rows()) == 1
    other = send(parts, to(mail("b@example.com")), key="k")
    assert await mistakes(other) == {("idempotencyKey", Problem.CONFLICT)}


@pytest.mark.parametrize("lane", list(Lane))
async def test_a_send_cut_off_at_any_command_is_there_as_a_whole_or_not_at_all(
    parts: Parts, interludes: Interludes, lane: Lane
) -> None:
    await templates.create(parts, "o", template())
    whom, cut_off = to(Recipient(phone=phone(1)), mail()), 0
    while True:
        key = f"{lane} {cut_off}"
        before = len(await rows())
        task = asyncio.create_task(send(parts, whom, key=key, template=GREETING, lane=lane))
        await cut_off_at(parts, interludes, cut_off, task)
        assert len(await rows()) - before in (0, 2)
        made = await send(parts, whom, key=key, template=GREETING, lane=lane)
        assert len(await rows()) - before == 2
        assert len(await rows(send_id=made.id)) == 2
        if made.mailing_id is not None:
            assert await counted(parts, made.mailing_id) == {Status.PENDING: 2}
        if not task.cancelled():
            break
        cut_off += 1
    assert cut_off > 4


async def test_rows_of_the_future_wait_for_their_start_and_their_window(parts: Parts) -> None:
    (client,) = await factories.clients(1, said=lambda number: {"time_zone": "Asia/Tokyo"})
    start = clock.now() + 2 * HOUR
    made = await send(parts, to(mail()), start_at=start)
    (row,) = await rows(send_id=made.id)
    assert row["due_at"] == row["start_at"] == start
    local = (clock.now() + 9 * HOUR + 3 * HOUR).strftime("%H:00")
    shut = LocalWindow(opens=local, closes=(clock.now() + 13 * HOUR).strftime("%H:00"))
    made = await send(parts, to(Recipient(client_id=client)), window=shut)
    (row,) = await rows(send_id=made.id)
    assert HOUR < row["due_at"] - clock.now() <= 3 * HOUR
    assert row["why"] == "waits for its window"
