"""The short cut for live events gives exactly what graphql-core's own executor gives."""

import gc
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
import strawberry
from graphql import parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph import completion
from graph.completion import MOST_PLANS, Completion
from graph.hooks import Hooks
from graph.inbox_event import EVENTS, InboxEvent, Resync
from graph.scalars import SCALARS
from tests.graph import selections

Said = tuple[Any, list[Any]]
"""The data and the errors of one answer."""


@strawberry.type
class Query:
    ok: bool = True


@strawberry.type
class Slow:
    name: str

    @strawberry.field
    async def echo(self) -> str:
        return self.name


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def inbox_events(self, info: strawberry.Info) -> AsyncGenerator[InboxEvent, None]:
        for event in info.context:
            yield event

    @strawberry.subscription
    async def slow(self, info: strawberry.Info) -> AsyncGenerator[Slow, None]:
        for event in info.context:
            yield event


class Short(strawberry.Schema):
    def create_extensions_runner(self, execution_context: Any, extensions: Any) -> Hooks:
        return Hooks(execution_context, extensions)


CONFIG = StrawberryConfig(scalar_map=SCALARS)
stock = strawberry.Schema(Query, subscription=Subscription, types=EVENTS, config=CONFIG)
short = Short(
    Query,
    subscription=Subscription,
    types=EVENTS,
    config=CONFIG,
    execution_context_class=Completion,
)


async def answers(schema: strawberry.Schema, document: str, events: Sequence[Any]) -> list[Said]:
    """What each event becomes."""
    results = await schema.subscribe(document, dict(selections.VARIABLES), events)
    return [
        (result.data, [error.formatted for error in result.errors or ()])
        async for result in results
    ]


def in_order(said: list[Said]) -> str:
    """With the order of the keys, which a comparison of dicts passes over."""
    return repr(said)


@settings(max_examples=60, deadline=None)
@given(selections.documents(), st.lists(selections.EVENTS_OF_ANY_KIND, min_size=1, max_size=3))
async def test_any_event_becomes_what_the_executor_makes_of_it(
    document: str, events: list[Any]
) -> None:
    assert validate(short._schema, parse(document)) == []
    expected, found = await answers(stock, document, events), await answers(short, document, events)
    assert found == expected
    assert in_order(found) == in_order(expected)


BELL = """subscription { inboxEvents {
    __typename cursor ... on NotificationCreated { notification { title } } } }"""


async def test_plain_events_never_reach_the_executor(monkeypatch: pytest.MonkeyPatch) -> None:
    def reached(*_: object) -> None:
        raise AssertionError

    events = [Resync(cursor="c", seq=1, unread=2, dropped_up_to=0, replayed=False)] * 3
    expected = await answers(stock, BELL, events)
    monkeypatch.setattr(StrawberryGraphQLCoreExecutionContext, "build_per_event_executor", reached)
    assert await answers(short, BELL, events) == expected
    assert expected[0] == ({"inboxEvents": {"__typename": "Resync", "cursor": "c"}}, [])


async def test_what_conditions_say_belongs_to_the_operation_not_to_the_document() -> None:
    document = "subscription ($yes: Boolean!) { inboxEvents { seq cursor @include(if: $yes) } }"
    event = Resync(cursor="c", seq=1, unread=2, dropped_up_to=0, replayed=False)
    for yes in (True, False, True):
        results = await short.subscribe(document, {"yes": yes}, [event])
        found = [result.data["inboxEvents"] async for result in results if result.data]
        assert found == [{"seq": 1, "cursor": "c"} if yes else {"seq": 1}]


async def test_a_long_subscription_keeps_nothing_of_its_events(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: list[int] = []
    build = Completion.build_per_event_executor

    def watched(self: Completion, payload: Any) -> Any:
        kept.append(len(self._relevant_sub_fields))
        return build(self, payload)

    monkeypatch.setattr(Completion, "build_per_event_executor", watched)
    found = await answers(short, "subscription { slow { name echo } }", [Slow(name="a")] * 50)
    assert found == [({"slow": {"name": "a", "echo": "a"}}, [])] * 50
    assert len(kept) == 50
    assert max(kept) < 5


async def test_plans_are_forgotten_with_their_documents() -> None:
    event = Resync(cursor="c", seq=1, unread=2, dropped_up_to=0, replayed=False)
    gc.collect()
    before = len(completion._plans)
    for number in range(100):
        document = f"subscription {{ inboxEvents {{ a{number}: seq }} }}"
        (found,) = await answers(short, document, [event])
        assert found == ({"inboxEvents": {f"a{number}": 1}}, [])
    gc.collect()
    assert len(completion._plans) <= before + 5


async def test_the_answers_to_conditions_make_a_bounded_number_of_plans() -> None:
    names = [f"c{number}" for number in range(8)]
    said = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"{name}: seq @include(if: ${name})" for name in names)
    document = f"subscription ({said}) {{ inboxEvents {{ seq {fields} }} }}"
    event = Resync(cursor="c", seq=1, unread=2, dropped_up_to=0, replayed=False)
    for number in range(2 ** len(names)):
        chosen = {name: bool(number >> place & 1) for place, name in enumerate(names)}
        results = await short.subscribe(document, chosen, [event])
        found = [result.data["inboxEvents"] async for result in results if result.data]
        assert found == [{"seq": 1, **{name: 1 for name in names if chosen[name]}}]
    assert max(map(len, completion._plans.values())) <= MOST_PLANS
