"""A tiny run of everything that is measured: it works, and shows its ratios."""

from pathlib import Path

import pytest

from bench import latency
from bench.report import BEGIN, END, Results, markdown, write
from bench.run import NAMES, Size, run
from core.errors import ConfigurationError

pytestmark = pytest.mark.timeout(900)  # it starts everything several times

TINY = Size(
    rounds=1,
    rounds_at_edge=1,
    seconds=0.3,
    clients=150,
    many_clients=150,
    many_delivered=150,
    many_messages=2_000,
    sockets=100,
    bells=40,
)
MAILINGS = ["mailing", "mailing, 50 ms", "e-mail", "e-mail, 20 ms"]
CONTESTS = ["create", "list", "launch", *MAILINGS, "live events"]


def test_everything_is_measured_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # In one, because whoever ran another part of it elsewhere would measure all of it again.
    monkeypatch.setattr(latency, "SLACK", 100.0)  # a busy machine doesn't keep to the rate
    said: list[str] = []
    results = run(TINY, NAMES, said.append)
    check_contests(results, said)
    check_memory_and_statistics(results)
    check_latency(results)
    check_page(results, tmp_path / "page.md")


def check_contests(results: Results, said: list[str]) -> None:
    assert [contest.name for contest in results.contests] == CONTESTS
    for contest in results.contests:
        assert len(contest.belfry.samples) == len(contest.bare.samples) == 1
        assert contest.ratio > 0
    assert len(said) == 2 * len(results.contests) + len(results.readings)


def check_memory_and_statistics(results: Results) -> None:
    memory, small, large = results.readings[:3]
    assert (memory.most, small.most) == (300, None)
    assert large.most is not None and large.name == "statistics of 2,000 messages"
    assert min(memory.value, small.value, large.value) > 0


def check_latency(results: Results) -> None:
    median, p99 = (each for each in results.readings if "commit to socket" in each.name)
    assert 0 < median.value <= p99.value
    assert p99.most == 50


def check_page(results: Results, page: Path) -> None:
    page.write_text(f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n")
    write(page, markdown(results, "python -m bench"))
    text = page.read_text()
    assert text.startswith("Before.\n")
    assert text.endswith("\nAfter.\n")
    assert "old" not in text
    assert f"| {results.contests[0].ratio:.2f} |" in text
    assert "| statistics of 1,000 messages |" in text
    assert f"MongoDB {results.machine.mongodb}" in text
    assert "`python -m bench`" in text


def test_a_page_without_a_place_for_results_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Nothing to see.\n")
    with pytest.raises(ConfigurationError):
        write(page, "results")
