"""How an event changes a number: a table says which field is a label, and which the amount."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeAlias

from core.meters import Gauge, Labels, Meter

Fields: TypeAlias = Mapping[str, Any]
Change: TypeAlias = Callable[[Fields], None]


@dataclass(frozen=True, slots=True)
class Heard:
    """Each `event` adds its field `by` (or 1), times `scale`; its fields are the meter's labels."""

    event: str
    by: str = ""
    scale: float = 1.0

    def change(self, meter: Meter) -> Change:
        """What to do with the fields of one event."""
        labels_of, by, scale = _labels_of(meter.labels), self.by, self.scale
        if by:
            return lambda fields: meter.add(labels_of(fields), fields[by] * scale)
        return lambda fields: meter.add(labels_of(fields), scale)


@dataclass(frozen=True, slots=True)
class Each:
    """Each `event` brings amounts by labels in its field `of`; the size counts, not the sign."""

    event: str
    of: str

    def change(self, meter: Meter) -> Change:
        """What to do with the fields of one event."""

        def each(fields: Fields) -> None:
            for labels, amount in fields[self.of].items():
                meter.add((labels,) if isinstance(labels, str) else labels, abs(amount))

        return each


@dataclass(frozen=True, slots=True)
class State:
    """Each `event` brings, in its field `of`, all numbers there are now."""

    event: str
    of: str

    def change(self, meter: Meter) -> Change:
        """What to do with the fields of one event."""
        assert isinstance(meter, Gauge)
        return lambda fields: meter.replace(fields[self.of])


Hearing: TypeAlias = Heard | Each | State


def _labels_of(names: Labels) -> Callable[[Fields], Labels]:
    match names:
        case ():
            return lambda _: ()
        case (name,):
            return lambda fields: (fields[name],)
        case _:
            return itemgetter(*names)
