"""What was tried, what came of it, and what was wrong."""

import json
import threading
from collections import Counter
from dataclasses import dataclass, field

from tests.fuzz.house import ROLES
from tests.fuzz.judging import codes
from tests.fuzz.sending import Answer, Asked
from tests.fuzz.vitals import Vitals

SHOWN = 40


@dataclass
class Tally:
    """The figures of a run. Threads may add to it."""

    tried: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By field and role."""
    reached: Counter[str] = field(default_factory=Counter)
    """Operations by field whose answer had anything in it."""
    statuses: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    other: Counter[str] = field(default_factory=Counter)
    findings: dict[str, str] = field(default_factory=dict)
    """What is wrong, with the first case of each."""
    vitals: list[tuple[str, Vitals]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, asked: Asked, answer: Answer) -> None:
        """Count an operation with its answer."""
        with self._lock:
            self.tried[asked.field, asked.role] += 1
            self.statuses[f"{asked.way} {answer.status or ''}".strip()] += 1
            self.codes.update(codes(answer))
            data = [one.get("data") for one in answer.results if isinstance(one, dict)]
            if any(value is not None for said in data for value in (said or {}).values()):
                self.reached[asked.field] += 1

    def count(self, name: str) -> None:
        """Count something else that was tried."""
        with self._lock:
            self.other[name] += 1

    def object(self, what: str, case: object) -> None:
        """Something is wrong; `case` says how to see it again."""
        with self._lock:
            if what not in self.findings:
                self.findings[what] = _shown(case)
                print(f"  {what}\n    {self.findings[what]}", flush=True)

    def told(self) -> str:
        """All of it, for people."""
        fields = sorted({field for field, _ in self.tried})
        lines = [f"{'tried':<38}" + "".join(f"{role:>12}" for role in ROLES) + f"{'with data':>12}"]
        for name in fields:
            counts = [*(self.tried[name, role] for role in ROLES), self.reached[name]]
            lines.append(f"{name:<38}" + "".join(f"{count:>12}" for count in counts))
        lines += [f"operations  {self.tried.total()}", f"statuses    {_listed(self.statuses)}"]
        lines += [f"codes       {_listed(self.codes)}", f"also        {_listed(self.other)}"]
        lines += [f"{name:<24} {vitals}" for name, vitals in self.vitals]
        lines.append(f"findings    {len(self.findings)}")
        lines += [f"  {what}" for what in list(self.findings)[:SHOWN]]
        return "\n".join(lines)


def _shown(case: object) -> str:
    if isinstance(case, Asked):
        said = json.dumps(case.payload, ensure_ascii=True)
        return f"{case.field} as {case.role} by {case.way}, {case.accept}: {said[:4_000]}"
    return str(case)[:4_000]


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in sorted(counts.items()))
