"""The results: as a table on the terminal, and as a section of docs/performance.md."""

import os
import platform
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.table import Table

from bench.measure import Contest, Reading
from bench.stage import Stage
from core import clock
from core.errors import ConfigurationError
from local import redis

BEGIN = "<!-- measured: `python -m bench --write docs/performance.md` writes from here -->"
END = "<!-- measured: to here -->"

HEADINGS = (
    "",
    "Belfry",
    "bare",
    "ratio",
    "goal",
    "spread",
    "Belfry CPU",
    "bare CPU",
    "CPU ratio",
    "p99",
)

LIMIT_HEADINGS = ("", "measured", "at most")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the numbers come from."""

    cpu: str
    cores: int
    memory_gib: float
    system: str
    python: str
    mongodb: str
    redis: str

    def lines(self) -> Iterator[str]:
        """One line for each part."""
        yield f"{self.cpu}, {self.cores} cores, {self.memory_gib:.0f} GiB of memory, {self.system}"
        yield f"Python {self.python}, MongoDB {self.mongodb}, Redis {self.redis}"


@dataclass(frozen=True, slots=True)
class Results:
    """All that came of a run."""

    contests: Sequence[Contest]
    readings: Sequence[Reading]
    machine: Machine


def machine(stage: Stage) -> Machine:
    """This machine, and the versions of what runs on it."""
    release = re.match(r"[0-9.]*[0-9]", platform.release())
    return Machine(
        cpu=_cpu_model(),
        cores=os.cpu_count() or 1,
        memory_gib=psutil.virtual_memory().total / 2**30,
        system=f"{platform.system()} {release[0] if release else ''}".strip(),
        python=platform.python_version(),
        mongodb=str(stage.database.client.server_info()["version"]),
        redis=_redis_version(),
    )


def tables(results: Results) -> Iterator[Table]:
    """The results for a terminal."""
    if results.contests:
        shown = _empty_table("Belfry against the bare ceiling of the same parts", HEADINGS)
        for contest in results.contests:
            colour = _colour(contest.goal is not None, contest.met)
            shown.add_row(*cells(contest), style=colour)
        yield shown
    if results.readings:
        shown = _empty_table("Belfry alone: less is better", LIMIT_HEADINGS)
        for reading in results.readings:
            colour = _colour(reading.most is not None, reading.met)
            shown.add_row(*limit_cells(reading), style=colour)
        yield shown


def limit_cells(reading: Reading) -> list[str]:
    """One row of the table of readings."""
    most = "" if reading.most is None else f"{reading.most:,.1f} {reading.unit}"
    return [reading.name, f"{reading.value:,.1f} {reading.unit}", most]


def cells(contest: Contest) -> list[str]:
    """One row of the table."""
    belfry, bare = contest.belfry, contest.bare
    p99s = [f"{rival.p99_ms:.0f}" for rival in (belfry, bare) if rival.p99_ms is not None]
    return [
        f"{contest.name} ({contest.unit}/s)",
        f"{belfry.rate:,.0f}",
        f"{bare.rate:,.0f}",
        f"{contest.ratio:.2f}",
        "" if contest.goal is None else f"{contest.goal:.2f}",
        f"±{belfry.spread / 2:.0%}, ±{bare.spread / 2:.0%}",
        f"{belfry.cpu_us:,.0f} µs",
        f"{bare.cpu_us:,.0f} µs",
        f"{contest.cpu_ratio:.2f}",
        f"{', '.join(p99s)} ms" if p99s else "",
    ]


def markdown(results: Results, command: str) -> str:
    """The results for the documentation."""
    rounds = max((len(contest.belfry.samples) for contest in results.contests), default=1)
    parts = [[f"Medians of {rounds} rounds, {clock.now():%Y-%m-%d}, by `{command}`:"]]
    if results.contests:
        parts.append(_markdown_table(HEADINGS, map(cells, results.contests)))
    if results.readings:
        parts.append(_markdown_table(LIMIT_HEADINGS, map(limit_cells, results.readings)))
    parts.append([f"- {line}" for line in results.machine.lines()])
    return "\n\n".join("\n".join(lines) for lines in parts)


def _markdown_table(headings: Sequence[str], rows: Iterable[list[str]]) -> list[str]:
    ruler = ["---", *["---:"] * (len(headings) - 1)]
    return [f"| {' | '.join(row)} |" for row in (headings, ruler, *rows)]


def write(path: Path, section: str) -> None:
    """Put the results between the marks in a file; raises ConfigurationError without marks."""
    text = path.read_text(encoding="utf-8")
    before, begun, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended:
        raise ConfigurationError(f"{path} has no place for the results: it needs {BEGIN} and {END}")
    path.write_text(f"{before}{BEGIN}\n\n{section}\n\n{END}{after}", encoding="utf-8")


def _empty_table(title: str, headings: Sequence[str]) -> Table:
    shown = Table(title=title)
    for place, heading in enumerate(headings):
        shown.add_column(heading, justify="left" if place == 0 else "right")
    return shown


def _colour(has_goal: bool, met: bool) -> str:
    return ("green" if met else "red") if has_goal else ""


def _cpu_model() -> str:
    try:
        said = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        said = ""
    found = re.search(r"^model name\s*:\s*(.+)$", said, re.MULTILINE)
    return found[1] if found else platform.processor() or platform.machine()


def _redis_version() -> str:
    said = subprocess.run(
        [str(redis.binary()), "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"v=(\S+)", said)
    return found[1] if found else said.strip()
