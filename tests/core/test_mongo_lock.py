"""That nobody who is cancelled keeps the client's lock, or gives back that of somebody else."""

import asyncio
from typing import Any

import pytest

from core import mongo
from local.ports import LOOPBACK, free_port


@pytest.mark.parametrize("turns", range(4))
async def test_who_looks_for_a_server_and_is_cancelled_twice_locks_nobody_out(turns: int) -> None:
    async with mongo.connect(f"mongodb://{LOOPBACK}:{free_port()}") as client:
        looking = asyncio.create_task(client.admin.command("ping"))
        async with asyncio.timeout(60):
            lock = await lock_of(client, looking)
            async with lock:  # raises RuntimeError at its end if it is not ours any more
                looking.cancel()
                while not lock._waiters:
                    await asyncio.sleep(0)
                looking.cancel()
                for _ in range(turns):
                    await asyncio.sleep(0)
            await asyncio.wait({looking})
            assert looking.cancelled()
            async with lock:
                pass


async def lock_of(client: Any, looking: "asyncio.Task[Any]") -> Any:
    """The client's, once the task waits for a server to be there."""
    while client._topology is None or not client._topology._condition._waiters:
        assert not looking.done()
        await asyncio.sleep(0.01)
    return client._topology._lock
