import uuid
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from channels.channel import Envelope, Outcome, Refused, Retry, Sent, Unknown
from core import clock, tracing
from rules.message import Fate, Status, Verdict
from rules.template import UNSUBSCRIBE
from services import deliveries
from services.deliveries import Sendable
from services.messages import Claimed
from services.results import Change
from tests.services.conftest import Happened
from tests.traced import Traced

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
NOW = clock.now()


class Says:
    """A way out that answers what it is told to."""

    name, provider, concurrency = "sending_api", "example.com", 1
    secrets = ("sword'fish",)

    def __init__(self, outcome: Outcome | Exception) -> None:
        self.outcome = outcome
        self.asked: list[tuple[Envelope, float]] = []

    async def send(self, envelope: Envelope, timeout_seconds: float) -> Outcome:
        self.asked.append((envelope, timeout_seconds))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    async def close(self) -> None:
        pass


def claimed(**said: Any) -> Claimed:
    lease = {"token": uuid.uuid4(), "until": NOW + timedelta(seconds=60), "worker": "w1"}
    row = {
        "_id": uuid.uuid4(),
        "number": 4711,
        "mailing_id": ObjectId(),
        "address": "79991234567",
        "attempts": 0,
        "maybe_sent": False,
        "lease": lease,
    }
    return Claimed({**row, **said}, lease["token"])  # type: ignore[arg-type]


def mailing(**said: Any) -> dict[str, Any]:
    text = {"name": "Feast", "text": "Come!", "subject": "", "version": 3}
    return {**text, "end_at": NOW + HOUR, **said}


async def attempt(outcome: Outcome | Exception, **said: Any) -> Change:
    sendable = Sendable.of(claimed(**said), mailing())
    change, known = await deliveries.attempt(
        Says(outcome), sendable, 7.5, "w1", clock.DatabaseClock()
    )
    assert isinstance(outcome, Exception) or known is outcome
    return change


def test_a_message_of_a_mailing_says_what_the_mailing_says_now() -> None:
    one = claimed()
    sendable = Sendable.of(one, mailing(subject="Bells"))
    assert sendable.envelope == Envelope(str(one.id), 4711, "79991234567", "Come!", "Bells")


def test_without_a_subject_the_name_of_the_mailing_is_the_subject() -> None:
    assert Sendable.of(claimed(), mailing()).envelope.subject == "Feast"


def test_a_personal_message_says_what_its_row_says() -> None:
    content = {"subject": "new_login", "text": "You?"}
    one = claimed(mailing_id=None, number=None, content=content, end_at=NOW + SECOND)
    sendable = Sendable.of(one, None)
    assert sendable.envelope == Envelope(str(one.id), 0, "79991234567", "You?", "new_login")
    assert sendable.seconds(NOW, 20) == 1


@pytest.mark.parametrize(
    ("end", "lease", "expected"),
    [(3600, 60, 20), (5, 60, 5), (3600, 7, 7), (-1, 60, -1), (3600, -2, -2), (0, 60, 0)],
)
def test_a_send_must_fit_in_its_limit_its_lease_and_before_the_end(
    end: int, lease: int, expected: int
) -> None:
    one = claimed()
    one.row["lease"]["until"] = NOW + lease * SECOND
    sendable = Sendable.of(one, mailing(end_at=NOW + end * SECOND))
    assert sendable.seconds(NOW, 20) == expected


@pytest.mark.parametrize("whom", ["client_id", "user_id", "contact_id"])
async def test_the_log_names_whom_an_attempt_was_for(happened: Happened, whom: str) -> None:
    someone = ObjectId()
    change = await attempt(Sent("200"), **{whom: someone})
    ((_, said),) = happened
    assert (said[whom], said["message_id"]) == (someone, change.claimed.id)
    assert said["mailing_id"] == change.claimed.row["mailing_id"]


async def test_an_attempt_is_traced_below_what_asked_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tracer = Traced()
    monkeypatch.setattr(tracing, "_tracer", tracer)
    for own, of_mailing in (("own", None), (None, "the mailing's"), (None, None)):
        sendable = Sendable.of(claimed(trace=own), mailing(trace=of_mailing))
        await deliveries.attempt(Says(Sent("200")), sendable, 7.5, "w1", clock.DatabaseClock())
    ended = ("attempt sending_api", None)
    below = ("own", "the mailing's", None)
    assert tracer.said == [said for parent in below for said in ("client", parent, *ended)]


async def test_each_outcome_has_its_verdict_and_fate() -> None:
    for outcome, verdict, status, maybe_sent in (
        (Sent("200"), Verdict.ACCEPTED, Status.SENT, False),
        (Retry("503"), Verdict.NOT_ACCEPTED, Status.PENDING, False),
        (Refused("400"), Verdict.REFUSED, Status.FAILED, False),
        (Refused("550", undeliverable=True), Verdict.UNDELIVERABLE, Status.UNDELIVERABLE, False),
        (Unknown("timeout"), Verdict.UNKNOWN, Status.PENDING, True),
    ):
        change = await attempt(outcome)
        assert deliveries.judge(outcome) is verdict
        assert change.attempt is not None
        assert (change.attempt["verdict"], change.attempt["code"]) == (verdict, outcome.code)
        assert (change.fate.status, change.fate.maybe_sent) == (status, maybe_sent)
        assert change.why == ("" if status is Status.SENT else f"{verdict}: {outcome.code}")


