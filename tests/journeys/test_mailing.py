"""Mailings from the outside: what was asked for, what the provider took, what the rows say."""

from typing import Any

import pytest

from tests.journeys.conftest import House, at_work, eventually, moment, repeats

ADD = """mutation ($clients: [CreateClientInput!]!) {
  createClients(input: {clients: $clients}) { results { client { id } errors { field code } } }
}"""
MAIL = """mutation ($input: CreateMailingInput!) {
  createMailing(input: $input) { mailing { id status } errors { field message code } }
}"""
COUNTS = "total pending sending sent failed undeliverable expired cancelled uncertain"
UPDATE = """mutation ($input: UpdateMailingInput!) {
  updateMailing(input: $input) { mailing { version } errors { field code } }
}"""
UNHURRIED = {"LEASE_SECONDS": "30"}
"""Settings of a worker that loses nothing to itself, and so repeats nothing, on a busy machine."""
SHOW = f"""query ($id: ID!) {{ mailing(id: $id) {{ status statistics {{ {COUNTS} }} }} }}"""
LIST = """query ($id: ID!, $after: String) {
  mailing(id: $id) { messages(first: 100, after: $after) {
    nodes { status address outsideId clientId attempts { number verdict code } }
    pageInfo { hasNextPage endCursor }
  } }
}"""


def phone(number: int) -> str:
    return f"7{9_000_000_000 + number}"


async def add_clients(house: House, count: int, tag: str = "all") -> None:
    for start in range(0, count, 1_000):
        some = range(start, min(start + 1_000, count))
        clients = [{"phone": phone(number), "tags": [tag]} for number in some]
        added = await house.ask(ADD, clients=clients)
        assert all(not result["errors"] for result in added["createClients"]["results"])


async def mail(house: House, **said: Any) -> str:
    given = {"name": "News", "text": "Hello", "startAt": moment(), "endAt": moment(600)}
    created = await house.ask(MAIL, input={**given, "audience": {"all": True}, **said})
    assert created["createMailing"]["errors"] == []
    found: str = created["createMailing"]["mailing"]["id"]
    return found


async def update(house: House, mailing: str, **said: Any) -> None:
    updated = await house.ask(UPDATE, input={"id": mailing, **said})
    assert updated["updateMailing"]["errors"] == []


async def counts(house: House, mailing: str) -> dict[str, int]:
    shown = (await house.ask(SHOW, id=mailing))["mailing"]["statistics"]
    return {name: count for name, count in shown.items() if count}


async def finished(house: House, mailing: str) -> dict[str, int]:
    async def done() -> bool:
        shown = await house.ask(SHOW, id=mailing)
        return bool(shown["mailing"]["status"] == "FINISHED")

    await eventually(done)
    return await counts(house, mailing)


async def rows(house: House, mailing: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        shown = await house.ask(LIST, id=mailing, after=after)
        page = shown["mailing"]["messages"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


async def sent_some(house: House, count: int) -> None:
    async def some() -> bool:
        return len(await house.ledger()) >= count

    await eventually(some)


async def agree(house: House, mailing: str, count: int) -> None:
    """Every client has one row, sent; the ledger has the same ids, repeats only of them."""
    assert await finished(house, mailing) == {"total": count, "sent": count}
    found = await rows(house, mailing)
    assert [row["status"] for row in found] == ["SENT"] * count
    assert len({row["clientId"] for row in found}) == count
    assert {row["outsideId"] for row in found} == {
        str(key) for key in repeats(await house.ledger())
    }


async def test_a_mailing_goes_out_at_once_down_to_every_attempt(house: House) -> None:
    house.worker(**UNHURRIED)
    await add_clients(house, 250)
    mailing = await mail(house, text="Good morning")
    await agree(house, mailing, 250)
    ledger = await house.ledger()
    assert set(repeats(ledger).values()) == {1}
    assert {entry["text"] for entry in ledger} == {"Good morning"}
    assert {str(entry["phone"]) for entry in ledger} == {phone(number) for number in range(250)}
    tries = [row["attempts"] for row in await rows(house, mailing)]
    assert tries == [[{"number": 1, "verdict": "ACCEPTED", "code": "200"}]] * 250
    overall = await house.ask(f"{{ statistics {{ {COUNTS} }} }}")
    assert overall["statistics"]["sent"] == overall["statistics"]["total"] == 250


async def test_a_mailing_starts_by_itself_and_not_before_its_time(house: House) -> None:
    house.worker()
    await add_clients(house, 3)
    start = moment(1.5)
    mailing = await mail(house, startAt=start)
    await agree(house, mailing, 3)
    assert min(entry["at"] for entry in await house.ledger()) >= start[:23]


async def test_nothing_is_accepted_after_the_end(house: House) -> None:
    await add_clients(house, 40)
    await house.faults(down="503", retry_after_seconds=1)
    await at_work(house.worker())
    mailing = await mail(house)

    async def tried() -> bool:
        return any(row["attempts"] for row in await rows(house, mailing))

    await eventually(tried)
    await update(house, mailing, endAt=moment(2))
    await finished(house, mailing)
    await house.faults()
    assert await counts(house, mailing) == {"total": 40, "expired": 40}
    assert await house.ledger() == []


@pytest.mark.usefixtures("short_transactions")
async def test_a_killed_worker_costs_no_message(house: House) -> None:
    await add_clients(house, 2_000)
    await house.faults(latency_seconds=0.1)
    first = house.worker()
    mailing = await mail(house)
    await sent_some(house, 200)
    first.kill()
    await house.faults()
    assert (await counts(house, mailing))["sent"] < 2_000
    house.worker()
    await agree(house, mailing, 2_000)


async def test_a_stopped_worker_loses_nothing_and_repeats_nothing(house: House) -> None:
    await add_clients(house, 1_500)
    await house.faults(latency_seconds=0.1)
    first = house.worker(**UNHURRIED)
    mailing = await mail(house)
    await sent_some(house, 200)
    assert first.stop()
    left = await counts(house, mailing)
    assert left["pending"] + left["sent"] == 1_500
    assert left["pending"] > 0
    await house.faults()
    house.worker(**UNHURRIED)
    await agree(house, mailing, 1_500)
    assert set(repeats(await house.ledger()).values()) == {1}


async def test_what_is_not_yet_sent_follows_its_mailing(house: House) -> None:
    await add_clients(house, 20)
    mailing = await mail(house, text="wrong", startAt=moment(3600), endAt=moment(7200))
    house.worker()
    await update(house, mailing, text="right", startAt=moment())
    await agree(house, mailing, 20)
    assert {entry["text"] for entry in await house.ledger()} == {"right"}


async def test_a_deleted_mailing_sends_no_more(house: House) -> None:
    await add_clients(house, 30)
    await house.faults(down="503")
    house.worker()
    mailing = await mail(house)

    async def launched() -> bool:
        return (await counts(house, mailing)).get("total") == 30

    await eventually(launched)
    delete = "mutation ($id: ID!) { deleteMailing(input: {id: $id}) { errors { code } } }"
    assert (await house.ask(delete, id=mailing))["deleteMailing"]["errors"] == []

    async def cancelled() -> bool:
        shown = (await house.ask(f"{{ statistics {{ {COUNTS} }} }}"))["statistics"]
        return bool(shown["cancelled"] == shown["total"] == 30)

    await eventually(cancelled)
    assert await house.ledger() == []
