"""A tiny run of everything that is measured: it works, and shows its ratios."""

from pathlib import Path

import pytest

from bench.measure import Contest
from bench.report import BEGIN, END, Machine, markdown, write
from bench.run import NAMES, Size, run
from core.errors import ConfigurationError

TINY = Size(rounds=1, seconds=0.3, clients=150)


@pytest.fixture(scope="module")
def measured() -> tuple[list[Contest], Machine, list[str]]:
    said: list[str] = []
    contests, machine = run(TINY, NAMES, said.append)
    return contests, machine, said


def test_each_contest_has_a_sample_of_both_rivals(
    measured: tuple[list[Contest], Machine, list[str]],
) -> None:
    contests, _, said = measured
    assert [contest.name for contest in contests] == list(NAMES)
    for contest in contests:
        assert len(contest.belfry.samples) == len(contest.bare.samples) == 1
        assert contest.ratio > 0
    assert len(said) == 2 * len(NAMES)


def test_the_section_of_the_documentation_shows_ratios_machine_and_command(
    measured: tuple[list[Contest], Machine, list[str]], tmp_path: Path
) -> None:
    contests, machine, _ = measured
    page = tmp_path / "page.md"
    page.write_text(f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n")
    write(page, markdown(contests, machine, "python -m bench"))
    text = page.read_text()
    assert text.startswith("Before.\n")
    assert text.endswith("\nAfter.\n")
    assert "old" not in text
    assert f"| {contests[0].ratio:.2f} |" in text
    assert f"MongoDB {machine.mongodb}" in text
    assert "`python -m bench`" in text


def test_a_page_without_a_place_for_results_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Nothing to see.\n")
    with pytest.raises(ConfigurationError):
        write(page, "results")