async def test_the_channel_gets_the_envelope_and_the_time_there_is() -> None:
    channel, sendable = Says(Sent("200")), Sendable.of(claimed(), mailing())
    await deliveries.attempt(channel, sendable, 7.5, "w1", clock.DatabaseClock())
    assert channel.asked == [(sendable.envelope, 7.5)]


async def test_an_attempt_is_on_record_with_all_that_is_known() -> None:
    before = clock.now()
    sendable = Sendable.of(claimed(attempts=4), mailing())
    change, _ = await deliveries.attempt(
        Says(Sent("200", "x" * 3_000)), sendable, 7.5, "w1", clock.DatabaseClock()
    )
    record = change.attempt
    assert record is not None
    started_at = record.pop("started_at")
    assert before <= started_at <= change.at <= clock.now()
    assert record.pop("duration_ms") >= 0
    assert record.pop("_id").generation_time == started_at.replace(microsecond=0)
    assert record == {
        "message_id": sendable.claimed.id,
        "mailing_id": sendable.claimed.mailing_id,
        "mailing_version": 3,
        "number": 5,
        "channel": "sending_api",
        "provider": "example.com",
        "address": "79991234567",
        "verdict": Verdict.ACCEPTED,
        "code": "200",
        "answer": "x" * 2_000,
        "worker": "w1",
    }


async def test_a_wish_of_the_provider_is_the_least_wait() -> None:
    before = clock.now()
    change = await attempt(Retry("429", after=1_800.0))
    assert change.fate.due_at is not None
    assert change.fate.due_at >= before + 1_800 * SECOND


@pytest.mark.parametrize("attempts", [0, 3, 60])
async def test_a_retry_waits_no_longer_than_the_backoff_allows(attempts: int) -> None:
    change = await attempt(Retry("503"), attempts=attempts)
    assert change.fate.due_at is not None
    most = min(3_600, 5 * 2**attempts) * SECOND
    assert change.at <= change.fate.due_at <= clock.now() + most + timedelta(milliseconds=1)


async def test_a_bug_in_a_channel_is_an_attempt_with_an_unknown_end() -> None:
    change = await attempt(ZeroDivisionError("oh"))
    assert change.fate.status is Status.PENDING
    assert change.fate.maybe_sent
    assert change.attempt is not None
    assert change.attempt["code"] == "internal"
    assert "ZeroDivisionError" in change.attempt["answer"]


@pytest.mark.parametrize(
    "error", [ValueError("no sword'fish!"), KeyError("sword'fish"), ValueError(["a\"sword'fish"])]
)
async def test_a_bug_in_a_channel_tells_no_secret(error: Exception, happened: Happened) -> None:
    change = await attempt(error)
    assert change.attempt is not None
    assert "***" in change.attempt["answer"]
    assert "fish" not in repr((change, happened))


async def test_what_may_have_been_sent_before_stays_so() -> None:
    change = await attempt(Refused("400"), maybe_sent=True)
    assert change.fate == Fate(Status.UNCERTAIN, maybe_sent=True)


async def test_every_attempt_is_an_event(happened: Happened) -> None:
    change = await attempt(Sent("200", "OK"))
    ((name, fields),) = happened
    assert name == "message.attempted"
    assert change.attempt is not None
    told = dict(fields)
    assert told.pop("attempt_id") == change.attempt["_id"]
    assert told.pop("attempt") == change.attempt["number"]
    assert (told.pop("status"), told.pop("outside_id")) == ("sent", change.claimed.row["number"])
    assert told.pop("text")
    assert {key: change.attempt[key] for key in told} == told
    assert {"message_id", "mailing_id", "verdict", "code", "answer"} <= fields.keys()


def test_the_recipients_link_to_unsubscribe_is_put_in_and_its_mark_never_leaves() -> None:
    words = {"text": f"Leave: {UNSUBSCRIBE}", "html": f"<a href='{UNSUBSCRIBE}'>Leave</a>"}
    url = "https://b.example/unsubscribe/x?a=1&b=2"
    envelope = Sendable.of(claimed(unsubscribe=url), mailing(**words)).envelope
    assert (envelope.unsubscribe, envelope.text) == (url, f"Leave: {url}")
    assert envelope.html == "<a href='https://b.example/unsubscribe/x?a=1&amp;b=2'>Leave</a>"
    personal = claimed(content={"subject": "S", **words}, mailing_id=None, end_at=NOW + HOUR)
    envelope = Sendable.of(personal, None).envelope
    assert (envelope.text, envelope.html) == ("Leave: ", "<a href=''>Leave</a>")
