"""Gremlins: each sits on one part of the house and breaks it again and again, by its own dice."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.faults import Faults
from local.mail_faults import CLOSE, STALL, MailFaults, Mixed, Stage
from tests.faults.house import LEASE_SECONDS, House, restart
from tests.faults.proxy import Proxy

Act = Callable[[], Awaitable[None]]

CREW = 2
"""Workers that there are while nothing is broken."""

_MAIL_TROUBLES = (
    (Stage.GREETING, "421 4.3.2 too busy"),
    (Stage.MAIL, "421 4.3.2 closing"),
    (Stage.RCPT, "451 4.7.1 come back later"),
    (Stage.RCPT, "550 5.1.1 no such user"),
    (Stage.DATA, CLOSE),
    (Stage.CONTENT, CLOSE),
    (Stage.DOT, "451 4.3.0 not now"),
    (Stage.DOT, "554 5.7.1 no"),
    (Stage.DOT, CLOSE),
    (Stage.DOT, STALL),
)


@dataclass
class Gremlins:
    """All of them; `done` counts what they did, by kind."""

    house: House
    seed: str
    done: Counter[str] = field(default_factory=Counter)
    calm: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while MongoDB itself is away, when operators can do nothing either."""

    async def rage(self, seconds: float, pause: float) -> None:
        """Break things for a time, each part about every `pause` seconds."""
        parts = {"mongo": self._mongo, "redis": self._redis, "api": self._api}
        parts |= {"smtp": self._smtp, "workers": self._workers, "outside": self._outside}
        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as tasks:
                for name, acts in parts.items():
                    drawn = random.Random(f"{self.seed}:{name}")
                    tasks.create_task(self._plague(name, acts(drawn), drawn, pause))
        except TimeoutError:
            return

    async def _plague(
        self, name: str, acts: Mapping[str, Act], drawn: random.Random, pause: float
    ) -> None:
        while True:
            await asyncio.sleep(drawn.expovariate(1 / pause))
            kind = drawn.choice(sorted(acts))
            self.done[f"{name} {kind}"] += 1
            await acts[kind]()

    def _mongo(self, drawn: random.Random) -> dict[str, Act]:
        line, server = self.house.lines.mongo, self.house.mongod

        async def whole() -> None:
            async with self.calm:
                server.kill()
                await asyncio.sleep(drawn.uniform(0, 2))
                await restart(server)

        async def killed() -> None:
            # The end of the rage must leave no operator before a database that is away.
            killing = asyncio.create_task(whole())
            try:
                await asyncio.shield(killing)
            finally:
                await killing

        return {**self._line(line, drawn), "killed": killed}

    def _redis(self, drawn: random.Random) -> dict[str, Act]:
        line, server = self.house.lines.redis, self.house.redis

        async def killed() -> None:
            server.kill()
            await asyncio.sleep(drawn.uniform(0, 2))
            await restart(server)

        async def flushed() -> None:
            await self.house.parts.redis.flushall()

        return {**self._line(line, drawn), "killed": killed, "flushed": flushed}

    def _api(self, drawn: random.Random) -> dict[str, Act]:
        return self._line(self.house.lines.api, drawn)

    def _smtp(self, drawn: random.Random) -> dict[str, Act]:
        return self._line(self.house.lines.smtp, drawn)

    def _line(self, line: Proxy, drawn: random.Random) -> dict[str, Act]:
        """What can befall any connection."""

        async def reset() -> None:
            await line.reset()

        async def cut() -> None:
            line.cut(drawn.randrange(400))

        async def silent() -> None:
            line.blackhole()
            await self._for(drawn, line)

        async def away() -> None:
            await line.refuse()
            await self._for(drawn, line)

        async def slow() -> None:
            line.latency_seconds = drawn.uniform(0.01, 0.1)
            await self._for(drawn, line)

        return {"reset": reset, "cut": cut, "silent": silent, "away": away, "slow": slow}

    async def _for(self, drawn: random.Random, line: Proxy) -> None:
        await asyncio.sleep(drawn.uniform(0.1, 1.5 * LEASE_SECONDS))
        await line.heal()

    def _workers(self, drawn: random.Random) -> dict[str, Act]:
        async def killed() -> None:
            drawn.choice(self.house.workers).kill()
            await self._hire()

        async def still() -> None:
            pid = drawn.choice(self.house.workers).pid
            os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(drawn.uniform(0.2, 2 * LEASE_SECONDS))
            os.kill(pid, signal.SIGCONT)

        async def replaced() -> None:
            worker = drawn.choice(self.house.workers)
            await asyncio.to_thread(worker.stop, 20)
            await self._hire()

        return {"killed": killed, "still": still, "replaced": replaced}

    async def _hire(self) -> None:
        """Put new workers in the places of those who went, without waiting for them."""
        house = self.house
        house.workers[:] = [worker for worker in house.workers if worker.alive]
        house.workers.extend(house.worker() for _ in range(CREW - len(house.workers)))

    def _outside(self, drawn: random.Random) -> dict[str, Act]:
        house = self.house

        async def api() -> None:
            house.outside.faults = Faults(**dict(_api_troubles(drawn)))
            await asyncio.sleep(drawn.uniform(0.5, 3))

        async def mail() -> None:
            chosen = drawn.sample(_MAIL_TROUBLES, 3)
            mixed = [
                Mixed(stage=stage, answer=answer, rate=drawn.uniform(0, 0.3))
                for stage, answer in chosen
            ]
            house.sink.faults = MailFaults(seed=drawn.randrange(2**31), mixed=tuple(mixed))
            await asyncio.sleep(drawn.uniform(0.5, 3))

        async def well() -> None:
            house.outside.faults, house.sink.faults = Faults(), MailFaults()

        return {"api": api, "mail": mail, "well": well}


def _api_troubles(drawn: random.Random) -> Iterator[tuple[str, Any]]:
    rates = [name for name in Faults.model_fields if name.endswith("_rate")]
    for name in drawn.sample(sorted(set(rates) - {"expire_rate"}), 4):
        yield name, drawn.uniform(0, 0.25)
    yield "latency_seconds", drawn.uniform(0, 0.3)
    yield "seed", drawn.randrange(2**31)
