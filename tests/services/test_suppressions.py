"""The suppression list: who puts an address there, and who takes it off."""

import uuid
from typing import Any

from core import clock, mongo
from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.suppression import Suppression
from rules.suppression import Reason
from services import suppressions
from services.suppressions import HAD_UNSUBSCRIBED, NewSuppression, SuppressionFilter
from tests.services.looking import errors_of

ANN = NewSuppression("email", "Ann@Example.com", "asked by phone")


def bounce(address: str, **said: Any) -> dict[str, Any]:
    usual = {"channel": "email", "address": address, "started_at": clock.now()}
    return {**usual, "message_id": uuid.uuid4(), "answer": "5.1.1 no such user", **said}


async def bounced(parts: Parts, *attempts: dict[str, Any]) -> None:
    async def work(session: Any) -> None:
        await suppressions.bounced(attempts, session)

    await mongo.in_transaction(parts.mongo, work)


async def stored() -> list[Suppression]:
    return await Suppression.find_all().sort("_id").to_list()


async def test_an_address_is_put_on_the_list_once_and_found_however_it_is_written(
    parts: Parts,
) -> None:
    for _ in range(2):
        (added,) = await suppressions.add("op", [ANN])
        assert isinstance(added, Suppression)
    (there,) = await stored()
    assert (there.id, there.reason, there.by) == ("email:ann@example.com", Reason.MANUAL, "op")
    assert there.note == "asked by phone"
    found = await suppressions.listed("email", ["ANN@example.COM", "bob@example.com"])
    assert found == {"ann@example.com": Reason.MANUAL}
    assert await suppressions.listed("email", []) == {}
    assert await suppressions.listed("sending_api", ["ann@example.com"]) == {}


async def test_one_mistake_stops_no_other(parts: Parts) -> None:
    batch = [ANN, NewSuppression("email", "no address"), NewSuppression("fax", "1")]
    batch.append(NewSuppression("sending_api", "79991234567", "x" * 501))
    first, *others = await suppressions.add("op", batch)
    assert isinstance(first, Suppression)
    wrong = [errors_of(one) for one in others if isinstance(one, InvalidInput)]
    assert wrong == [
        {("address", Problem.INVALID)},
        {("channel", Problem.INVALID)},
        {("note", Problem.TOO_LONG)},
    ]
    assert len(await stored()) == 1


async def test_what_is_taken_off_is_told_and_what_was_not_there_too(parts: Parts) -> None:
    await suppressions.add("op", [ANN])
    there, again = await suppressions.remove("op", [ANN, NewSuppression("email", ANN.address)])
    assert isinstance(there, Suppression)
    assert isinstance(again, InvalidInput)
    assert errors_of(again) == {("address", Problem.NOT_FOUND)}
    assert await stored() == []


async def test_a_bounce_is_kept_with_its_message_and_what_the_server_said(parts: Parts) -> None:
    one = bounce("Ann@Example.com")
    await bounced(parts, one, bounce("ann@example.com"), bounce("bob@example.com"))
    ann, bob = await stored()
    assert (ann.reason, ann.by, ann.note) == (Reason.HARD_BOUNCE, "belfry", "5.1.1 no such user")
    assert (ann.message_id, bob.address) == (one["message_id"], "bob@example.com")


async def test_a_bounce_leaves_what_was_put_there_by_hand_and_outweighs_a_wish(
    parts: Parts,
) -> None:
    await suppressions.add("op", [ANN])
    await suppressions.unsubscribe("email", "bob@example.com", clock.now())
    await bounced(parts, bounce("ann@example.com"), bounce("bob@example.com"))
    ann, bob = await stored()
    assert (ann.reason, ann.note) == (Reason.MANUAL, "asked by phone")
    assert (bob.reason, bob.note) == (Reason.HARD_BOUNCE, HAD_UNSUBSCRIBED)


async def test_who_unsubscribed_can_undo_just_that(parts: Parts) -> None:
    await suppressions.unsubscribe("email", "ann@example.com", clock.now())
    await bounced(parts, bounce("bob@example.com"))
    for address in ("ann@example.com", "bob@example.com", "nobody@example.com"):
        await suppressions.resubscribe("email", address)
    assert [one.address for one in await stored()] == ["bob@example.com"]
    await suppressions.unsubscribe("email", "bob@example.com", clock.now())
    assert [one.reason for one in await stored()] == [Reason.HARD_BOUNCE]


async def test_the_list_is_paged_and_filtered(parts: Parts) -> None:
    batch = [NewSuppression("email", f"c{number}@example.com") for number in range(5)]
    await suppressions.add("op", [*batch, NewSuppression("sending_api", "79991234567")])
    await bounced(parts, bounce("dead@example.com"))
    everything = SuppressionFilter()
    page = await suppressions.page(everything, first=4, after=None)
    rest = await suppressions.page(everything, first=4, after=str(page.items[-1].id))
    assert (page.has_next, rest.has_next) == (True, False)
    assert [one.id for one in [*page.items, *rest.items]] == [one.id for one in await stored()]
    for wanted, count in (
        (everything, 7),
        (SuppressionFilter("email"), 6),
        (SuppressionFilter(reasons=(Reason.HARD_BOUNCE, Reason.UNSUBSCRIBED)), 1),
        (SuppressionFilter(address="C1@Example.com"), 1),
        (SuppressionFilter("sending_api", (Reason.MANUAL,), "79991234567"), 1),
        (SuppressionFilter("sending_api", address="c1@example.com"), 0),
    ):
        assert await suppressions.count(wanted) == count
        assert len((await suppressions.page(wanted, first=9, after=None)).items) == count
