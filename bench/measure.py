"""What is measured: rates and processor times of two rivals, taken in turns, and their ratios."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median

Take = Callable[[], "Sample"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One turn: units of work per second, and what each cost its server's process."""

    rate: float
    cpu_us: float
    """Processor time of the process under test, in microseconds per unit."""
    p99_ms: float | None = None
    """Milliseconds within which 99 of 100 requests were answered."""


@dataclass(slots=True)
class Rival:
    """One of the two, with all its turns."""

    name: str
    take: Take
    samples: list[Sample] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Median units per second."""
        return median(sample.rate for sample in self.samples)

    @property
    def spread(self) -> float:
        """Largest rate less the smallest, as a share of the median."""
        rates = [sample.rate for sample in self.samples]
        return (max(rates) - min(rates)) / self.rate

    @property
    def cpu_us(self) -> float:
        """Median microseconds of processor time per unit."""
        return median(sample.cpu_us for sample in self.samples)

    @property
    def p99_ms(self) -> float | None:
        """Median of the turns' 99th percentiles, where they were taken."""
        found = [sample.p99_ms for sample in self.samples if sample.p99_ms is not None]
        return median(found) if found else None


@dataclass(slots=True)
class Contest:
    """Belfry against the bare ceiling. `goal` is the ratio of rates wished for, if there is one."""

    name: str
    unit: str
    belfry: Rival
    bare: Rival
    goal: float | None

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.goal is not None and self.ratio >= self.goal

    @property
    def ratio(self) -> float:
        """Belfry's rate as a share of the ceiling's: median over the pairs of turns."""
        pairs = zip(self.belfry.samples, self.bare.samples, strict=True)
        return median(ours.rate / theirs.rate for ours, theirs in pairs)

    @property
    def cpu_ratio(self) -> float:
        """The ceiling's processor time as a share of Belfry's; like `ratio`, 1 is the best."""
        pairs = zip(self.belfry.samples, self.bare.samples, strict=True)
        return median(theirs.cpu_us / ours.cpu_us for ours, theirs in pairs)

    def run(self, rounds: int) -> Iterator[str]:
        """Take turns, each rival first in every other round; gives a line to show after each."""
        for turn in range(1, rounds + 1):
            rivals = (self.bare, self.belfry)
            for rival in rivals if turn % 2 else reversed(rivals):
                rival.samples.append(sample := rival.take())
                yield f"{self.name} {turn}/{rounds} {rival.name}: {sample.rate:,.0f} {self.unit}/s"


@dataclass(frozen=True, slots=True)
class Reading:
    """One number of which less is better. `most` is the limit, if there is one."""

    name: str
    value: float
    unit: str
    most: float | None = None

    @property
    def met(self) -> bool:
        """Whether it is within its limit."""
        return self.most is not None and self.value <= self.most
