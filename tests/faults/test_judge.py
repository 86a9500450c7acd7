"""A judge that finds nothing is worth nothing: each rule is broken here in each way it can be."""

from collections.abc import Callable

import pytest

from tests.faults.evidence import Silence
from tests.faults.judge import judge
from tests.faults.worlds import (
    CLIENTS,
    END,
    IDS,
    MAILING,
    SECOND,
    SOON,
    START,
    World,
    bounced,
    cancelled,
    double_row,
    drop_row,
    edited,
    end,
    lost_lease,
    moved,
    muted_later,
    personal,
    recount,
    suppressed,
    took,
    world,
)

BROKEN: dict[str, tuple[str, Callable[[World], object]]] = {
    "a client without its row": ("audience", drop_row),
    "a client with two rows": ("audience", double_row),
    "a row for a client who came later": (
        "audience",
        lambda it: it.mailings[0]["launch"].update(upto=CLIENTS[1]),
    ),
    "a row for a client with other tags": ("audience", lambda it: it.clients[0].update(tags=["c"])),
    "a row for a client of another operator": (
        "audience",
        lambda it: it.clients[0].update(operator_code="901"),
    ),
    "a row for nobody": ("audience", lambda it: it.clients.pop()),
    "a row of a channel not asked for": (
        "audience",
        lambda it: it.mailings[0].update(channels=["sending_api"]),
    ),
    "a row that is pending": ("ended", lambda it: end(it.messages[4], "pending")),
    "a row that is sending": ("ended", lambda it: end(it.messages[4], "sending")),
    "a row that ended and is leased": ("ended", lambda it: it.messages[4].update(lease={"a": 1})),
    "a mailing that is not settled": ("ended", lambda it: it.mailings[0].update(settled=False)),
    "an acceptance of nothing": ("known", lambda it: took(it, 0, key=12)),
    "an acceptance by another channel": ("known", lambda it: took(it, 0, channel="email")),
    "accepted, yet failed": ("accepted", lambda it: end(it.messages[0], "failed")),
    "accepted, yet expired": ("accepted", lambda it: end(it.messages[0], "expired")),
    "accepted, yet cancelled": ("accepted", lambda it: end(it.messages[0], "cancelled")),
    "accepted, yet undeliverable": ("accepted", lambda it: end(it.messages[3], "undeliverable")),
    "sent, but not accepted": ("sent", lambda it: end(it.messages[4], "sent")),
    "another address": ("words", lambda it: took(it, 0, address="79000000009")),
    "another text": ("words", lambda it: took(it, 3, text="Go!")),
    "a text that came later": (
        "words",
        lambda it: (edited(it, text="Stay!"), took(it, 0, text="Stay!")),
    ),
    "too early": ("moments", lambda it: took(it, 0, at=START - SECOND)),
    "after the end": ("moments", lambda it: took(it, 0, at=END + SECOND)),
    "after an end that came nearer": (
        "moments",
        lambda it: (edited(it, end_at=SOON + 70 * SECOND), took(it, 0, at=SOON + 71 * SECOND)),
    ),
    "outside the window": (
        "moments",
        lambda it: it.mailings[0].update(window={"opens": "10:00", "closes": "12:00"}),
    ),
    "outside the window over midnight": (
        "moments",
        lambda it: it.mailings[0].update(window={"opens": "22:00", "closes": "06:00"}),
    ),
    "outside the window of its zone": (
        "moments",
        lambda it: (
            it.mailings[0].update(window={"opens": "09:00", "closes": "12:00"}),
            it.clients[0].update(time_zone="Asia/Tokyo"),
        ),
    ),
    "a personal one after its end": ("moments", lambda it: personal(it, START)),
    "while it was paused": (
        "hushed",
        lambda it: it.silences.append(Silence(MAILING, SOON - 5 * SECOND, SOON + SECOND)),
    ),
    "a counter that is behind": (
        "counts",
        lambda it: it.counters[0]["counts"].update(sent=2),
    ),
    "a counter of what is open": ("counts", lambda it: it.counters[0]["counts"].update(open=6)),
    "no counters at all": ("counts", lambda it: it.counters.clear()),
    "a gap between attempts": (
        "tries",
        lambda it: it.attempts.append({"message_id": IDS[0], "number": 3}),
    ),
    "attempts that the row doesn't count": (
        "tries",
        lambda it: it.attempts.extend({"message_id": IDS[0], "number": n} for n in (2, 3)),
    ),
    "an attempt too few": ("tries", lambda it: it.attempts.pop()),
    "attempts fewer than counted": ("tries", lambda it: it.messages[0].update(attempts=2)),
    "taken by who muted it all along": (
        "unwanted",
        lambda it: it.clients[0].update(muted=["*/email"]),
    ),
    "taken by who muted everything": ("unwanted", lambda it: it.clients[0].update(muted=["*/*"])),
    "suppressed without cause": ("unwanted", suppressed),
    "suppressed for what another channel is muted by": (
        "unwanted",
        lambda it: suppressed(it, ["*/sending_api", "promo/email"]),
    ),
    "an attempt of nothing": (
        "tries",
        lambda it: it.attempts.append({"message_id": IDS[5], "number": 1}),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_judge_finds(name: str) -> None:
    rule, act = BROKEN[name]
    broken = world()
    act(broken)
    assert {violation.rule for violation in judge(broken)} >= {rule}


@pytest.mark.parametrize(
    "act",
    [
        lambda it: None,
        lambda it: personal(it, END),
        lambda it: took(it, 0),
        lambda it: (end(it.messages[0], "uncertain"), recount(it, sent=3, uncertain=1, failed=1)),
        lambda it: took(it, 0, at=END + SECOND / 10),
        lambda it: (edited(it, text="Stay!"), took(it, 0, text="Stay!", at=SOON + 90 * SECOND)),
        lambda it: (edited(it, end_at=SOON), took(it, 0, at=SOON + 61 * SECOND)),
        lambda it: it.mailings[0].update(window={"opens": "09:00", "closes": "12:00"}),
        lambda it: it.mailings[0].update(window={"opens": "22:00", "closes": "09:02"}),
        lambda it: (moved(it), took(it, 0, address="79000000077")),
        lambda it: it.clients[0].update(deleted=True),
        lambda it: it.silences.append(Silence(MAILING, SOON - SECOND, END)),
        cancelled,
        lost_lease,
        lambda it: suppressed(it, ["*/email"]),
        lambda it: (suppressed(it), bounced(it)),
        lambda it: (muted_later(it), took(it, 0)),
    ],
)
def test_the_judge_lets_pass_what_may_be(act: Callable[[World], object]) -> None:
    right = world()
    act(right)
    assert judge(right) == []
