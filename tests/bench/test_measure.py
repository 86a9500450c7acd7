"""Ratios are those of the turns taken together, and goals are met or missed."""

import pytest
from bson import ObjectId

from bench import statistics
from bench.measure import Contest, Reading, Rival, Sample
from bench.report import Machine, Results, cells, limit_cells, markdown

HERE = Machine("A processor", 2, 8.0, "Linux", "3.11", "6.0", "7.0")


def contest(goal: float | None, *rates: tuple[float, float]) -> Contest:
    belfry, bare = (
        Rival(name, lambda: Sample(1, 1), [Sample(pair[place], 10) for pair in rates])
        for place, name in enumerate(("Belfry", "bare"))
    )
    return Contest("sending", "mails", belfry, bare, goal)


def test_a_ratio_is_the_median_over_the_pairs_of_turns() -> None:
    found = contest(0.6, (50, 100), (90, 100), (60, 80))
    assert found.ratio == 0.75
    assert found.met


@pytest.mark.parametrize(("goal", "met"), [(0.5, True), (0.51, False), (None, False)])
def test_a_goal_is_met_from_the_ratio_on(goal: float | None, met: bool) -> None:
    assert contest(goal, (50, 100)).met is met


@pytest.mark.parametrize(("most", "met"), [(300, True), (250, True), (249.9, False), (None, False)])
def test_a_limit_is_kept_up_to_its_value(most: float | None, met: bool) -> None:
    assert Reading("memory", 250, "MB", most).met is met


def test_readings_have_a_table_of_their_own() -> None:
    memory = Reading("memory", 1_250.04, "MB", 300)
    assert limit_cells(memory) == ["memory", "1,250.0 MB", "300.0 MB"]
    assert limit_cells(Reading("time", 2, "ms")) == ["time", "2.0 ms", ""]
    both = contest(0.5, (50, 100))
    page = markdown(Results([both], [memory], HERE), "make bench")
    assert f"| {' | '.join(cells(both))} |\n\n|  | measured | at most |\n" in page
    alone = markdown(Results([], [memory], HERE), "make bench")
    assert "bare" not in alone and "| memory | 1,250.0 MB | 300.0 MB |\n\n- A processor" in alone


@pytest.mark.parametrize("size", [1, 49, 50, 51, 1_000, 1_234_567])
def test_the_counters_of_a_made_mailing_equal_its_rows(size: int) -> None:
    shards = statistics.counters(ObjectId(), size)
    assert len({shard["_id"] for shard in shards}) == statistics.SHARDS
    failed = sum(shard["counts"]["failed"] for shard in shards)
    assert failed == len(range(0, size, statistics.FAILED_OF))
    assert sum(shard["counts"]["sent"] for shard in shards) == size - failed
