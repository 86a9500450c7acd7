from datetime import UTC, datetime, timedelta

import pytest

from rules.worker import FORGOTTEN_SECONDS, LOST_AFTER, Identity, State, state, without_slot

NOW = datetime(2026, 5, 12, 12, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("silent", "stopping", "expected"),
    [
        (timedelta(), False, State.RUNNING),
        (LOST_AFTER, False, State.RUNNING),
        (LOST_AFTER + MILLISECOND, False, State.LOST),
        (timedelta(), True, State.STOPPING),
        (LOST_AFTER + MILLISECOND, True, State.LOST),
        (-timedelta(seconds=1), False, State.RUNNING),
    ],
)
def test_a_worker_is_lost_once_it_has_been_silent_for_too_long(
    silent: timedelta, stopping: bool, expected: State
) -> None:
    assert state(NOW - silent, NOW, stopping=stopping) is expected


def test_a_worker_is_shown_as_lost_for_long_before_it_is_forgotten() -> None:
    assert timedelta(seconds=FORGOTTEN_SECONDS) > 10 * LOST_AFTER


@pytest.mark.parametrize("slot", ["", ":0", ":15"])
def test_what_a_lease_names_is_the_worker_with_or_without_the_number_of_a_pump(slot: str) -> None:
    name = str(Identity("host", 17, "abc123"))
    assert without_slot(name + slot) == name
