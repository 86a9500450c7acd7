"""Operators who never rest: they create mailings, change them, and change the clients under them."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo.errors import PyMongoError

from core import clock, mongo
from core.errors import InvalidInput, Problem
from models.mailing import LocalWindow
from services import clients, notifications, preferences, suppressions
from services.preferences import Owner, Whose, Wish
from services.suppressions import NewSuppression, SuppressionFilter
from tests import factories
from tests.faults import desk
from tests.faults.scene import Scene

ZONES = ("UTC", "Asia/Tokyo", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati")
TAGS = ("red", "green", "blue", "rare")
CHANNELS = (("sending_api",), ("email",), ("sending_api", "email"))
MUTED = ("sending_api", "email")
FORBIDDEN = {Problem.NOT_ALLOWED_NOW, Problem.CONFLICT, Problem.NOT_FOUND}
"""What an operator may be told who comes too late."""


@dataclass
class Operators:
    """They draw what they do; `longest` is the most seconds that a mailing may run."""

    scene: Scene
    drawn: random.Random
    longest: float
    mailings: list[ObjectId] = field(default_factory=list)
    clients: list[ObjectId] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    async def settle_in(self, count: int) -> None:
        """Bring clients of many zones and tags, and a first mailing."""
        self.clients = await factories.clients(count, said=self._said)
        await self._create()

    async def work(self, calm: asyncio.Lock, pause: float) -> None:
        """Do one thing after the other, for ever."""
        acts: dict[str, Callable[[], Awaitable[None]]] = {
            "create": self._create,
            "edit": self._edit,
            "pause": self._pause,
            "resume": self._resume,
            "cancel": self._cancel,
            "retry": self._retry,
            "move": self._move_client,
            "leave": self._delete_client,
            "notify": self._notify,
            "mute": self._mute,
            "forgive": self._forgive,
        }
        weights = [6, 4, 2, 3, 1, 3, 2, 1, 4, 2, 3]
        while True:
            await asyncio.sleep(self.drawn.expovariate(1 / pause))
            (name,) = self.drawn.choices(list(acts), weights)
            async with calm:
                self.done[name] += 1
                await self._try(acts[name])

    async def hurry(self, pause: float) -> None:
        """Let time pass for what waits, for ever."""
        while True:
            await asyncio.sleep(pause)
            try:
                await self.scene.hurry()
            except PyMongoError:
                continue

    async def resume_all(self) -> None:
        """Leave nothing paused."""
        for mailing_id in self.mailings:
            await self._try(partial(desk.resume, self.scene, mailing_id))

    async def _try(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except InvalidInput as error:
            if not {one.code for one in error.errors} <= FORBIDDEN:
                raise

    def _said(self, number: int) -> dict[str, Any]:
        drawn = self.drawn
        return {
            "tags": drawn.sample(TAGS, drawn.randrange(3)),
            "time_zone": drawn.choice(ZONES),
            "email": f"c{number}@example.com" if drawn.random() < 0.7 else None,
            "muted": [f"*/{drawn.choice(MUTED)}"] if drawn.random() < 0.1 else [],
        }

    async def _create(self) -> None:
        drawn = self.drawn
        now = clock.now()
        end_at = now + timedelta(seconds=drawn.uniform(2, self.longest))
        start_at = now + timedelta(seconds=drawn.choice([-1, 0, 1]))
        said: dict[str, Any] = {"channels": drawn.choice(CHANNELS), "text": self._text()}
        if drawn.random() < 0.6:
            said["tags"] = tuple(drawn.sample(TAGS, drawn.randint(1, 3)))
        if drawn.random() < 0.4:
            said["window"] = self._window()
        created = await desk.create(self.scene, start_at=start_at, end_at=end_at, **said)
        self.mailings.append(created)

    async def _edit(self) -> None:
        drawn = self.drawn
        end_at = clock.now() + timedelta(seconds=drawn.uniform(1, self.longest))
        choices: list[dict[str, Any]] = [{"text": self._text()}, {"end_at": end_at}]
        changes = drawn.choice([*choices, {"window": self._window()}])
        await desk.edit(self.scene, drawn.choice(self.mailings), **changes)

    async def _pause(self) -> None:
        await desk.pause(self.scene, self.drawn.choice(self.mailings))

    async def _resume(self) -> None:
        await desk.resume(self.scene, self.drawn.choice(self.mailings))

    async def _cancel(self) -> None:
        await desk.cancel(self.scene, self.drawn.choice(self.mailings))

    async def _retry(self) -> None:
        end_at = clock.now() + timedelta(seconds=self.longest)
        await desk.retry(self.scene, self.drawn.choice(self.mailings), end_at)

    async def _move_client(self) -> None:
        client_id = self.drawn.choice(self.clients)
        await self._remember(client_id)
        phone = factories.phone(self.drawn.randrange(10**6, 10**8))
        change = self.drawn.choice([{"phone": phone}, {"time_zone": self.drawn.choice(ZONES)}])
        await clients.update(client_id, dict(change))

    async def _delete_client(self) -> None:
        client_id = self.drawn.choice(self.clients)
        await self._remember(client_id, deleted=True)
        await clients.delete(self.scene.parts, client_id)

    async def _remember(self, client_id: ObjectId, **said: Any) -> None:
        """Keep a client as it is for the judge."""
        rows = mongo.database(self.scene.parts.mongo)["clients"]
        if (row := await rows.find_one({"_id": client_id})) is not None:
            self.scene.past.append({**row, **said})

    async def _notify(self) -> None:
        new = factories.notification(ObjectId(), "new_login")
        await notifications.create(self.scene.parts, desk.CALLER, new)

    async def _mute(self) -> None:
        """A client hears nothing of a channel any more, or hears of it again."""
        owner = Owner(Whose.CLIENT, self.drawn.choice(self.clients))
        await self._remember(owner.id)
        entry = [(None, self.drawn.choice(MUTED))]
        wish = self.drawn.choice([Wish(mute=entry), Wish(unmute=entry)])
        await preferences.change(self.scene.parts, owner, wish, desk.CALLER)

    async def _forgive(self) -> None:
        """Let addresses that bounced be tried again, or soon no mail would leave at all."""
        page = await suppressions.page(SuppressionFilter(), first=1_000, after=None)
        listed = [NewSuppression(one.channel, one.address) for one in page.items]
        await suppressions.remove(desk.CALLER, listed)

    def _text(self) -> str:
        return f"Come! {self.drawn.randrange(1_000)}"

    def _window(self) -> LocalWindow:
        opens = self.drawn.randrange(24)
        closes = (opens + self.drawn.choice([2, 8, 16])) % 24
        return LocalWindow(opens=f"{opens:02}:00", closes=f"{closes:02}:00")
