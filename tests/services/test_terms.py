"""Windows of messages that belong to no mailing (M22)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.parts import Parts
from models.mailing import LocalWindow
from rules.message import Status
from services import clients, messages, objections, recipients, sends, terms
from services.messages import Claimed
from services.new_send import NewSend, OwnWords, Recipient, To
from tests import factories

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = {"opens": "09:00", "closes": "21:00"}


def claimed(**said: Any) -> Claimed:
    """A personal message that a worker is about to send."""
    row = {
        "_id": uuid4(),
        "mailing_id": None,
        "channel": "email",
        "address": "a@example.com",
        "status": Status.SENDING,
        "why": "",
        "due_at": NOON,
        "end_at": NOON + timedelta(days=3),
        "maybe_sent": False,
        "window": DAY,
        "zone": "UTC",
        **said,
    }
    return Claimed(row, uuid4())


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("UTC", None), ("Asia/Tokyo", 12), ("America/New_York", 1)],  # 21:00 there, and 08:00
)
def test_a_personal_message_waits_for_the_window_of_its_recipient(
    zone: str, hours: int | None
) -> None:
    found = objections.find(claimed(zone=zone), None, NOON)
    if hours is None:
        assert found is None
    else:
        assert found is not None
        assert (found.fate.status, found.why) == (Status.PENDING, "waits for its window")
        assert found.fate.due_at == NOON + timedelta(hours=hours)


def test_what_can_t_leave_in_time_comes_back_for_its_end() -> None:
    end = NOON + timedelta(hours=1)
    found = objections.find(claimed(zone="Asia/Tokyo", end_at=end), None, NOON)
    assert found is not None
    assert found.fate.due_at == end
    over = objections.find(claimed(zone="Asia/Tokyo", end_at=end), None, end)
    assert over is not None
    assert over.fate.status == Status.EXPIRED


def test_a_send_must_be_over_before_the_window_closes() -> None:
    late = NOON + timedelta(hours=8, minutes=59)
    assert terms.Terms.of(claimed(), None).closing(late) == NOON + timedelta(hours=9)
    assert terms.Terms.of(claimed(window=None), None).closing(late) == NOON + timedelta(days=3)


async def test_a_personal_message_follows_its_client(parts: Parts) -> None:
    (client_id,) = await factories.clients(1, said=lambda number: {"time_zone": "Asia/Tokyo"})
    window = LocalWindow(opens="00:00", closes="23:59")
    new = NewSend(to=To([Recipient(client_id=client_id)]), words=OwnWords("Hi"), window=window)
    await sends.create(parts, "caller", new)
    await clients.update(client_id, {"phone": "79991234567"})
    (one,) = await messages.claim(parts, None, "sending_api", 1, "w")
    await recipients.look_up([one], "sending_api")
    assert (one.row["address"], one.row["zone"]) == ("79991234567", "Asia/Tokyo")
    await messages.give_back([one.id], one.token)
    await clients.delete(parts, client_id)
    assert await messages.claim(parts, None, "sending_api", 1, "w") == []
