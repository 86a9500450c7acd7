"""Numbers of one process, changed on its loop and read by the thread that answers Prometheus.

prometheus_client's own take locks and look-ups for each change, and five times as long.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TypeAlias

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

Labels: TypeAlias = tuple[str, ...]

MOST_SERIES = 5_000
"""Of one meter; what comes after is not kept, so that a mistake in a label fills no memory."""
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Meter:
    """A name, what it means, and a number for each combination of labels."""

    kind = ""

    def __init__(self, name: str, help_: str, labels: Labels = ()) -> None:
        """Without labels it stands at 0 from the start."""
        self.name = name
        self.help = help_
        self.labels = labels
        self._values: dict[Labels, float] = {} if labels else {(): 0.0}

    def add(self, labels: Labels, amount: float) -> None:
        """Change one number."""
        value = self._values.get(labels)
        if value is None:
            value = 0.0
            if not self._may_keep(labels, len(self._values)):
                return
        self._values[labels] = value + amount

    def family(self) -> Metric:
        """What Prometheus reads."""
        raise NotImplementedError

    def _may_keep(self, labels: Labels, series: int) -> bool:
        return series < MOST_SERIES and all(isinstance(label, str) for label in labels)


class Count(Meter):
    """Only grows; its name ends in `_total`."""

    kind = "counter"

    def family(self) -> Metric:
        """What Prometheus reads."""
        family = CounterMetricFamily(self.name, self.help, labels=self.labels)
        for labels, value in self._values.copy().items():
            family.add_metric(labels, value)
        return family


class Gauge(Meter):
    """Goes up and down."""

    kind = "gauge"

    def replace(self, values: Mapping[Labels, float]) -> None:
        """Set all numbers at once; those that are not named are gone."""
        self._values = dict(values)

    def family(self) -> Metric:
        """What Prometheus reads."""
        family = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for labels, value in self._values.copy().items():
            family.add_metric(labels, value)
        return family


class Spread(Meter):
    """How values are distributed, in seconds."""

    kind = "histogram"

    def __init__(
        self, name: str, help_: str, labels: Labels = (), bounds: Sequence[float] = SECONDS
    ) -> None:
        """With upper bounds of its buckets; one without a bound comes on top."""
        super().__init__(name, help_, labels)
        self._bounds = tuple(bounds)
        self._buckets: dict[Labels, list[int]] = {}
        if not labels:
            self._buckets[()] = self._empty()

    def add(self, labels: Labels, amount: float) -> None:
        """Take one value into account."""
        buckets = self._buckets.get(labels)
        if buckets is None:
            if not self._may_keep(labels, len(self._buckets)):
                return
            buckets = self._buckets[labels] = self._empty()
            self._values[labels] = 0.0
        buckets[bisect_left(self._bounds, amount)] += 1
        self._values[labels] += amount

    def family(self) -> Metric:
        """What Prometheus reads."""
        family = HistogramMetricFamily(self.name, self.help, labels=self.labels)
        names = [*map(str, self._bounds), "+Inf"]
        for labels, buckets in self._buckets.copy().items():
            below = list(zip(names, accumulate(buckets), strict=True))
            family.add_metric(labels, below, self._values[labels])
        return family

    def _empty(self) -> list[int]:
        return [0] * (len(self._bounds) + 1)
