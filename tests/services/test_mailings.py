import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core import clock
from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.mailing import AudienceFilter, Mailing, MailingStatus
from services import mailings
from tests.factories import HOUR, created, id_of, mailing, scheduled
from tests.services.looking import jobs, mistakes


async def test_a_mailing_is_stored_as_it_was_said(parts: Parts) -> None:
    start = clock.now() + HOUR
    made = await created(
        parts,
        name="  Feast ",
        text=" Come!\n",
        subject=" Bells ",
        start_at=start,
        end_at=start + HOUR,
        operator_codes=("900", "901", "900"),
        tags=("vip", " new "),
        channels=("email", "sending_api", "email"),
    )
    assert await mailings.get(id_of(made)) == made
    assert (made.name, made.text, made.subject) == ("Feast", " Come!\n", "Bells")
    assert (made.start_at, made.end_at, made.status) == (start, start + HOUR, "scheduled")
    whom = AudienceFilter(operator_codes=["900", "901"], tags=["vip", "new"])
    assert made.audience == whom
    assert made.channels == ["email", "sending_api"]
    assert (made.created_by, made.version, made.settled) == ("operator", 1, False)


async def test_times_are_kept_in_utc_and_whole_milliseconds(parts: Parts) -> None:
    moscow = datetime.fromisoformat("2099-01-01T12:00:00.123456+03:00")
    made = await created(parts, start_at=moscow, end_at=moscow + HOUR)
    stored = await Mailing.get(id_of(made))
    assert stored is not None
    assert stored.start_at == datetime(2099, 1, 1, 9, 0, 0, 123_000, UTC) == made.start_at


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"all": False}, {("audience", Problem.BLANK)}),
        ({"all": True, "tags": ("vip",)}, {("audience", Problem.INVALID)}),
        ({"all": True, "operator_codes": ("900",)}, {("audience", Problem.INVALID)}),
        ({"operator_codes": ("9",)}, {("audience.operatorCodes", Problem.INVALID)}),
        (
            {"operator_codes": ("900",) * 1_001},
            {("audience.operatorCodes", Problem.TOO_MANY), ("audience", Problem.TOO_MANY)},
        ),
        ({"tags": ("",)}, {("audience.tags", Problem.BLANK)}),
        ({"name": " "}, {("name", Problem.BLANK)}),
        ({"name": "x" * 201}, {("name", Problem.TOO_LONG)}),
        ({"text": ""}, {("text", Problem.BLANK)}),
        ({"text": "x" * 20_001}, {("text", Problem.TOO_LONG)}),
        ({"subject": "two\nlines"}, {("subject", Problem.INVALID)}),
        ({"subject": "x" * 201}, {("subject", Problem.INVALID)}),
        ({"channels": ()}, {("channels", Problem.INVALID)}),
        ({"channels": ("pigeon",)}, {("channels", Problem.INVALID)}),
        ({"channels": ("email", "pigeon")}, {("channels", Problem.INVALID)}),
        (
            {"name": "", "text": "", "channels": (), "all": False},
            {
                ("name", Problem.BLANK),
                ("text", Problem.BLANK),
                ("channels", Problem.INVALID),
                ("audience", Problem.BLANK),
            },
        ),
    ],
)
async def test_every_mistake_in_a_mailing_is_named_and_none_is_stored(
    parts: Parts, said: dict[str, Any], expected: set[tuple[str, Problem]]
) -> None:
    assert await mistakes(created(parts, **said)) == expected
    assert await Mailing.count() == 0
    assert await jobs(parts, "bulk") == []


@pytest.mark.parametrize("name", ["two\nlines", "two\rlines", "a\0b"])
async def test_a_name_that_could_be_no_subject_is_refused(parts: Parts, name: str) -> None:
    """Without a subject of its own, a mailing's e-mails have its name in that header."""
    assert await mistakes(created(parts, name=name)) == {("name", Problem.INVALID)}


@pytest.mark.parametrize("span", [timedelta(), -HOUR, timedelta(microseconds=900)])
async def test_an_end_that_is_not_after_the_start_is_refused(parts: Parts, span: timedelta) -> None:
    start = datetime(2099, 1, 1, tzinfo=UTC)
    said = {"start_at": start, "end_at": start + span}
    assert await mistakes(created(parts, **said)) == {("endAt", Problem.INVALID)}


@pytest.mark.parametrize("field", ["start_at", "end_at"])
async def test_a_time_without_a_zone_is_refused(parts: Parts, field: str) -> None:
    naive = datetime(2099, 1, 1)  # noqa: DTZ001 - what is refused
    assert await mistakes(created(parts, **{field: naive})) == {("endAt", Problem.INVALID)}


async def test_a_mailing_whose_time_has_come_is_launched_at_once(parts: Parts) -> None:
    made = await created(parts)
    assert await jobs(parts, "bulk") == [f"launch:{made.id}"]


async def test_a_mailing_of_the_future_waits(parts: Parts) -> None:
    await created(parts, start_at=clock.now() + HOUR, end_at=clock.now() + 2 * HOUR)
    assert await jobs(parts, "bulk") == []


async def test_a_repeat_under_its_key_makes_no_second_mailing(parts: Parts) -> None:
    new = mailing()
    made = await asyncio.gather(*(mailings.create(parts, "operator", new, "k") for _ in range(8)))
    assert {one.id for one in made} == {made[0].id}
    assert await Mailing.count() == 1
    changed = mailings.create(parts, "operator", mailing(name="Other"), "k")
    assert await mistakes(changed) == {("idempotencyKey", Problem.CONFLICT)}


async def test_mailings_are_listed_newest_first_by_status(parts: Parts) -> None:
    made = [await scheduled(parts, name=f"m{number}") for number in range(5)]
    running = {"$set": {"status": MailingStatus.RUNNING}}
    await mailings.collection().update_one({"_id": made[1].id}, running)
    first = await mailings.page((), first=3, after=None)
    assert ([one.name for one in first.items], first.has_next) == (["m4", "m3", "m2"], True)
    rest = await mailings.page((), first=3, after=first.items[-1].id)
    assert ([one.name for one in rest.items], rest.has_next) == (["m1", "m0"], False)
    chosen = await mailings.page((MailingStatus.RUNNING,), first=3, after=None)
    assert [one.name for one in chosen.items] == ["m1"]
    assert await mailings.count((MailingStatus.RUNNING,)) == 1
    assert await mailings.count((MailingStatus.RUNNING, MailingStatus.SCHEDULED)) == 5


async def test_a_channel_that_is_not_set_up_is_refused_and_what_to_set_is_named(
    parts: Parts,
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await created(parts, channels=("sending_api", "whatsapp"))
    (mistake,) = refused.value.errors
    assert (mistake.field, mistake.code) == ("channels", Problem.NOT_ALLOWED_NOW)
    assert "WHATSAPP_TOKEN and WHATSAPP_PHONE_ID" in mistake.message
