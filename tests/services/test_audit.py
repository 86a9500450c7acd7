"""The record of what operators did, whatever becomes of them."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import bson
import pytest
import time_machine
from bson import ObjectId
from pymongo.database import Database

from core import clock, failpoints
from core.errors import Forbidden, InvalidInput, Unavailable
from core.parts import Parts
from models.audit_entry import AuditEntry
from rules.audit import Outcome
from rules.roles import Principal, Role
from services import audit
from services.audit import AuditFilter

ANN = Principal("5f0c3a1b2c3d4e5f6a7b8c90", Role.OPERATOR, None)
SHOP = Principal("key:5f0c3a1b2c3d4e5f6a7b8c91", Role.ADMIN, None, "5f0c3a1b2c3d4e5f6a7b8c91")
SAID = {"input": {"id": "a", "name": "Feast", "password": "rope"}}


class Died(BaseException):
    """Stands for the death of the process."""


async def done(parts: Parts, error: BaseException | None = None, **said: Any) -> AuditEntry:
    """What is on record of an action that ends with an error, or well."""
    usual: dict[str, Any] = {"by": ANN, "action": "createMailing", "said": SAID}
    with suppress(type(error) if error else ()):  # type: ignore[arg-type] # nothing to suppress
        async with audit.on_record(parts, **{**usual, **said}) as record:
            record.targets.append("new")
            if error is not None:
                raise error
    return await newest()


async def newest() -> AuditEntry:
    page = await audit.page(AuditFilter(), first=1, after=None)
    return page.items[0]


async def test_an_action_is_on_record_with_who_what_and_how(parts: Parts) -> None:
    before = clock.now()
    entry = await done(parts, by=SHOP)
    assert (entry.by, entry.role, entry.key_id) == (SHOP.subject, "admin", SHOP.key_id)
    assert (entry.action, entry.targets) == ("createMailing", ["a", "new"])
    assert entry.input == '{"input": {"id": "a", "name": "Feast", "password": "***"}}'
    assert (entry.outcome, entry.codes) == (Outcome.DONE, [])
    assert entry.finished_at is not None
    assert before <= entry.at <= entry.finished_at <= clock.now()
    assert entry.expires_at - entry.at == timedelta(days=365)
    short = replace(parts, settings=parts.settings.model_copy(update={"audit_days": 3}))
    entry = await done(short)
    assert entry.expires_at - entry.at == timedelta(days=3)


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (InvalidInput.at("name", "is blank"), Outcome.REFUSED, "INVALID"),
        (Forbidden(), Outcome.REFUSED, "FORBIDDEN"),
        (Unavailable(), Outcome.FAILED, "UNAVAILABLE"),
        (ValueError("a secret"), Outcome.FAILED, "INTERNAL_SERVER_ERROR"),
    ],
)
async def test_an_action_that_went_wrong_is_on_record_with_its_code(
    parts: Parts, error: Exception, outcome: Outcome, code: str
) -> None:
    entry = await done(parts, error)
    assert (entry.outcome, entry.codes) == (outcome, [code])
    assert "a secret" not in repr(entry)


async def test_an_action_that_says_why_it_changed_nothing_was_refused(parts: Parts) -> None:
    async with audit.on_record(parts, ANN, "createKind", {}) as record:
        record.codes = ["TAKEN"]
    entry = await newest()
    assert (entry.outcome, entry.codes) == (Outcome.REFUSED, ["TAKEN"])


@pytest.mark.parametrize("error", [Died(), asyncio.CancelledError()])
async def test_an_action_that_was_cut_off_is_seen_to_be(parts: Parts, error: BaseException) -> None:
    entry = await done(parts, error)
    assert (entry.outcome, entry.finished_at) == (Outcome.UNFINISHED, None)


@pytest.mark.parametrize(("place", "begun"), [(audit.BEGUN, False), (audit.ENDING, True)])
async def test_a_process_that_dies_in_the_middle_leaves_its_action_unfinished(
    parts: Parts, place: str, begun: bool
) -> None:
    def die() -> None:
        raise Died

    failpoints.arm(place, testing=True, act=die)
    acted = False
    with pytest.raises(Died):
        async with audit.on_record(parts, ANN, "createKind", {}):
            acted = True
    failpoints.arm("", testing=True)
    assert acted is begun
    assert (await newest()).outcome is Outcome.UNFINISHED


async def test_what_an_operator_may_not_do_is_on_record(parts: Parts) -> None:
    await audit.refused(parts, ANN, "createApiKey", SAID, "FORBIDDEN")
    entry = await newest()
    assert (entry.outcome, entry.codes) == (Outcome.REFUSED, ["FORBIDDEN"])


async def rows() -> list[AuditEntry]:
    return (await audit.page(AuditFilter(), first=100, after=None)).items


async def test_the_same_refusal_again_and_again_is_one_row(parts: Parts) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False) as travel:
        for _ in range(30):
            await audit.refused(parts, ANN, "createApiKey", SAID, "FORBIDDEN")
            travel.shift(1)
    (entry,) = await rows()
    assert (entry.times, entry.outcome, entry.codes) == (30, Outcome.REFUSED, ["FORBIDDEN"])
    assert (entry.at, entry.finished_at) == (start, start + timedelta(seconds=29))
    assert (entry.by, entry.role, entry.key_id) == (ANN.subject, ANN.role, None)
    assert entry.targets == ["a"]
    assert entry.expires_at == start + timedelta(days=365)


async def test_other_refusals_and_later_ones_have_rows_of_their_own(parts: Parts) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False) as travel:
        await audit.refused(parts, ANN, "createApiKey", SAID, "FORBIDDEN")
        await audit.refused(parts, SHOP, "createApiKey", SAID, "FORBIDDEN")
        await audit.refused(parts, ANN, "revokeApiKey", SAID, "FORBIDDEN")
        await audit.refused(parts, ANN, "createApiKey", {"id": "b"}, "FORBIDDEN")
        await done(parts, Forbidden(), action="createApiKey")
        travel.shift(2 * audit.COUNTED_TOGETHER)
        await audit.refused(parts, ANN, "createApiKey", SAID, "FORBIDDEN")
    assert [entry.times for entry in await rows()] == [1] * 6


async def test_no_row_is_large_whatever_is_said(
    parts: Parts, prepared: Database[dict[str, Any]]
) -> None:
    ids = [{"id": f"{number:0200}", "x" * 900: "ж" * 900} for number in range(1_000)]
    huge: dict[str, Any] = {"id": "A" * 7_500_000, "ids": ids, "other": "🔔" * 9_000}
    await done(parts, said=huge)
    await audit.refused(parts, ANN, "createApiKey", huge, "FORBIDDEN")
    stored = list(prepared["audit"].find())
    assert len(stored) == 2
    assert all(len(bson.encode(row)) <= 32 * 1024 for row in stored)


async def test_the_record_is_searched_by_who_what_and_when(parts: Parts) -> None:
    start = clock.now()
    entries = [
        await done(parts),
        await done(parts, by=SHOP),
        await done(parts, action="createKind"),
        await done(parts, by="the command line"),
    ]
    ids = [entry.id for entry in entries]

    async def found(**said: Any) -> list[Any]:
        wanted = AuditFilter(**said)
        page = await audit.page(wanted, first=10, after=None)
        assert await audit.count(wanted) == len(page.items)
        return [entry.id for entry in page.items]

    assert await found() == ids[::-1]
    assert await found(by=SHOP.subject) == [ids[1]]
    assert await found(by=ANN.subject, action="createMailing") == [ids[0]]
    assert await found(action="createKind") == [ids[2]]
    assert await found(since=start) == ids[::-1]
    assert await found(until=start) == []
    after = await audit.page(AuditFilter(), first=1, after=ids[2])
    assert [entry.id for entry in after.items] == [ids[1]]
    assert after.has_next


async def test_a_record_says_when_it_ends(parts: Parts) -> None:
    """MongoDB removes it then: its index takes the moment from the row."""
    indexes = await AuditEntry.get_pymongo_collection().index_information()
    assert indexes["expiry"]["expireAfterSeconds"] == 0
    assert ObjectId.is_valid(str((await done(parts)).id))
