"""Sends in the bulk lane: lists, groups, segments and all."""

import pytest

from core import clock
from core.errors import Problem
from core.parts import Parts
from models.mailing import MailingStatus
from rules.message import Status
from services import launch, mailings, messages, sends, templates
from services.new_send import Everyone, Lane, To
from tests import factories
from tests.factories import HOUR, template, with_email
from tests.services.looking import counted, mistakes, rows
from tests.services.sending import GREETING, mail, nothing_written, send, to


async def test_a_long_list_in_the_bulk_lane_is_counted_by_a_mailing(parts: Parts) -> None:
    whom = to(*(mail(f"a{number}@example.com") for number in range(1_000)))
    made = await send(parts, whom, lane=Lane.BULK)
    assert made.mailing_id is not None
    assert await counted(parts, made.mailing_id) == {Status.PENDING: 1_000}
    mailing = await mailings.get(made.mailing_id)
    assert mailing is not None
    assert (mailing.status, mailing.listed, mailing.text) == (MailingStatus.RUNNING, True, "Hello")
    assert await messages.claim(parts, None, "email", 10, "w") == []
    assert len(await messages.claim(parts, made.mailing_id, "email", 10, "w")) == 10
    assert await launch.launch(parts, made.mailing_id) == 0


async def test_what_a_listed_mailing_says_can_t_change_but_its_end_can(parts: Parts) -> None:
    await templates.create(parts, "o", template())
    made = await send(parts, to(mail()), lane=Lane.BULK, template=GREETING)
    assert made.mailing_id is not None
    changing = mailings.update(parts, made.mailing_id, {"text": "Other"})
    assert await mistakes(changing) == {("text", Problem.NOT_ALLOWED_NOW)}
    end = clock.now() + HOUR
    changed = await mailings.update(parts, made.mailing_id, {"end_at": end})
    assert (changed.end_at, changed.template) == (end, made.template)


@pytest.mark.parametrize(
    ("whom", "expected"),
    [
        (To(group="staff"), {"c0@example.com", "u0@example.com"}),
        (To(everyone=Everyone.CLIENTS), {"c0@example.com", "c1@example.com"}),
        (To(everyone=Everyone.USERS), {"u0@example.com", "u1@example.com"}),
        (
            To(everyone=Everyone.EVERYONE),
            {"c0@example.com", "c1@example.com", "u0@example.com", "u1@example.com"},
        ),
    ],
)
async def test_a_wide_send_is_a_mailing(parts: Parts, whom: To, expected: set[str]) -> None:
    client_ids, user_ids = await factories.clients(2, said=with_email), await factories.users(2)
    await factories.group(parts, "staff", client_ids[:1], user_ids[:1])
    made = await send(parts, whom, channels=("email",))
    assert made.lane == Lane.BULK
    assert made.mailing_id is not None
    await launch.launch(parts, made.mailing_id)
    assert {row["address"] for row in await rows(mailing_id=made.mailing_id)} == expected
    mailing = await mailings.get(made.mailing_id)
    assert mailing is not None
    assert (mailing.send_id, mailing.name, mailing.created_by) == (made.id, "News", "caller")


async def test_what_a_wide_send_names_must_be_there(parts: Parts) -> None:
    assert await mistakes(send(parts, To(group="no"))) == {("to.group", Problem.NOT_FOUND)}
    assert await mistakes(send(parts, To(segment="no"))) == {("to.segment", Problem.NOT_FOUND)}
    personal = send(parts, To(everyone=Everyone.CLIENTS), lane=Lane.PERSONAL)
    assert await mistakes(personal) == {("lane", Problem.NOT_ALLOWED_NOW)}
    assert await nothing_written()


async def test_senders_see_their_own_sends(parts: Parts) -> None:
    made = await send(parts, to(mail()))
    assert made.id is not None
    assert await sends.get(made.id, "caller") == made
    assert await sends.get(made.id, "other") is None
    assert (await sends.page("other", first=9, after=None)).items == []
    assert (await sends.page(None, first=9, after=None)).items == [made]
    assert await sends.count("caller") == 1
