"""The knobs of the SMTP sink can be turned from outside, and are drawn as often as ordered."""

import aiohttp
import pytest

from core.errors import Invalid
from local.mail_faults import MailDice, MailFaults, Mixed, Stage, mail_faults_from
from local.mail_page import mail_page
from local.serving import serving
from local.smtp_sink import Sink


async def test_the_knobs_can_be_turned_from_outside() -> None:
    sink = Sink()
    async with serving(mail_page(sink)) as address, aiohttp.ClientSession(address) as page:
        await turn_the_knobs(sink, page)


async def turn_the_knobs(sink: Sink, page: aiohttp.ClientSession) -> None:
    async with page.put("/_faults", json={"rcpt": "450 later", "rate": 0.5}) as answer:
        assert answer.status == 200
    assert sink.faults == MailFaults(rcpt="450 later", rate=0.5)
    async with page.put("/_faults", json={"rctp": "450 later"}) as answer:
        assert answer.status == 400
        assert "The knobs are: greeting, ehlo, mail, rcpt" in (await answer.json())["message"]
    async with page.get("/_faults") as answer:
        assert await answer.json() == sink.faults.model_dump(mode="json")


def test_a_rate_and_a_seed_make_some_draws_the_same_each_time() -> None:
    faults = mail_faults_from(b'{"rcpt": "450 later", "rate": 0.3, "seed": 3}')
    first, second = MailDice(faults), MailDice(faults)
    draws = [first.answer(Stage.RCPT) for _ in range(1_000)]
    assert draws == [second.answer(Stage.RCPT) for _ in range(1_000)]
    assert 250 < draws.count("450 later") < 350
    assert first.answer(Stage.MAIL) == ""


def test_answers_are_mixed_by_their_rates_and_the_same_each_time_with_a_seed() -> None:
    faults = mail_faults_from(
        b"""{"seed": 3, "mixed": [{"stage": "rcpt", "answer": "450 later", "rate": 0.2},
        {"stage": "rcpt", "answer": "550 unknown", "rate": 0.3},
        {"stage": "dot", "answer": "close", "rate": 1}]}"""
    )
    first, second = MailDice(faults), MailDice(faults)
    draws = [first.answer(Stage.RCPT) for _ in range(1_000)]
    assert draws == [second.answer(Stage.RCPT) for _ in range(1_000)]
    assert 150 < draws.count("450 later") < 250 < draws.count("550 unknown") < 350
    assert (first.answer(Stage.MAIL), first.answer(Stage.DOT)) == ("", "close")


def test_an_answer_that_is_always_given_goes_before_those_by_chance() -> None:
    by_chance = (Mixed(stage=Stage.RCPT, answer="450 later", rate=1),)
    dice = MailDice(MailFaults(recipients={"eve@example.net": "550 no"}, mixed=by_chance))
    assert dice.answer(Stage.RCPT, "eve@example.net") == "550 no"
    assert dice.answer(Stage.RCPT, "ada@example.org") == "450 later"


@pytest.mark.parametrize(
    "mixed",
    [
        b'{"stage": "rcpt", "answer": "450 later", "rate": 1.5}',
        b'{"stage": "late", "answer": "450 later", "rate": 0.5}',
        b'{"stage": "content", "answer": "450 later", "rate": 0.5}',
        (
            b'{"stage": "dot", "answer": "close", "rate": 0.6}, '
            b'{"stage": "dot", "answer": "stall", "rate": 0.6}'
        ),
    ],
)
def test_a_mix_that_makes_no_sense_is_refused(mixed: bytes) -> None:
    with pytest.raises(Invalid):
        mail_faults_from(b'{"mixed": [' + mixed + b"]}")
