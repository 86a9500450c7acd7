"""Group commit, whatever is asked for, ends, fails and leaves, in any order."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from core.mongo import NotCommitted
from tests.core.committing import Store, settled

ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, 9)),
        st.tuples(st.just("leave"), st.integers(0, 60)),
        st.tuples(st.sampled_from(["turn", "release", "apart", "fail"]), st.just(0)),
    ),
    max_size=60,
)


@given(ACTS)
def test_whatever_happens_each_gets_its_own_answer_once_and_in_order(
    acts: list[tuple[str, int]],
) -> None:
    async def story() -> None:
        store, asked = Store(), list[asyncio.Task[int]]()
        for act, which in acts:
            await play(store, asked, act, which)
        await settled()
        await store.finish()
        check(store, await asyncio.gather(*asked, return_exceptions=True))
        assert store.forgets()

    asyncio.run(story())


async def play(store: Store, asked: "list[asyncio.Task[int]]", act: str, which: int) -> None:
    match act:
        case "ask":
            asked.append(store.ask(which, 10 * len(asked) + which))
        case "leave" if asked:
            asked[which % len(asked)].cancel()
        case "release":
            await store.release()
        case "apart":
            store.errors.append(NotCommitted())
        case "fail":
            store.errors.append(ZeroDivisionError())
        case _:
            await settled()


def check(store: Store, told: list[int | BaseException]) -> None:
    for key, changes in store.made.items():
        assert changes == sorted(set(changes))
        assert {change % 10 for change in changes} == {key}
    made = {change for changes in store.made.values() for change in changes}
    for place, one in enumerate(told):
        if isinstance(one, int):
            assert -one // 10 == place
            assert -one in made
        else:
            assert isinstance(one, asyncio.CancelledError | ZeroDivisionError)
