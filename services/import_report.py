"""What became of an import: numbers of rows, and the first of those that its sender must look at."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from core.errors import FieldError, Problem

MOST_TOLD = 1_000
"""Errors and repeats that are told one by one."""


@dataclass(frozen=True, slots=True)
class RowError:
    """What was wrong with a line."""

    line: int
    field: str
    message: str
    code: Problem


@dataclass(frozen=True, slots=True)
class Repeat:
    """A line with the phone of an earlier one; the later one holds."""

    line: int
    earlier: int
    phone: str


@dataclass(slots=True)
class Report:
    """What became of the rows: each is created, updated, unchanged, refused, or a repeat."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    repeated: int = 0
    errors: list[RowError] = field(default_factory=list)
    more_errors: int = 0
    repeats: list[Repeat] = field(default_factory=list)

    def refuse(self, line: int, errors: Iterable[FieldError]) -> None:
        """Count a row that is not taken."""
        self.refused += 1
        for error in errors:
            if len(self.errors) < MOST_TOLD:
                self.errors.append(RowError(line, **asdict(error)))
            else:
                self.more_errors += 1

    def repeat(self, repeat: Repeat) -> None:
        """Count a row whose phone came before."""
        self.repeated += 1
        if len(self.repeats) < MOST_TOLD:
            self.repeats.append(repeat)

    @property
    def counts(self) -> dict[str, int]:
        """The numbers alone."""
        return {name: value for name, value in asdict(self).items() if isinstance(value, int)}
