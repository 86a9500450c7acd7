"""A mailing by e-mail through one worker, against a bare `sendmail(bytes)` loop.

Both have the same number of kept connections onto the same lean sink.
"""

import smtplib
from collections.abc import Iterator
from contextlib import closing
from functools import partial

from bench.delivery import Incomplete, deliver
from bench.measure import Contest, Rival, Sample
from bench.rows import TEXT, clear, fill
from bench.stage import SMTP_CONNECTIONS, SUBJECT, Stage
from local.children import Child
from local.ports import LOOPBACK

GOAL = 0.8
PAUSE_MS = 20
"""What a mail server somewhere else takes for a mail; the sink by itself answers at once."""
FEWER = 10
"""Of which four connections take fewer, so that a turn doesn't last for ever."""


def contests(stage: Stage, count: int) -> Iterator[Contest]:
    """The contests, with API, worker and sink running until the next is asked for."""
    with stage.sink(), stage.api(), stage.worker() as worker:
        for name, pause_ms, some in (
            ("e-mail", 0, count),
            (f"e-mail, {PAUSE_MS} ms", PAUSE_MS, max(1, count // FEWER)),
        ):
            fill(stage.database, some)
            _ask(stage, f"XPAUSE {pause_ms}")
            yield Contest(
                name,
                "mails",
                Rival("Belfry", partial(_belfry, stage, worker, some)),
                Rival("bare", partial(_bare, stage, some)),
                GOAL,
            )


def _belfry(stage: Stage, worker: Child, count: int) -> Sample:
    clear(stage.database, "messages", "attempts", "counters")
    _ask(stage, "XCLEAR")
    sample = deliver(stage, worker, count, channels=["EMAIL"], subject=SUBJECT)
    _check(stage, count)
    return sample


def _bare(stage: Stage, count: int) -> Sample:
    _ask(stage, "XCLEAR")
    arguments = (str(stage.smtp_port), str(SMTP_CONNECTIONS), str(count), TEXT)
    sample = stage.sample_of("bench.email_bare", *arguments)
    _check(stage, count)
    return sample


def _check(stage: Stage, count: int) -> None:
    taken, distinct = map(int, _ask(stage, "XCOUNT").split())
    if taken != count or distinct != count:
        raise Incomplete(f"{count} were sent, {taken} arrived, {distinct} of them different")


def _ask(stage: Stage, command: str) -> str:
    with closing(smtplib.SMTP(LOOPBACK, stage.smtp_port, timeout=30)) as client:
        return client.docmd(command)[1].decode("ascii")
