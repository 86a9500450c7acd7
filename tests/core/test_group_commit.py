"""Group commit: who goes along with whom, in which order, and what each is told."""

import asyncio

import pytest

from core.group_commit import FEWEST, MOST, MOST_COMMITS, Commits
from core.mongo import NotCommitted
from tests.core.committing import Store, settled


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.group_commit.OVERDUE_SECONDS", 3_600)


async def test_one_alone_goes_at_once_and_gets_its_answer(store: Store) -> None:
    asked = store.ask(1, 10)
    await settled()
    assert store.sizes == [1]
    await store.release()
    assert await asked == -10
    assert store.forgets()


async def test_a_few_go_alone_and_nobody_waits_for_another(store: Store) -> None:
    for key in range(FEWEST - 1):
        store.ask(key, key)
        await settled()
    assert store.sizes == [1] * (FEWEST - 1)
    await store.finish()


async def test_who_comes_at_once_goes_together(store: Store) -> None:
    asked = [store.ask(key, key) for key in range(20)]
    await settled()
    assert store.sizes == [20]
    await store.release()
    assert await asyncio.gather(*asked) == [-key for key in range(20)]
    assert store.forgets()


@pytest.mark.usefixtures("unhurried")
async def test_who_comes_while_a_commit_is_under_way_goes_with_the_next(store: Store) -> None:
    asked = [store.ask(key, key) for key in range(10)]
    await settled()
    for key in range(10, 10 + MOST + 7):
        asked.append(store.ask(key, key))
        await settled()
    assert store.sizes == [10]
    await store.finish()
    assert store.sizes == [10, MOST, 7]
    assert await asyncio.gather(*asked) == [-key for key in range(len(asked))]
    assert store.forgets()


async def test_changes_of_one_object_come_one_after_another_in_order(store: Store) -> None:
    asked = [store.ask(1, change) for change in range(6)]
    await settled()
    assert store.sizes == [1]
    await store.finish()
    assert store.made[1] == list(range(6))
    assert await asyncio.gather(*asked) == [-change for change in range(6)]
    assert store.forgets()


async def test_an_overdue_commit_holds_up_only_changes_of_its_own_objects(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.group_commit.OVERDUE_SECONDS", 0.001)
    stuck = [store.ask(key, key) for key in range(5)]
    await settled()
    (*_, gate), store.gates = store.gates, []
    others = [store.ask(key, 100 + key) for key in range(3, 9)]
    async with asyncio.timeout(30):
        while len(store.sizes) < 2:
            await asyncio.sleep(0.001)
    await store.finish()
    assert await asyncio.gather(*others[2:]) == [-105, -106, -107, -108]
    assert not any(task.done() for task in [*stuck, *others[:2]])
    gate.set_result(None)
    await settled()
    await store.finish()
    assert await asyncio.gather(*stuck, *others[:2]) == [0, -1, -2, -3, -4, -103, -104]
    assert store.made[3] == [3, 103]
    assert store.forgets()


async def test_commits_under_way_have_a_bound(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.group_commit.OVERDUE_SECONDS", 0)
    asked = []
    for key in range(3 * MOST_COMMITS):
        asked.append(store.ask(key, key))
        await asyncio.sleep(0.001)
    assert len(store.gates) == MOST_COMMITS
    await store.finish()
    await asyncio.gather(*asked)
    assert store.forgets()


async def test_who_leaves_before_its_turn_has_nothing_made(store: Store) -> None:
    asked = [store.ask(1, change) for change in range(4)]
    await settled()
    asked[2].cancel()
    await store.finish()
    assert store.made[1] == [0, 1, 3]
    assert store.forgets()


async def test_who_leaves_a_commit_under_way_harms_no_other(store: Store) -> None:
    asked = [store.ask(key, key) for key in range(6)]
    await settled()
    asked[2].cancel()
    await store.release()
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert told[:2] + told[3:] == [0, -1, -3, -4, -5]
    assert isinstance(told[2], asyncio.CancelledError)
    assert store.cancelled == 0
    assert store.forgets()


async def test_a_commit_that_nobody_waits_for_any_more_is_given_up(store: Store) -> None:
    asked = [store.ask(key, key) for key in range(6)]
    await settled()
    for task in asked:
        task.cancel()
    await settled()
    assert store.cancelled == 1
    assert store.forgets()
    again = store.ask(1, 1)
    await settled()
    await store.release()
    assert await again == -1


async def test_a_commit_that_came_to_nothing_is_made_one_by_one(store: Store) -> None:
    store.errors = [NotCommitted()]
    asked = [store.ask(key, key) for key in range(6)]
    await settled()
    asked[3].cancel()
    await store.finish()
    assert store.sizes == [6, 1, 1, 1, 1, 1]
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert told[:3] + told[4:] == [0, -1, -2, -4, -5]
    assert 3 not in store.made
    assert store.forgets()


async def test_an_error_of_which_nobody_knows_more_is_told_to_each(store: Store) -> None:
    store.errors = [ZeroDivisionError()]
    asked = [store.ask(key, key) for key in range(6)]
    await settled()
    await store.finish()
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in told] == [ZeroDivisionError] * 6
    assert store.sizes == [6]
    assert store.forgets()


async def test_closing_lets_what_is_under_way_come_to_its_end(store: Store) -> None:
    asked = [store.ask(key, key) for key in range(6)]
    await settled()
    closing = asyncio.create_task(store.commits.close())
    await settled()
    await store.finish()
    await closing
    assert await asyncio.gather(*asked) == [0, -1, -2, -3, -4, -5]


async def test_closing_waits_for_nothing_that_stands_still(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.group_commit.CLOSE_SECONDS", 0.01)
    asked = [store.ask(key, key) for key in range(6)]
    await settled()
    await store.commits.close()
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in told] == [asyncio.CancelledError] * 6
    await Commits().close()
