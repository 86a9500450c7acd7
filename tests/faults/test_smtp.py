"""An SMTP server that fails in every way it can."""

import asyncio
from collections.abc import Mapping

from local.mail_faults import CLOSE, LEAVE, STALL, MailFaults, Mixed, Stage
from tests import factories
from tests.faults import desk
from tests.faults.evidence import Evidence
from tests.faults.house import PATIENT, House
from tests.faults.scene import eventually

CLIENTS = 100


async def mailed(
    house: House, faults: MailFaults, clients: int = CLIENTS, settings: Mapping[str, str] = {}
) -> Evidence:
    """What became of a mailing under a fault that stays."""
    await house.staffed(settings=settings)
    house.sink.faults = faults
    await factories.clients(clients, said=factories.with_email)
    await desk.create(house, channels=("email",))
    return await house.ends_well()


def statuses(evidence: Evidence) -> set[str]:
    return {row["status"] for row in evidence.messages}


PUT_OFF = (
    (Stage.GREETING, "421 4.3.2 too busy"),
    (Stage.EHLO, CLOSE),
    (Stage.MAIL, "421 4.3.2 closing"),
    (Stage.MAIL, CLOSE),
    (Stage.RCPT, "451 4.7.1 come back later"),
    (Stage.DATA, "452 4.3.1 no room"),
    (Stage.DATA, CLOSE),
    (Stage.CONTENT, CLOSE),
    (Stage.DOT, "451 4.3.0 not now"),
)


async def test_what_the_server_puts_off_is_sent_later_and_once(house: House) -> None:
    mixed = tuple(Mixed(stage=stage, answer=answer, rate=0.05) for stage, answer in PUT_OFF)
    assert statuses(await mailed(house, MailFaults(seed=1, mixed=mixed), settings=PATIENT)) == {
        "sent"
    }
    assert house.sink.ledger.repeats == 0


async def test_a_mail_that_was_lost_after_its_final_dot_is_repeated_as_the_same(
    house: House,
) -> None:
    lost = [Mixed(stage=Stage.DOT, answer=answer, rate=0.15) for answer in (CLOSE, STALL)]
    assert statuses(await mailed(house, MailFaults(seed=2, mixed=tuple(lost)), 40)) == {"sent"}
    assert house.sink.ledger.repeats > 0


async def test_a_server_that_leaves_after_each_mail_gets_everything_once(house: House) -> None:
    assert statuses(await mailed(house, MailFaults(dot=LEAVE), settings=PATIENT)) == {"sent"}
    assert house.sink.ledger.repeats == 0


async def test_who_has_no_mailbox_is_undeliverable_and_the_others_get_theirs(
    house: House,
) -> None:
    unknown = {f"c{number}@example.com": "550 5.1.1 no such user" for number in range(10)}
    evidence = await mailed(house, MailFaults(recipients=unknown))
    ended = {row["address"]: row["status"] for row in evidence.messages}
    assert {address for address, status in ended.items() if status != "sent"} == set(unknown)
    assert {ended[address] for address in unknown} == {"undeliverable"}


async def test_what_the_server_refuses_has_failed(house: House) -> None:
    evidence = await mailed(house, MailFaults(seed=3, rate=0.1, dot="554 5.7.1 looks like spam"))
    assert statuses(evidence) == {"sent", "failed"}


async def test_a_server_that_goes_away_or_falls_silent_gets_everything(house: House) -> None:
    await house.staffed()
    house.sink.faults = MailFaults(latency_seconds=0.05)
    await factories.clients(CLIENTS, said=factories.with_email)
    await desk.create(house, channels=("email",))
    await eventually(lambda: house.sink.ledger.count >= CLIENTS // 4)
    await house.lines.smtp.refuse()
    await asyncio.sleep(0.5)
    await house.lines.smtp.heal()
    house.lines.smtp.blackhole()
    await asyncio.sleep(1)
    await house.lines.smtp.heal()
    assert statuses(await house.ends_well()) == {"sent"}
