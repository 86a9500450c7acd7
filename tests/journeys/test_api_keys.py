"""A service signs in by a key: made on the command line, seen in the API, revoked for good."""

import asyncio
import json
import sys
from typing import Any

import aiohttp

from local.processes import COMMAND
from tests.journeys.conftest import House, eventually

USER = "5f0c3a1b2c3d4e5f6a7b8c01"
NOTIFY = (
    f'mutation {{ createNotification(input: {{userId: "{USER}", key: "new_post"}}) {{ unread }} }}'
)
LIST = "{ apiKeys { nodes { id name role createdBy lastUsedAt revokedBy } } }"
LOG = "{ auditLog { nodes { by action outcome role targets input } } }"


async def api_key(house: House, *arguments: str) -> tuple[int | None, str, str]:
    """The exit code of `belfry api-key`, what it prints, and what it complains of."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        COMMAND,
        "api-key",
        *arguments,
        env=house.environment,
        stdout=pipe,
        stderr=pipe,
    )
    printed, complaint = await process.communicate()
    return process.returncode, printed.decode(), complaint.decode()


async def notify(house: House, secret: str) -> Any:
    """What a service with this key gets for a notification."""
    url = f"http://127.0.0.1:{house.ports['api']}/graphql"
    headers = {"Authorization": f"Bearer {secret}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(url, json={"query": NOTIFY}) as answer,
    ):
        return await answer.json()


async def test_a_key_lives_from_the_command_line_to_its_end(house: House) -> None:
    code, printed, _ = await api_key(house, "create", "--name", "Shop", "--role", "sender")
    secret = printed.strip()
    assert code == 0
    assert (await notify(house, secret))["data"]["createNotification"]["unread"] == 1

    async def used() -> Any:
        (key,) = (await house.ask(LIST))["apiKeys"]["nodes"]
        return key["lastUsedAt"] and key

    key = await eventually(used)
    assert (key["name"], key["role"], key["createdBy"]) == ("Shop", "SENDER", "command line")
    code, printed, _ = await api_key(house, "list")
    assert code == 0
    assert printed.split()[:3] == [secret[3:27], "sender", "stays"]
    assert "used 20" in printed

    code, printed, _ = await api_key(house, "revoke", secret[3:27])
    assert code == 0
    assert printed.startswith(f"{secret[3:27]} is revoked since 20")

    async def refused() -> bool:
        return "errors" in await notify(house, secret)

    await eventually(refused)
    (error,) = (await notify(house, secret))["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert "revoked" in (await api_key(house, "list"))[1]

    revoking, making = (await house.ask(LOG))["auditLog"]["nodes"]
    assert [making["action"], revoking["action"]] == ["createApiKey", "revokeApiKey"]
    for entry in (making, revoking):
        assert (entry["by"], entry["role"], entry["outcome"]) == ("command line", None, "DONE")
        assert entry["targets"] == [secret[3:27]]
    assert json.loads(making["input"]) == {"name": "Shop", "role": "sender", "expiresAt": None}


async def test_what_the_command_cannot_do_is_one_line(house: House) -> None:
    for arguments, said in (
        (("revoke", "x"), "24 hex digits"),
        (("revoke", "0" * 24), "there is no such API key"),
        (("create", "--name", " ", "--role", "sender"), "name: must have 1 to 100"),
        (("create", "--name", "x", "--role", "subscriber"), "role: "),
    ):
        code, printed, complaint = await api_key(house, *arguments)
        assert (code, printed) == (2, "")
        assert said in complaint
        assert len(complaint.splitlines()) == 1
