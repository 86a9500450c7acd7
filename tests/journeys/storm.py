"""A storm: thousands of changes of a few inboxes by all mutations, while everything else breaks."""

import asyncio
import random
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

import aiohttp
from redis import Redis as Client

from local.children import Child
from local.redis import Redis
from tests.journeys.conftest import House
from tests.processes import Api

KNOWN = 40
"""Notifications of a user that a storm remembers, to change them."""
PATIENCE_SECONDS = 30.0

CREATE = """mutation ($all: [CreateNotificationInput!]!) {
  createNotifications(input: {notifications: $all}) {
    results { notification { id cursor userId } errors { code } } } }"""
READ_ALL = """mutation ($user: ID!, $cursor: String!) {
  markNotificationsRead(input: {userId: $user, upTo: $cursor}) { errors { code } } }"""
UPDATE = """mutation ($id: ID!, $data: JSON) {
  updateNotification(input: {id: $id, data: $data}) { errors { code } } }"""
OF_ONE = "mutation ($id: ID!) {{ {}(input: {{id: $id}}) {{ errors {{ code }} }} }}"


class Storm:
    """Writes to all APIs at once; a request that meets a dead one is not repeated."""

    def __init__(self, house: House, users: Sequence[str], ports: Sequence[int], seed: str) -> None:
        self.seed = seed
        self.done: Counter[str] = Counter()
        """Requests by mutation, and `lost`."""
        self.strange: list[Any] = []
        """Answers that no storm explains."""
        self._house = house
        self._users = users
        self._ports = ports
        self._known: defaultdict[str, deque[dict[str, str]]] = defaultdict(
            partial(deque, maxlen=KNOWN)
        )
        self._archived: deque[str] = deque(maxlen=KNOWN)

    async def write(self, writers: int, steps: int) -> None:
        """Write by several writers, each its number of requests."""
        turns = (self._write(f"{self.seed}:{number}", steps) for number in range(writers))
        await asyncio.gather(*turns)

    async def _write(self, seed: str, steps: int) -> None:
        dice = random.Random(seed)  # noqa: S311 - what comes next
        for _ in range(steps):
            name, query, variables = self._draw(dice)
            answer = await self._ask(dice.choice(self._ports), query, variables)
            self.done[name if answer else "lost"] += 1
            if answer and name == "create":
                self._remember(answer["createNotifications"]["results"])

    def _draw(self, dice: random.Random) -> tuple[str, str, dict[str, Any]]:
        user = dice.choice(self._users)
        known, act = self._known[user], dice.random()
        if act < 0.25 or not known:
            return "create", CREATE, {"all": self._batch(dice)}
        one = dice.choice(known)
        if act < 0.3:
            return "readAll", READ_ALL, {"user": user, "cursor": one["cursor"]}
        if act < 0.5:
            return "update", UPDATE, {"id": one["id"], "data": {"text": dice.random()}}
        if act < 0.6:
            return "read", OF_ONE.format("markNotificationRead"), {"id": one["id"]}
        if act < 0.75:
            return "retract", OF_ONE.format("retractNotification"), {"id": one["id"]}
        if act < 0.85 and self._archived:
            return "unarchive", OF_ONE.format("unarchiveNotification"), {"id": self._archived.pop()}
        self._archived.append(one["id"])
        return "archive", OF_ONE.format("archiveNotification"), {"id": one["id"]}

    def _batch(self, dice: random.Random) -> list[dict[str, Any]]:
        return [
            {
                "userId": dice.choice(self._users),
                "key": dice.choice(("new_post", "new_message", "new_login")),
                "data": {"text": dice.random()},
            }
            for _ in range(dice.choice((1, 1, 1, 15)))
        ]

    def _remember(self, results: list[Any]) -> None:
        for result in results:
            if result["errors"]:
                self.strange.append(result)
            else:
                self._known[result["notification"]["userId"]].append(result["notification"])

    async def _ask(self, port: int, query: str, variables: dict[str, Any]) -> Any:
        """The data of an answer; None if there was none."""
        headers = {"Authorization": f"Bearer {self._house.token()}"}
        body = {"query": query, "variables": variables}
        url = f"http://127.0.0.1:{port}/graphql"
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                async with self._house.http.post(url, json=body, headers=headers) as response:
                    if response.status == HTTPStatus.SERVICE_UNAVAILABLE:
                        return None  # it is starting
                    answer = await response.json()
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
            await asyncio.sleep(0.02)
            return None
        self.strange += answer.get("errors", [])
        (payload,) = (answer.get("data") or {"none": {}}).values()
        self.strange += [e for e in (payload or {}).get("errors", ()) if e["code"] != "NOT_FOUND"]
        return answer.get("data")


async def break_everything(apis: Sequence[Api], redis: Redis, seed: str) -> None:
    """Kill APIs and Redis, empty Redis, cut off those who listen to it; in the end all is well."""
    dice = random.Random(seed)  # noqa: S311 - what breaks next
    acts = [partial(_restart, api, dice) for api in apis]
    acts += [partial(_restart, redis, dice) for _ in "12"]
    acts += [partial(_order, redis, order) for order in ("FLUSHALL", "CLIENT KILL TYPE pubsub")]
    dice.shuffle(acts)
    for act in acts:
        await asyncio.sleep(dice.uniform(0.1, 0.8))
        await act()


async def _restart(child: Child, dice: random.Random) -> None:
    child.kill()
    await asyncio.sleep(dice.uniform(0, 0.5))
    child.launch()
    await asyncio.to_thread(child.wait_ready)


async def _order(redis: Redis, order: str) -> None:
    def run() -> None:
        with Client.from_url(redis.url) as client:
            client.execute_command(*order.split())

    await asyncio.to_thread(run)
