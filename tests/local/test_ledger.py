"""The ledger counts exactly, within its bounds, and outlives a crash."""

import json
from pathlib import Path

from local.ledger import Ledger


def test_the_ledger_in_memory_is_bounded_and_its_counts_are_exact() -> None:
    ledger = Ledger(keep=100)
    for number in range(1_000):
        ledger.accept(number % 700, phone=7900)
        assert len(ledger.entries()) <= 125
    assert (ledger.count, ledger.distinct, ledger.repeats) == (1_000, 700, 300)
    assert [json.loads(line)["id"] for line in ledger.after(997, 10)] == [297, 298, 299]
    kept = len(ledger.entries())
    assert b"".join(ledger.chunks(7)).count(b"\n") == kept


def test_a_ledger_on_disk_goes_on_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "ledger.ndjson"
    first = Ledger(path)
    first.accept(1, phone=7900)
    first.accept(2, phone=7900)
    first.close()
    with path.open("ab") as file:
        file.write(b'{"at":"2026-01-01T00:0')
    second = Ledger(path)
    second.accept(1, phone=7900)
    second.close()
    entries = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [(entry["id"], entry["repeat"]) for entry in entries] == [(1, 1), (2, 1), (1, 2)]
    assert (second.count, second.distinct) == (3, 2)


def test_a_ledger_on_disk_is_read_in_full(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.ndjson", keep=100)
    for number in range(5_000):
        ledger.accept(number, phone=7900, text="Hello")
    assert len(ledger.entries()) <= 125
    lines = b"".join(ledger.chunks()).splitlines()
    assert [json.loads(line)["id"] for line in lines] == list(range(5_000))
    ledger.close()
