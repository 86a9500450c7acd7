"""A mailing's progress: a bar on a terminal, a line for each change elsewhere."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from cli.moments import span
from cli.screen import Screen, clean

if TYPE_CHECKING:
    from rich.progress import Progress

Told = Mapping[str, Any]
"""One event of `mailingProgress`."""


class Bar:
    """Shows the newest state in the place of the last one, and the last one for good."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        if self._screen.is_terminal:
            from rich.progress import BarColumn, Progress, TextColumn

            words = TextColumn("{task.description}", markup=False)
            amount = TextColumn("{task.fields[amount]}", style="bold")
            rest = TextColumn("{task.fields[rest]}", style="dim", markup=False)
            self._bar = Progress(words, BarColumn(), amount, rest, console=self._screen.console)
            self._bar.add_task("", total=None, amount="", rest="")
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, told: Told) -> None:
        """Take in an event."""
        counts = told["counts"]
        done = counts["total"] - counts["pending"] - counts["sending"]
        rest = " · ".join([*_counts(told), *_pace(told), *_troubles(told)])
        status = told["status"].lower()
        if self._bar is None:
            parts = (f"{status}\t{done}/{counts['total']}", ""), (rest, "")
            self._screen.event(told, *parts)
            return
        (task,) = self._bar.task_ids
        # A mailing that reached nobody is done as well.
        total = max(counts["total"], 1) if status == "finished" else counts["total"]
        completed = total if status == "finished" else done
        amount = f"{completed / total:.0%} of {counts['total']:,}" if total else ""
        self._bar.update(
            task, description=status, total=total, completed=completed, amount=amount, rest=rest
        )

    def lost(self, reason: str) -> None:
        """Say that it stands still for now."""
        self._screen.trouble(f"the connection is lost ({reason}); trying again")


def _counts(told: Told) -> Iterator[str]:
    for each in told["counts"]["byStatus"]:
        if each["count"]:
            yield f"{each['status'].lower()} {each['count']:,}"


def _pace(told: Told) -> Iterator[str]:
    if told["ratePerSecond"]:
        yield f"{told['ratePerSecond']:,.1f}/s"
    if told["secondsLeft"] is not None:
        yield f"{span(told['secondsLeft'])} left"


def _troubles(told: Told) -> Iterator[str]:
    for each in told["providers"]:
        if each["state"] != "CLOSED":
            why = f": {clean(each['why'])}" if each["why"] else ""
            yield f"{each['channel'].lower()} {each['state'].lower()}{why}"
