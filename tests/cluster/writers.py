"""Clients that create notifications at any of the APIs, and ask again until they get an answer."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import cycle
from typing import Any
from uuid import uuid4

import aiohttp

from tests.cluster.cluster import token

CREATE = """mutation ($input: CreateNotificationInput!) {
  createNotification(input: $input) { notification { seq } errors { code message } } }"""
KEYS = ("new_post", "new_message", "new_login")
STAFF = "5f0c3a1b2c3d4e5f6a7b8c99"
PATIENCE_SECONDS = 5.0
AGAIN_SECONDS = 0.2
AWAY = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
RETRYABLE = {"UNAVAILABLE", "TIMEOUT"}
REFUSAL_SECONDS = 60.0
STRANGER = "5f0c3a1b2c3d4e5f6a7b8c98"


@dataclass
class Writers:
    """What they were told, summed up."""

    addresses: Sequence[str]
    users: Sequence[str]
    seed: str
    stored: Counter[str] = field(default_factory=Counter)
    """How many notifications of each user were acknowledged."""
    refused: Counter[str] = field(default_factory=Counter)
    """How often they had to ask again, by what they were told."""
    strange: list[Any] = field(default_factory=list)
    """Answers that no client can make anything of."""
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, count: int, pause: float) -> None:
        """So many of them, until they are told to end; each finishes what it has begun."""
        async with _session(PATIENCE_SECONDS) as http:
            await asyncio.gather(*(self._write(http, number, pause) for number in range(count)))

    async def are_refused(self) -> None:
        """Ask each API once, with all the time that it wants to say no; fails if it says yes."""
        async with _session(REFUSAL_SECONDS) as http:
            said = {"userId": STRANGER, "key": "new_post", "idempotencyKey": str(uuid4())}
            told = await asyncio.gather(*(self._ask(http, at, said) for at in self.addresses))
        assert set(told) <= RETRYABLE, f"instead of a refusal: {told}"

    def end(self) -> None:
        """Begin nothing new."""
        self._ended.set()

    async def _write(self, http: aiohttp.ClientSession, number: int, pause: float) -> None:
        dice = random.Random(f"{self.seed}:writer:{number}")
        while not self._ended.is_set():
            user = dice.choice(self.users)
            said = {"userId": user, "key": dice.choice(KEYS), "data": {"text": dice.random()}}
            said["idempotencyKey"] = str(uuid4())
            turns = cycle(dice.sample(self.addresses, len(self.addresses)))
            while (refusal := await self._ask(http, next(turns), said)) is not None:
                self.refused[refusal] += 1
                await asyncio.sleep(AGAIN_SECONDS)
            self.stored[user] += 1
            await asyncio.sleep(dice.expovariate(1 / pause))

    async def _ask(
        self, http: aiohttp.ClientSession, address: str, said: dict[str, Any]
    ) -> str | None:
        """Why there is no good answer; None if there is."""
        body = {"query": CREATE, "variables": {"input": said}}
        try:
            async with http.post(f"{address}/graphql", json=body) as response:
                if response.status in AWAY:
                    return str(response.status)
                return self._judge(await response.json())
        except aiohttp.ClientConnectorError:
            return "no connection"
        except aiohttp.ClientConnectionError:
            return "connection lost"
        except TimeoutError:
            return "no answer"

    def _judge(self, answer: dict[str, Any]) -> str | None:
        codes = {one["extensions"]["code"] for one in answer.get("errors", ())}
        if codes and codes <= RETRYABLE:
            return " ".join(sorted(codes))
        created = (answer.get("data") or {}).get("createNotification")
        if codes or not created or created["errors"]:
            self.strange.append(answer)
            return "strange"
        return None


def _session(seconds: float) -> aiohttp.ClientSession:
    headers = {"Authorization": f"Bearer {token('admin', STAFF)}"}
    return aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=seconds))
