"""Whose span an operation is below (M21)."""

import asyncio
from types import SimpleNamespace

import pytest
from starlette.requests import Request

from core import tracing
from core.settings import load
from graph.http import answer
from tests.traced import Traced

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_an_operation_is_traced_below_its_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    tracer = Traced()
    monkeypatch.setattr(tracing, "_tracer", tracer)
    parts = SimpleNamespace(settings=load(_env_file=None))
    app = SimpleNamespace(state=SimpleNamespace(parts=parts, ready=asyncio.Event()))
    headers = [(b"content-type", b"application/json"), (b"traceparent", CALLER.encode())]
    scope = {"type": "http", "method": "POST", "headers": headers, "query_string": b"", "app": app}
    response = await answer(Request(scope))
    assert response.status_code == 503
    assert tracer.said == ["server", CALLER, "unknown unknown", "UNAVAILABLE"]
