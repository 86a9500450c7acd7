"""Spans: where they go, whose they are, and that nothing of it is there while nobody traces."""

import subprocess
import sys

import pytest

import core
from core import tracing
from core.errors import ConfigurationError
from core.settings import load
from tests.otlp import collecting

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_span_is_below_its_caller_and_what_comes_later_is_below_it() -> None:
    with collecting() as collector:
        with tracing.told(load(_env_file=None, tracing_url=collector.address), "api"):
            first = tracing.begin("server", CALLER)
            assert first is not None
            tracing.enter(first)
            later = tracing.begin("client", tracing.traceparent())
            assert later is not None
            later.end("attempt email", "refused", message_id="m1", number=1, mailing_id=None)
            first.end("mutation createMailing", request="r1")
        attempt, operation = collector.spans
    assert {attempt.trace, operation.trace} == {bytes.fromhex(CALLER[3:35])}
    assert operation.parent == bytes.fromhex(CALLER[36:52])
    assert (attempt.parent, attempt.failed, operation.failed) == (operation.id, "refused", "")
    assert attempt.attributes == {"belfry.message_id": "m1", "belfry.number": 1}
    assert (operation.process, operation.attributes) == ("api", {"belfry.request": "r1"})


@pytest.mark.parametrize("said", ["", "nonsense", "00-0-0-00", CALLER.replace("0", "g")])
def test_a_caller_that_says_nonsense_is_none(said: str) -> None:
    with collecting() as collector:
        with tracing.told(load(_env_file=None, tracing_url=collector.address), "api"):
            span = tracing.begin("server", said)
            assert span is not None
            span.end("query inbox")
        assert collector.spans[0].parent == b""


def test_while_nobody_traces_there_are_no_spans() -> None:
    with tracing.told(load(_env_file=None), "api"):
        assert tracing.begin("server", CALLER) is None
        assert tracing.traceparent() is None


@pytest.mark.parametrize("process", ["graph.app", "jobs.worker"])
def test_while_nobody_traces_nothing_of_the_library_is_loaded(process: str) -> None:
    look = f"import sys, {process}; sys.exit('opentelemetry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "core.opentelemetry", raising=False)
    monkeypatch.delattr(core, "opentelemetry", raising=False)
    settings = load(_env_file=None, tracing_url="http://127.0.0.1:4318")
    with (
        pytest.raises(ConfigurationError, match="install its extra `tracing`"),
        tracing.told(settings, "api"),
    ):
        pass
