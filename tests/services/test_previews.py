"""The launch check says what a launch would do, and does nothing itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core import clock
from core.errors import Problem, Unavailable
from core.parts import Parts
from models.attempt import Attempt
from models.mailing import LocalWindow, Mailing
from models.provider import Provider
from rules.audience import Audience
from rules.message import Route
from services import audiences, previews, rates
from services.previews import Preview
from tests import factories
from tests.factories import HOUR, mailing, with_email
from tests.services.looking import jobs, mistakes, rows

EVERYONE = Audience(all=True)
VIPS = Audience(tags=("vip",))
NOON = datetime(2099, 6, 1, 12, tzinfo=UTC)


async def preview(parts: Parts, **said: Any) -> Preview:
    return await previews.preview(parts, "o", mailing(**said))


def limited(parts: Parts, **settings: float) -> Parts:
    """The same process with other limits for its providers."""
    return replace(parts, settings=parts.settings.model_copy(update=settings))


async def zones(*counts: tuple[str, int]) -> None:
    start = 0
    for zone, count in counts:
        await factories.clients(count, start, lambda _, zone=zone: {"time_zone": zone})  # type: ignore[misc]
        start += count


async def test_an_audience_is_counted_by_channel_and_zone(parts: Parts) -> None:
    await zones(("UTC", 2), ("Asia/Omsk", 3))
    await factories.clients(2, 10, with_email)
    await factories.clients(1, 20, lambda _: {"email": "", "telegram": "12", "viber": "abcd="})
    found = await audiences.spread(EVERYONE)
    assert found.total == 8
    assert [(zone.name, zone.clients) for zone in found.zones] == [("UTC", 5), ("Asia/Omsk", 3)]
    reachable = {channel: found.reachable(channel) for channel in Route}
    assert reachable == {"sending_api": 8, "email": 2, "telegram": 1, "whatsapp": 0, "viber": 1}


async def test_only_those_of_the_audience_count(parts: Parts) -> None:
    await factories.clients(3)
    await factories.clients(2, 10, lambda _: {"tags": ["vip"]})
    assert (await audiences.spread(VIPS)).total == 2


async def test_a_count_that_takes_too_long_is_given_up(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audiences, "LIMIT_MS", 1)
    await factories.clients(30_000)
    with pytest.raises(Unavailable, match="narrow"):
        await audiences.spread(EVERYONE)


async def test_a_preview_shows_messages_and_writes_nothing(parts: Parts) -> None:
    await factories.clients(4, said=with_email)
    await factories.clients(3, 10)
    found = await preview(parts, channels=("sending_api", "email"), text="Come!", subject="Now")
    assert (found.audience.total, found.messages) == (7, 11)
    first, second = found.samples[:2]
    assert len(found.samples) == 5
    assert (first.channel, first.address, first.subject) == (
        "sending_api",
        factories.phone(0),
        None,
    )
    assert (second.channel, second.address, second.subject) == ("email", "c0@example.com", "Now")
    assert {sample.text for sample in found.samples} == {"Come!"}
    assert found.warnings == ("3 of 7 clients have no email for email",)
    assert await Mailing.count() == 0
    assert await rows() == []
    assert await jobs(parts, "bulk") == []


async def test_the_name_is_the_subject_of_emails_without_one(parts: Parts) -> None:
    await factories.clients(1, said=with_email)
    (sample,) = (await preview(parts, channels=("email",))).samples
    assert sample.subject == "Feast"


async def test_the_finish_follows_from_the_limit_of_the_provider(parts: Parts) -> None:
    await factories.clients(100)
    slow = limited(parts, sending_api_rate=10)
    found = await preview(slow, start_at=NOON, end_at=NOON + HOUR)
    assert found.expected_finish is not None
    assert found.expected_finish - NOON == timedelta(seconds=10)
    assert (found.unsent, found.warnings) == (0, ())


async def test_what_would_be_left_at_the_end_is_told(parts: Parts) -> None:
    await factories.clients(100)
    slow = limited(parts, sending_api_rate=1)
    found = await preview(slow, start_at=NOON, end_at=NOON + timedelta(seconds=60))
    assert (found.expected_finish, found.unsent) == (None, 40)
    assert found.warnings == ("40 messages would be left at the end, at the pace of late",)


async def test_the_slower_channel_decides_on_the_finish(parts: Parts) -> None:
    await factories.clients(20, said=with_email)
    slow = limited(parts, sending_api_rate=10, smtp_rate=1)
    found = await preview(
        slow, start_at=NOON, end_at=NOON + HOUR, channels=("sending_api", "email")
    )
    assert found.expected_finish == NOON + timedelta(seconds=20)


async def test_a_window_is_waited_for_in_each_zone(parts: Parts) -> None:
    await zones(("UTC", 2), ("Asia/Tokyo", 1))  # there it is 21:00
    window = LocalWindow(opens="09:00", closes="20:00")
    found = await preview(parts, start_at=NOON, end_at=NOON + 24 * HOUR, window=window)
    assert [sample.due_at for sample in found.samples] == [NOON, NOON, NOON + 12 * HOUR]
    assert found.expected_finish is not None
    assert found.expected_finish - (NOON + 12 * HOUR) < timedelta(minutes=1)
    short = await preview(parts, start_at=NOON, end_at=NOON + HOUR, window=window)
    assert (short.expected_finish, short.unsent) == (None, 1)
    assert short.warnings[0] == "the window does not open before the end for 1 clients"


async def test_a_window_that_is_open_already_is_as_long_as_ever_the_next_day(parts: Parts) -> None:
    await zones(("UTC", 100))
    slow = limited(parts, sending_api_rate=0.01)  # 36 an hour
    window = LocalWindow(opens="09:00", closes="13:00")
    end = NOON + 48 * HOUR
    found = await preview(slow, start_at=NOON, end_at=end, window=window)
    assert found.expected_finish is not None
    # 36 in the hour that is left of today; the other 64 from 9 the next day on.
    assert found.expected_finish - (NOON + 21 * HOUR) == timedelta(seconds=6_400)


async def test_a_provider_in_trouble_is_warned_of(parts: Parts) -> None:
    await factories.clients(1)
    await Provider(id="sending_api", state="open", changed_at=clock.now()).insert()
    assert (await preview(parts)).warnings == (
        "nothing leaves by sending_api just now: its provider is in trouble",
    )


async def test_nobody_in_the_audience_and_a_past_end_are_warned_of(parts: Parts) -> None:
    nobody = await preview(parts, tags=("nobody",))
    assert (nobody.expected_finish, nobody.unsent) == (None, 0)
    assert nobody.warnings == ("nobody is in the audience",)
    await factories.clients(2)
    past = await preview(parts, start_at=NOON - 10**6 * HOUR, end_at=clock.now() - HOUR)
    assert (past.expected_finish, past.unsent) == (None, 2)
    assert past.warnings[0] == "the end is past"


async def test_every_mistake_is_named_as_at_the_creation(parts: Parts) -> None:
    wrong = preview(parts, name="", window=LocalWindow(opens="9", closes="x"))
    at = {("window.from", Problem.INVALID), ("window.to", Problem.INVALID)}
    assert await mistakes(wrong) == {("name", Problem.BLANK), *at}


async def test_without_a_limit_the_pace_of_late_counts(parts: Parts) -> None:
    none_seen = await rates.per_second(parts, "email")
    assert none_seen == parts.settings.smtp_connections / 0.05
    usual = {"message_id": "00000000-0000-0000-0000-000000000000", "number": 1, "address": ""}
    usual |= {"verdict": "accepted", "code": "", "answer": "", "worker": "w"}
    for channel, duration in (("email", 1_000.0), ("email", 3_000.0), ("sending_api", 0.001)):
        attempt = Attempt(
            channel=channel,
            duration_ms=duration,
            started_at=clock.now(),
            **usual,
        )
        await attempt.insert()
    assert await rates.per_second(parts, "email") == parts.settings.smtp_connections / 2
    assert await rates.per_second(parts, "sending_api") == rates.FASTEST


@pytest.mark.parametrize(
    ("public_url", "topic", "warning"),
    [
        ("", None, None),
        ("", "promo", "PUBLIC_URL is not set"),
        ("https://belfry.example.com", None, "the mailing has no topic"),
        ("https://belfry.example.com", "promo", None),
    ],
)
async def test_it_says_why_e_mails_would_have_no_link_to_unsubscribe(
    parts: Parts, public_url: str, topic: str | None, warning: str | None
) -> None:
    await factories.clients(1, said=with_email)
    settings = parts.settings.model_copy(update={"public_url": public_url})
    found = await preview(replace(parts, settings=settings), channels=("email",), topic=topic)
    expected = () if warning is None else (f"the e-mails have no link to unsubscribe: {warning}",)
    assert found.warnings == expected
