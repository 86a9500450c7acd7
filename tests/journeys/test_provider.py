"""Mailings while the provider or Redis misbehaves: nothing is lost, and the end is the end (M6, M11)."""

from datetime import datetime
from typing import Any

from redis import Redis as RedisClient

from local.redis import Redis
from tests.journeys.conftest import House, at_work, eventually, moment, repeats
from tests.journeys.test_mailing import (
    UNHURRIED,
    add_clients,
    agree,
    counts,
    finished,
    mail,
    rows,
    sent_some,
    update,
)


async def test_nothing_leaves_after_the_end_and_what_may_have_left_is_uncertain(
    house: House,
) -> None:
    await add_clients(house, 600)
    await house.faults(latency_seconds=0.4)
    await at_work(house.worker(SENDING_API_CONCURRENCY="32"))
    mailing = await mail(house)
    await sent_some(house, 100)
    await house.faults(hang_rate=1.0)  # reads each request, and never answers
    end = moment(3)
    await update(house, mailing, endAt=end)

    final = await finished(house, mailing)
    await house.faults()
    ledger = await house.ledger()
    assert set(final) <= {"total", "sent", "expired", "uncertain"}
    assert final["sent"] >= 100
    assert final["uncertain"] >= 32
    assert final["expired"] > 0
    assert final["sent"] + final["uncertain"] + final["expired"] == final["total"] == 600
    assert max(datetime.fromisoformat(entry["at"]) for entry in ledger) <= datetime.fromisoformat(
        end
    )

    found = await rows(house, mailing)
    assert {status: len(of(found, status)) for status in ("SENT", "UNCERTAIN", "EXPIRED")} == {
        "SENT": final["sent"],
        "UNCERTAIN": final["uncertain"],
        "EXPIRED": final["expired"],
    }
    accepted = {str(number) for number in repeats(ledger)}
    assert {row["outsideId"] for row in of(found, "SENT")} <= accepted
    assert accepted.isdisjoint(row["outsideId"] for row in of(found, "EXPIRED"))
    assert all("UNKNOWN" in verdicts(row) for row in of(found, "UNCERTAIN"))
    assert {verdict for row in of(found, "EXPIRED") for verdict in verdicts(row)} <= {
        "NOT_ACCEPTED"
    }


async def all_tried(house: House, mailing: str, count: int) -> None:
    async def tried() -> bool:
        return sum(bool(row["attempts"]) for row in await rows(house, mailing)) == count

    await eventually(tried)


def verdicts(row: dict[str, Any]) -> list[str]:
    return [attempt["verdict"] for attempt in row["attempts"]]


def of(found: list[dict[str, Any]], status: str) -> list[dict[str, Any]]:
    return [row for row in found if row["status"] == status]


async def test_every_refusal_and_repeat_of_a_bad_provider_is_on_record(house: House) -> None:
    await add_clients(house, 60)
    await house.faults(refuse_rate=0.2, garbage_after_rate=0.2, too_many_rate=0.2, seed=7)
    await at_work(house.worker(BREAKER_SHARE="1"))  # or it would be left alone
    mailing = await mail(house)
    await all_tried(house, mailing, 60)
    await house.faults()
    await update(house, mailing, endAt=moment(3))
    final = await finished(house, mailing)
    found = await rows(house, mailing)
    times = repeats(await house.ledger())
    for row in found:
        numbers = [attempt["number"] for attempt in row["attempts"]]
        assert numbers == list(range(1, len(numbers) + 1))
        said = verdicts(row)
        assert times[int(row["outsideId"])] == said.count("ACCEPTED") + said.count("UNKNOWN")
        given_up = "EXPIRED" if said[-1] == "NOT_ACCEPTED" else "FAILED"
        unsure = "UNCERTAIN" if "UNKNOWN" in said else given_up
        assert row["status"] == ("SENT" if said[-1] == "ACCEPTED" else unsure)
    assert final["sent"] == len(of(found, "SENT"))
    assert final["failed"] == len(of(found, "FAILED")) > 0


async def test_a_mailing_goes_on_when_redis_is_emptied(house: House, redis_server: Redis) -> None:
    await add_clients(house, 300)
    await house.faults(latency_seconds=0.1)
    house.worker(SENDING_API_CONCURRENCY="16", **UNHURRIED)
    mailing = await mail(house)
    for so_far in (20, 100):
        await sent_some(house, so_far)
        with RedisClient.from_url(redis_server.url) as client:
            client.flushall()
    assert (await counts(house, mailing)).get("sent", 0) < 300
    await agree(house, mailing, 300)
    assert set(repeats(await house.ledger()).values()) == {1}


async def test_a_provider_that_does_not_know_our_token_gets_nothing_delivered(
    house: House,
) -> None:
    await add_clients(house, 5)
    house.worker(SENDING_API_TOKEN="somebody else's")
    mailing = await mail(house)
    await all_tried(house, mailing, 5)
    assert await house.ledger() == []
    found = await rows(house, mailing)
    assert {(row["status"], row["attempts"][0]["code"]) for row in found} == {("PENDING", "401")}
