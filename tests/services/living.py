"""One life of a mailing, step by step, with what the judge must know of it."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from bson import ObjectId

from channels.channel import Envelope, Outcome, Refused, Retry, Sent, Unknown
from core import mongo
from core.errors import InvalidInput
from core.parts import Parts
from services import deliveries, mailings, messages, objections, recipients
from services.deliveries import Sendable
from services.messages import Claimed
from services.results import Change
from tests import factories
from tests.faults.evidence import Acceptance, Evidence, Row, Version

CHANNELS = ("sending_api", "email")
LONG = timedelta(hours=200)
"""Longer than most lives."""
ANSWERS: dict[str, tuple[bool, Outcome]] = {
    "sent": (True, Sent("200")),
    "put off": (False, Retry("503")),
    "refused": (False, Refused("400")),
    "no such address": (False, Refused("550", undeliverable=True)),
    "lost on the way there": (False, Unknown("reset")),
    "lost on the way back": (True, Unknown("reset")),
}
"""What may become of a send: whether the outside took it, and what it said."""


@dataclass
class Provider:
    """A channel that answers as it is told, and knows what it took."""

    name: str
    taken: list[Acceptance]
    parts: Parts
    answer: str = "sent"
    provider: str = "example.com"
    concurrency: int = 1
    secrets: tuple[str, ...] = ()

    async def send(self, envelope: Envelope, timeout_seconds: float) -> Outcome:
        """Take it or not."""
        took, outcome = ANSWERS[self.answer]
        if took:
            key = UUID(envelope.message_id) if self.name == "email" else envelope.number
            now = self.parts.database_clock.now()
            self.taken.append(Acceptance(self.name, key, now, envelope.address, envelope.text))
        return outcome

    async def close(self) -> None:
        """Nothing is open."""


Result = TypeVar("Result")


@dataclass
class Workshop:
    """One database for all lives, and the loop that they run in."""

    runner: asyncio.Runner
    parts: Parts

    def do(self, awaited: Awaitable[Result]) -> Result | None:
        """Run to the end; whoever comes too late is told so, and that is right."""

        async def done() -> Result:
            return await awaited

        try:
            return self.runner.run(done())
        except InvalidInput:
            return None


@dataclass
class Past:
    """A mailing to three clients by two channels, and what became of it so far."""

    parts: Parts
    mailing_id: ObjectId
    clients: list[ObjectId]
    versions: list[Version]
    taken: list[Acceptance] = field(default_factory=list)
    lives: list[dict[str, Any]] = field(default_factory=list)
    """Clients as they were before they changed or left."""

    @property
    def now(self) -> datetime:
        """The time, which tests move on."""
        return self.parts.database_clock.now()

    def pass_time(self, seconds: float) -> None:
        """Move the clock on."""
        ahead = self.now - datetime.now(UTC) + timedelta(seconds=seconds)
        self.parts.database_clock.observe(datetime.now(UTC) + ahead)

    def note(self, **changes: Any) -> None:
        """Remember that the mailing says something else from now on."""
        self.versions.append(self.versions[-1]._replace(at=self.now, **changes))

    async def remember(self, client_id: ObjectId, **said: Any) -> None:
        """Remember a client as it is."""
        row = await mongo.database(self.parts.mongo)["clients"].find_one({"_id": client_id})
        if row is not None:
            self.lives.append({**row, **said})

    async def claim(self, channel: str, limit: int, *, suspects: bool) -> list[Claimed]:
        """As a pump does it."""
        held = await messages.claim(
            self.parts, self.mailing_id, channel, limit, "w1", suspects=suspects
        )
        await recipients.look_up(held, channel)
        return held

    async def send(self, claimed: Claimed, answer: str) -> Change:
        """As a pump does it, with the mailing as it is just now."""
        mailing = await mailings.collection().find_one({"_id": self.mailing_id})
        if (objection := objections.find(claimed, mailing, self.now)) is not None:
            return objection
        sendable = Sendable.of(claimed, mailing)
        seconds = sendable.seconds(self.now, 20)
        if seconds < objections.LEAST_SECONDS:
            return objections.out_of_time(claimed, mailing, self.now)
        provider = Provider(claimed.row["channel"], self.taken, self.parts, answer)
        clock = self.parts.database_clock
        change, _ = await deliveries.attempt(provider, sendable, seconds, "w1", clock)
        return change

    async def evidence(self) -> Evidence:
        """Everything that the judge wants to see."""
        database = mongo.database(self.parts.mongo)

        async def rows(name: str) -> list[Row]:
            return [row async for row in database[name].find()]

        return Evidence(
            mailings=await rows("mailings"),
            clients=[*await rows("clients"), *self.lives],
            messages=await rows("messages"),
            attempts=await rows("attempts"),
            counters=await rows("counters"),
            accepted=self.taken,
            versions={self.mailing_id: self.versions},
        )


async def begin(parts: Parts) -> Past:
    """An empty database with three clients and a mailing to them, not yet launched."""
    database = mongo.database(parts.mongo)
    for name in await database.list_collection_names(filter=factories.OURS):
        await database[name].delete_many({})
    parts.database_clock.observe(datetime.now(UTC))
    clients = await factories.clients(3, said=factories.with_email)
    at = parts.database_clock.now()
    created = await factories.created(parts, channels=CHANNELS, end_at=at + LONG)
    first = Version(at, created.text, created.end_at)
    return Past(parts, factories.id_of(created), clients, [first])
