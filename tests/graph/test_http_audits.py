"""GraphQL over HTTP as its working group has it: the public suite of audits, all of it."""

import asyncio
import json
import os
from collections import Counter
from typing import Any

from tests import node
from tests.graph.conftest import Edge, token

AUDITS = 61
"""As many as graphql-http 1.23.1 has; a new version of it may have more."""


async def audited(edge: Edge) -> list[dict[str, Any]]:
    """What each audit says."""
    process = await asyncio.create_subprocess_exec(
        *node.command("audits.mjs", f"{edge.address}/graphql"),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "BELFRY_TOKEN": token("admin")},
    )
    said, _ = await process.communicate()
    return [json.loads(line) for line in said.splitlines()]


async def test_every_audit_passes_whether_it_must_or_should_or_may(edge: Edge) -> None:
    results = await audited(edge)
    assert [result for result in results if result["status"] != "ok"] == []
    assert len({result["id"] for result in results}) == AUDITS
    levels = Counter(result["name"].split()[0] for result in results)
    assert levels.keys() == {"MUST", "SHOULD", "MAY"}
