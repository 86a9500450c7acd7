"""Results that have no JSON: an error in their place, by HTTP, streams and sockets."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from strawberry.types.execution import ExecutionResult

from core import events
from graph import rejection, stream
from graph.accept import LEGACY
from graph.socket_operation import next_of
from tests.graph.http import code_of

Heard = list[tuple[str, dict[str, object]]]


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def by_http(data: Any) -> Any:
    response = rejection.json({"data": data}, LEGACY, 200, {})
    assert response.status_code == 200
    return json.loads(bytes(response.body))


def by_stream(data: Any) -> Any:
    name, said, *_ = stream.next_of({"data": data}).decode().split("\n")
    assert name == "event: next"
    return json.loads(said.removeprefix("data: "))


def by_socket(data: Any) -> Any:
    said = json.loads(next_of("7", ExecutionResult(data, None)))
    assert (said["id"], said["type"]) == ("7", "next")
    return said["payload"]


@pytest.fixture
def heard() -> Iterator[Heard]:
    heard: Heard = []
    leave = events.subscribe(lambda name, fields: heard.append((name, dict(fields))))
    yield heard
    leave()


@pytest.mark.parametrize("way", [by_http, by_stream, by_socket])
@pytest.mark.parametrize(
    "wrong", [nested(300), 2**64, "\ud800", {1: 2}, object()], ids=lambda it: type(it).__name__
)
def test_what_cannot_be_written_is_an_error_that_the_log_knows(
    heard: Heard, way: Callable[[Any], Any], wrong: Any
) -> None:
    said = way({"a": wrong})
    assert (said["data"], code_of(said)) == (None, "INTERNAL_SERVER_ERROR")
    ((name, fields),) = heard
    assert name == "operation.failed"
    assert str(fields["reference"]) in said["errors"][0]["message"]
    assert isinstance(fields["exc_info"], TypeError)


@pytest.mark.parametrize("way", [by_http, by_stream, by_socket])
def test_what_can_be_written_is_as_it_was(heard: Heard, way: Callable[[Any], Any]) -> None:
    data = {"a": [1, None, "é", nested(200)]}
    assert way(data) == {"data": data}
    assert heard == []
