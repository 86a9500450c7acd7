"""JSON in the documentation that is no operation's answer is taken, or told, by the API as it stands."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import jwt
import pytest

from tests.docs import blocks
from tests.docs.blocks import Block
from tests.graph.conftest import SECRET, Edge

FIELDS = "id status channel address outsideId clientId why createdAt sentAt topic userId"
COSTLY = (
    f"{{ mailings(first: 100) {{ nodes {{ messages(first: 100) {{ nodes {{ {FIELDS} }} }} }} }} }}"
)
"""What docs/limits.md tells the refusal of."""
ELSEWHERE = {"docs/import-export.md": "journeys/test_pages.py"}
"""Pages whose JSON other tests compare."""


async def claims(edge: Edge, told: Any) -> None:
    bearer = {"Authorization": f"Bearer {jwt.encode(told, SECRET, 'HS256')}"}
    asked = {"query": f'{{ inbox(userId: "{told["sub"]}") {{ unread }} }}'}
    async with edge.http.post("/graphql", json=asked, headers=bearer) as response:
        assert await response.json() == {"data": {"inbox": {"unread": 0}}}


async def refusal(edge: Edge, told: Any) -> None:
    assert await edge.ask(COSTLY) == told


async def document(edge: Edge, told: Any) -> None:
    told["documentId"] = told["documentId"].replace("<64 hexadecimal digits>", "0" * 64)
    async with edge.http.post("/graphql", json=told) as response:
        (error,) = (await response.json())["errors"]
    assert error["extensions"]["code"] == "PERSISTED_QUERY_NOT_SUPPORTED"


def alone() -> list[Block]:
    """The blocks of JSON below no operation."""
    below = {said for asked, said in blocks.pairs() if asked.language == "graphql"}
    return [it for it in blocks.of("json") if it not in below and it.page not in ELSEWHERE]


CHECKS: dict[str, Callable[[Edge, Any], Awaitable[None]]] = {
    "sub": claims,
    "errors": refusal,
    "documentId": document,
}
"""By the first name in it."""


@pytest.mark.parametrize("block", alone(), ids=str)
async def test_json_is_as_it_stands(edge: Edge, block: Block) -> None:
    told = json.loads(block.text)
    await CHECKS[next(iter(told))](edge, told)
