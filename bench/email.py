"""A mailing by e-mail through one worker, against a bare `sendmail(bytes)` loop.

Both have the same number of kept connections onto the same lean sink.
"""

import smtplib
from collections.abc import Iterator
from contextlib import closing

from bench.delivery import Incomplete, deliver
from bench.measure import Contest, Rival, Sample
from bench.rows import TEXT, clear, fill
from bench.stage import SMTP_CONNECTIONS, SUBJECT, Stage
from local.children import Child
from local.ports import LOOPBACK

GOAL = 0.8


def contests(stage: Stage, count: int) -> Iterator[Contest]:
    """The contest, with API, worker and sink running until the next is asked for."""
    fill(stage.database, count)
    with stage.sink(), stage.api(), stage.worker() as worker:
        yield Contest(
            "e-mail",
            "mails",
            Rival("Belfry", lambda: _belfry(stage, worker, count)),
            Rival("bare", lambda: _bare(stage, count)),
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
