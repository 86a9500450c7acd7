"""Why messages failed, out of so many rows and no more."""

from datetime import timedelta

import pytest
from bson import ObjectId

from core.parts import Parts
from rules.message import Fate, Route, Status
from services import messages, reasons, results
from services.reasons import Reason
from services.results import Change
from tests import factories

SAID = {
    "refused: 400": (3, Status.FAILED),
    "undeliverable: 550": (1, Status.UNDELIVERABLE),
    "": (2, Status.SENT),
}


async def ended(parts: Parts) -> ObjectId:
    mailing_id = await factories.launched(parts, 8)
    for why, (count, status) in SAID.items():
        claimed = await messages.claim(parts, mailing_id, "sending_api", count, "w1")
        fate = Fate(status, maybe_sent=False)
        await results.write(parts, [Change(one, fate, why) for one in claimed])
    return mailing_id


async def test_failures_are_counted_by_what_the_provider_said(parts: Parts) -> None:
    mailing_id = await ended(parts)
    found = await reasons.of_mailing(mailing_id)
    assert found.reasons == [
        Reason(Status.FAILED, Route.SENDING_API, "refused: 400", 3),
        Reason(Status.UNDELIVERABLE, Route.SENDING_API, "undeliverable: 550", 1),
    ]
    assert not found.partial
    now = parts.database_clock.now()
    assert await reasons.of_last(now - timedelta(hours=1)) == found
    assert (await reasons.of_last(now + timedelta(hours=1))).reasons == []
    assert (await reasons.of_mailing(ObjectId())).reasons == []


async def test_more_rows_than_are_looked_at_are_said_to_be_there(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing_id = await ended(parts)
    monkeypatch.setattr(reasons, "MOST_ROWS", 2)
    found = await reasons.of_mailing(mailing_id)
    assert found.partial
    assert sum(one.messages for one in found.reasons) == 2
    assert (await reasons.of_last(parts.database_clock.now() - timedelta(hours=1))).partial
