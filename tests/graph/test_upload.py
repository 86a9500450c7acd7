"""Long bodies, piece by piece."""

import asyncio
import gzip
from typing import Any

import pytest
from starlette.requests import Request

from graph.rejection import Rejected
from graph.upload import PIECE, Upload

MIB = 1024 * 1024


async def test_a_sender_that_falls_silent_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.upload.PATIENCE_SECONDS", 0.1)

    async def receive() -> Any:
        await asyncio.Event().wait()

    scope: dict[str, Any] = {"type": "http", "method": "POST", "headers": []}
    with pytest.raises(Rejected, match="too slowly") as caught:
        async for _ in Upload(Request(scope, receive), 10).pieces():
            pass
    assert caught.value.status == 408


async def test_no_piece_is_larger_however_much_a_packed_one_unfolds_to() -> None:
    said = gzip.compress(b"0" * (3 * PIECE)) + gzip.compress(b"1" * 10)

    async def receive() -> Any:
        return {"type": "http.request", "body": said}

    headers = [(b"content-encoding", b"gzip")]
    scope: dict[str, Any] = {"type": "http", "method": "POST", "headers": headers}
    found = [piece async for piece in Upload(Request(scope, receive), MIB).pieces()]
    assert max(map(len, found)) == PIECE
    assert b"".join(found) == b"0" * (3 * PIECE) + b"1" * 10
