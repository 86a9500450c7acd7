"""What speaks against sending a message at the very moment when it would leave."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from models.mailing import MailingStatus
from rules.message import Status
from services import objections, windows
from services.deliveries import Sendable
from services.messages import Claimed
from services.objections import ENDED, GONE, READ

NOW = datetime(2026, 6, 10, 12, 0, 30, tzinfo=UTC)
DUE = NOW - timedelta(minutes=5)
SECOND = timedelta(seconds=1)
DAY = {"opens": "09:00", "closes": "21:00"}
UNTIL_NOON = {"opens": "09:00", "closes": "12:00"}

Said = dict[str, Any]


def claimed(**said: Any) -> Claimed:
    lease = {"token": uuid.uuid4(), "until": NOW + 60 * SECOND, "worker": "w1"}
    row = {
        "_id": uuid.uuid4(),
        "number": 4711,
        "mailing_id": ObjectId(),
        "address": "79991234567",
        "zone": "UTC",
        "due_at": DUE,
        "why": "as before",
        "attempts": 0,
        "maybe_sent": False,
        "lease": lease,
    }
    return Claimed({**row, **said}, lease["token"])  # type: ignore[arg-type]


def mailing(**said: Any) -> Said:
    text = {"name": "Feast", "text": "Come!", "subject": "", "version": 3}
    going = {"status": MailingStatus.RUNNING, "settled": False, "window": None}
    return {**text, **going, "end_at": NOW + 3600 * SECOND, **said}


def personal(**said: Any) -> Claimed:
    content = {"subject": "s", "text": "t"}
    return claimed(**{"mailing_id": None, "content": content, "end_at": NOW + 60 * SECOND, **said})


def test_nothing_speaks_against_a_message_of_a_running_mailing() -> None:
    assert objections.find(claimed(), mailing(), NOW) is None
    assert objections.find(claimed(), mailing(window=DAY), NOW) is None
    assert objections.find(personal(), None, NOW) is None
    assert objections.find(personal(read=False), None, NOW) is None


@pytest.mark.parametrize(
    ("row", "sets", "expected"),
    [
        ({}, {"end_at": NOW}, (Status.EXPIRED, ENDED)),
        ({}, {"end_at": NOW - SECOND}, (Status.EXPIRED, ENDED)),
        ({"address": None}, {}, (Status.CANCELLED, GONE)),
        ({"address": ""}, {}, (Status.CANCELLED, GONE)),
        # The end stands above all: what is over is not put off.
        ({}, {"end_at": NOW, "status": MailingStatus.PAUSED}, (Status.EXPIRED, ENDED)),
        ({}, {"end_at": NOW, "window": UNTIL_NOON}, (Status.EXPIRED, ENDED)),
        ({"address": None}, {"window": UNTIL_NOON}, (Status.CANCELLED, GONE)),
    ],
)
@pytest.mark.parametrize("maybe_sent", [False, True])
def test_what_can_not_be_sent_any_more_ends(
    row: Said, sets: Said, expected: tuple[Status, str], maybe_sent: bool
) -> None:
    change = objections.find(claimed(**row, maybe_sent=maybe_sent), mailing(**sets), NOW)
    assert change is not None
    status = Status.UNCERTAIN if maybe_sent else expected[0]
    assert (change.fate.status, change.why) == (status, expected[1])
    assert (change.fate.due_at, change.fate.maybe_sent) == (None, maybe_sent)
    assert change.attempt is None


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"end_at": NOW}, (Status.EXPIRED, ENDED)),
        ({"read": True}, (Status.CANCELLED, READ)),
        ({"read": True, "end_at": NOW}, (Status.CANCELLED, READ)),
    ],
)
def test_a_personal_message_ends_when_it_is_late_or_needless(
    row: Said, expected: tuple[Status, str]
) -> None:
    change = objections.find(personal(**row), None, NOW)
    assert change is not None
    assert (change.fate.status, change.why) == expected


@pytest.mark.parametrize(
    "sets",
    [
        {"status": MailingStatus.PAUSED},
        {"status": MailingStatus.CANCELLED},
        {"status": MailingStatus.FINISHED},
        {"status": MailingStatus.SCHEDULED},
        {"settled": True},
        {"status": MailingStatus.PAUSED, "window": UNTIL_NOON},
    ],
)
@pytest.mark.parametrize("maybe_sent", [False, True])
def test_what_does_not_run_gets_its_message_back_as_it_was(sets: Said, maybe_sent: bool) -> None:
    change = objections.find(claimed(maybe_sent=maybe_sent), mailing(**sets), NOW)
    assert change is not None
    assert (change.fate.status, change.fate.maybe_sent) == (Status.PENDING, maybe_sent)
    assert (change.fate.due_at, change.why, change.attempt) == (DUE, "as before", None)


@pytest.mark.parametrize(
    ("window", "zone", "opening"),
    [
        (UNTIL_NOON, "UTC", datetime(2026, 6, 11, 9, tzinfo=UTC)),
        (DAY, "Asia/Tokyo", datetime(2026, 6, 11, 0, tzinfo=UTC)),
        (DAY, "America/Los_Angeles", datetime(2026, 6, 10, 16, tzinfo=UTC)),
        (DAY, "Pacific/Kiritimati", datetime(2026, 6, 10, 19, tzinfo=UTC)),
        ({"opens": "21:00", "closes": "09:00"}, "UTC", datetime(2026, 6, 10, 21, tzinfo=UTC)),
        (UNTIL_NOON, "No/Longer_There", datetime(2026, 6, 11, 9, tzinfo=UTC)),
    ],
)
def test_outside_its_window_a_message_waits_for_the_opening_in_the_clients_own_zone(
    window: dict[str, str], zone: str, opening: datetime
) -> None:
    change = objections.find(claimed(zone=zone), mailing(window=window), NOW)
    assert change is not None
    assert (change.fate.status, change.fate.due_at) == (Status.PENDING, opening)
    assert (change.why, change.attempt) == (windows.WAITING, None)


@pytest.mark.parametrize(
    ("now", "open_now"),
    [("08:59:59.999", False), ("09:00:00.000", True), ("11:59:59.999", True), ("12:00:00", False)],
)
def test_the_window_opens_and_closes_to_the_millisecond(now: str, open_now: bool) -> None:
    moment = datetime.fromisoformat(f"2026-06-10T{now}+00:00")
    row = claimed(end_at=None)
    objection = objections.find(row, mailing(window=UNTIL_NOON, end_at=NOW + 9e5 * SECOND), moment)
    assert (objection is None) == open_now
    seconds = Sendable.of(row, mailing(window=UNTIL_NOON)).seconds(moment, 50)
    noon = NOW.replace(hour=12, minute=0, second=0)
    if open_now:
        assert moment + timedelta(seconds=seconds) <= noon


NEAR = NOW + SECOND / 2
CLOSING = datetime(2026, 6, 10, 12, 59, 59, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "sets", "due_at", "why"),
    [
        ({}, {"end_at": NEAR}, NEAR, "as before"),
        ({"lease": {"token": uuid.uuid4(), "until": NEAR}}, {}, DUE, "as before"),
        ({"lease": {"token": uuid.uuid4(), "until": NEAR}}, {"window": DAY}, DUE, "as before"),
        # Past its end by now, it may only be looked at once more, to expire.
        ({}, {"end_at": NOW - SECOND}, NOW - SECOND, "as before"),
    ],
)
def test_what_has_no_time_left_is_put_off_to_when_that_changes(
    row: Said, sets: Said, due_at: datetime, why: str
) -> None:
    change = objections.out_of_time(claimed(**row), mailing(**sets), NOW)
    assert (change.fate.status, change.fate.due_at, change.why) == (Status.PENDING, due_at, why)
    assert (change.attempt, change.fate.maybe_sent) == (None, False)


def test_right_before_the_closing_a_message_waits_for_its_window() -> None:
    going = mailing(window={"opens": "09:00", "closes": "13:00"}, end_at=CLOSING + 7200 * SECOND)
    one = claimed(lease={"token": uuid.uuid4(), "until": CLOSING + 60 * SECOND})
    assert Sendable.of(one, going).seconds(CLOSING, 20) == 0.5
    change = objections.out_of_time(one, going, CLOSING)
    assert change.fate.due_at == datetime(2026, 6, 10, 13, tzinfo=UTC)
    assert change.why == windows.WAITING
    assert change.fate.due_at is not None
    put_off = objections.find(one, going, change.fate.due_at)
    assert put_off is not None
    assert put_off.fate.due_at == datetime(2026, 6, 11, 9, tzinfo=UTC)


def test_a_personal_message_near_its_end_is_put_off_to_it() -> None:
    change = objections.out_of_time(personal(end_at=NEAR), None, NOW)
    assert (change.fate.status, change.fate.due_at) == (Status.PENDING, NEAR)
    assert objections.find(personal(end_at=NEAR), None, NEAR) is not None
