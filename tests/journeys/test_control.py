"""Steering a mailing while it runs, and watching it, as operators do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from gql import Client, GraphQLRequest
from gql.transport.websockets import WebsocketsTransport

from tests.journeys.conftest import House, at_work, eventually, moment, repeats
from tests.journeys.test_mailing import (
    UNHURRIED,
    add_clients,
    agree,
    counts,
    finished,
    mail,
    sent_some,
)

ANSWER = "mailing { id status endAt } pendingMessages errors { field code message }"
PROGRESS = """subscription ($id: ID!) { mailingProgress(id: $id) {
  status ratePerSecond secondsLeft counts { total pending sending sent failed expired }
  providers { channel state } } }"""
TAIL = """subscription ($id: ID!) { deliveryAttempts(mailingId: $id) {
  skipped attempts { messageId verdict } } }"""
RETRY = """mutation ($input: RetryMessagesInput!) { retryMessages(input: $input) {
  count mailing { status } errors { field code } } }"""


async def do(house: House, verb: str, mailing: str) -> Any:
    mutation = f"mutation ($id: ID!) {{ {verb}Mailing(input: {{id: $id}}) {{ {ANSWER} }} }}"
    payload = (await house.ask(mutation, id=mailing))[f"{verb}Mailing"]
    assert payload["errors"] == []
    return payload


@asynccontextmanager
async def following(house: House, document: str, mailing: str) -> AsyncIterator[list[Any]]:
    """All that a subscription tells while the block runs; it has told something before."""
    transport = WebsocketsTransport(
        f"ws://127.0.0.1:{house.ports['api']}/graphql",
        init_payload={"authorization": f"Bearer {house.token('operator')}"},
    )
    told: list[Any] = []

    async def follow() -> None:
        request = GraphQLRequest(document, variable_values={"id": mailing})
        async with Client(transport=transport) as session:
            async for result in session.subscribe(request):
                told.extend(result.values())

    async def any_told() -> bool:
        assert told or not follower.done(), follower.exception()
        return bool(told)

    follower = asyncio.create_task(follow())
    try:
        await eventually(any_told)
        yield told
    finally:
        follower.cancel()
        with suppress(asyncio.CancelledError):
            await follower


def told_of(tail: list[Any]) -> int:
    """How many attempts a tail has told of, shown or not."""
    return sum(len(batch["attempts"]) + int(batch["skipped"]) for batch in tail)


async def at_rest(house: House, mailing: str) -> dict[str, int]:
    """The counts once no message is with a worker."""

    async def nothing_leaves() -> bool:
        return "sending" not in await counts(house, mailing)

    await eventually(nothing_leaves)
    return await counts(house, mailing)


async def test_a_paused_mailing_rests_until_it_is_resumed(house: House) -> None:
    await add_clients(house, 2_000)
    await house.faults(latency_seconds=0.2)
    house.worker(**UNHURRIED)
    mailing = await mail(house)
    await sent_some(house, 100)
    paused = await do(house, "pause", mailing)
    assert paused["mailing"]["status"] == "PAUSED"
    assert paused["pendingMessages"] > 0
    resting = await at_rest(house, mailing)
    assert resting["pending"] > 0
    ledger = len(await house.ledger())
    update = """mutation ($input: UpdateMailingInput!) {
      updateMailing(input: $input) { pendingMessages errors { code } } }"""
    given = {"id": mailing, "text": "changed"}
    changed = (await house.ask(update, input=given))["updateMailing"]
    assert changed == {"pendingMessages": resting["pending"], "errors": []}
    assert await counts(house, mailing) == resting
    await house.faults()
    await do(house, "resume", mailing)
    await agree(house, mailing, 2_000)
    found = await house.ledger()
    assert set(repeats(found).values()) == {1}
    assert {entry["text"] for entry in found[ledger:]} == {"changed"}


async def test_a_cancelled_mailing_stays_on_the_list_and_sends_no_more(house: House) -> None:
    await add_clients(house, 1_500)
    await house.faults(latency_seconds=0.2)
    house.worker()
    mailing = await mail(house)
    await sent_some(house, 50)
    await do(house, "cancel", mailing)

    async def closed() -> bool:
        return set(await counts(house, mailing)) == {"total", "sent", "cancelled"}

    await eventually(closed)
    found = await counts(house, mailing)
    assert found["sent"] == len(await house.ledger())
    listed = await house.ask("{ mailings { nodes { id status } } }")
    assert listed["mailings"]["nodes"] == [{"id": mailing, "status": "CANCELLED"}]


async def test_what_expired_is_tried_again_with_a_new_end(house: House) -> None:
    await add_clients(house, 300)
    await house.faults(down="503", retry_after_seconds=1)
    await at_work(house.worker())
    mailing = await mail(house, endAt=moment(3))
    assert await finished(house, mailing) == {"total": 300, "expired": 300}
    await house.faults()
    given = {"mailingId": mailing, "statuses": ["EXPIRED"]}
    refused = (await house.ask(RETRY, input=given))["retryMessages"]
    assert refused["errors"] == [{"field": "endAt", "code": "NOT_ALLOWED_NOW"}]
    given["endAt"] = moment(600)
    retried = (await house.ask(RETRY, input=given))["retryMessages"]
    assert retried == {"count": 300, "mailing": {"status": "RUNNING"}, "errors": []}
    await agree(house, mailing, 300)


async def test_a_clone_goes_out_like_the_first(house: House) -> None:
    await add_clients(house, 20)
    house.worker()
    first = await mail(house, text="Twice")
    await agree(house, first, 20)
    clone = (
        f"mutation ($input: CloneMailingInput!) {{ cloneMailing(input: $input) {{ {ANSWER} }} }}"
    )
    given = {"id": first, "startAt": moment(), "endAt": moment(600)}
    second = (await house.ask(clone, input=given))["cloneMailing"]["mailing"]["id"]
    assert await finished(house, second) == {"total": 20, "sent": 20}
    assert [entry["text"] for entry in await house.ledger()] == ["Twice"] * 40


async def test_progress_and_attempts_are_seen_live_to_the_end(house: House) -> None:
    await add_clients(house, 1_000)
    await house.faults(latency_seconds=0.2)
    mailing = await mail(house)
    async with (
        following(house, PROGRESS, mailing) as progress,
        following(house, TAIL, mailing) as tail,
    ):
        house.worker()

        async def settled() -> bool:
            return bool(progress[-1]["status"] == "FINISHED")

        await eventually(settled)

        async def all_told() -> bool:
            return told_of(tail) >= 1_000

        await eventually(all_told)
    sent = [one["counts"]["sent"] for one in progress]
    assert sent == sorted(sent)
    assert (sent[0], sent[-1]) == (0, 1_000)
    assert any(0 < one < 1_000 for one in sent)
    assert any(one["ratePerSecond"] > 0 and one["secondsLeft"] is not None for one in progress)
    assert progress[-1]["secondsLeft"] is None
    assert told_of(tail) == 1_000
    assert {one["verdict"] for batch in tail for one in batch["attempts"]} == {"ACCEPTED"}


async def test_a_preview_is_what_then_happens(house: House) -> None:
    await add_clients(house, 30)
    query = """query ($input: CreateMailingInput!) { mailingPreview(input: $input) {
      errors { code } preview { messages unsent expectedFinish warnings samples { address } } } }"""
    given = {"name": "News", "text": "Hello", "startAt": moment(), "endAt": moment(600)}
    asked = await house.ask(query, input={**given, "audience": {"all": True}})
    preview = asked["mailingPreview"]["preview"]
    assert (preview["messages"], preview["unsent"], preview["warnings"]) == (30, 0, [])
    house.worker()
    mailing = await mail(house)
    assert await finished(house, mailing) == {"total": 30, "sent": 30}
    sent = {str(entry["phone"]) for entry in await house.ledger()}
    assert {sample["address"] for sample in preview["samples"]} <= sent
