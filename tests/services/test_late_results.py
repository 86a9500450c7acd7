"""What becomes known of rows after they were taken from their worker."""

import pytest

from core.parts import Parts
from models.attempt import Attempt
from rules.message import Fate, Status
from services import reclaiming, results
from services.results import Change
from tests import factories
from tests.services.claims import FAILED, change, pending, reclaimed
from tests.services.looking import counted, row_of
from tests.services.pumping import claim


@pytest.mark.parametrize("new_first", [False, True])
async def test_of_a_row_claimed_twice_by_the_same_worker_the_newer_claim_counts(
    parts: Parts, new_first: bool
) -> None:
    mailing_id = await factories.launched(parts, 1)
    (old,) = await claim(parts, mailing_id)
    await reclaimed(parts)
    (new,) = await claim(parts, mailing_id)
    changes = [change(old, FAILED, why="old"), change(new, why="new")]
    assert await results.write(parts, changes[:: -1 if new_first else 1]) == 1
    row = await row_of(new)
    assert (row["status"], row["why"], row["attempts"]) == ("sent", "new", 3)
    assert await counted(parts, mailing_id) == {Status.SENT: 1}
    assert await Attempt.count() == 3, "that of who took it back is one, too"


async def test_a_row_taken_back_twice_learns_once_that_it_was_sent(parts: Parts) -> None:
    """Both sends are in one batch, and neither holds the row any more."""
    mailing_id = await factories.launched(parts, 2)
    first = await claim(parts, mailing_id)
    await reclaimed(parts)
    second = await claim(parts, mailing_id)
    await reclaimed(parts)
    changes = [change(one) for one in (*first, *second)]
    assert await results.write(parts, changes) == 2
    assert await counted(parts, mailing_id) == {Status.SENT: 2}
    assert await Attempt.count() == 4 + 4


async def test_the_same_row_given_back_and_claimed_anew_in_one_batch_ends_as_it_was_sent(
    parts: Parts,
) -> None:
    mailing_id = await factories.launched(parts, 1)
    (old,) = await claim(parts, mailing_id)
    assert await results.write(parts, [change(old, pending(), attempt=None)]) == 1
    (new,) = await claim(parts, mailing_id)
    assert await results.write(parts, [change(new), change(old, pending(), attempt=None)]) == 1
    assert await counted(parts, mailing_id) == {Status.SENT: 1}


@pytest.mark.parametrize("quarantined", [False, True])
async def test_a_success_that_comes_late_counts_even_for_a_row_that_was_given_up(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, quarantined: bool
) -> None:
    monkeypatch.setattr(reclaiming, "QUARANTINE_AFTER", 1 if quarantined else 5)
    mailing_id = await factories.launched(parts, 3)
    slow = await claim(parts, mailing_id)
    await reclaimed(parts)
    before = Status.UNCERTAIN if quarantined else Status.PENDING
    assert await counted(parts, mailing_id) == {before: 3}
    late = [change(slow[0]), change(slow[1], FAILED), change(slow[2], pending(maybe_sent=True))]
    assert await results.write(parts, late) == 1
    assert await counted(parts, mailing_id) == {Status.SENT: 1, before: 2}
    row = await row_of(slow[0])
    assert (row["maybe_sent"], row["attempts"]) == (False, 2)
    assert await Attempt.count() == 3 + 3


@pytest.mark.parametrize("status", [Status.SENT, Status.FAILED, Status.EXPIRED, Status.CANCELLED])
async def test_a_success_that_comes_late_changes_nothing_of_what_has_ended(
    parts: Parts, status: Status
) -> None:
    mailing_id = await factories.launched(parts, 1)
    (slow,) = await claim(parts, mailing_id)
    first = Change(slow, Fate(status, maybe_sent=False), "as it was")
    assert await results.write(parts, [first]) == 1
    before = await row_of(slow)
    assert await results.write(parts, [change(slow)]) == 0
    assert await row_of(slow) == {**before, "attempts": 1}
    assert await counted(parts, mailing_id) == {status: 1}
    assert await Attempt.count() == 1
