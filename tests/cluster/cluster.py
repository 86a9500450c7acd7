"""A Belfry of several hosts: who runs where, and how to stop, start and heal them."""

import asyncio
import signal
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal, TypeAlias

from core import tokens
from local.faults import Faults
from local.mail_faults import STALL, MailFaults
from local.redis import Redis
from tests.cluster.network import Host
from tests.cluster.outages import Outages
from tests.cluster.replicas import Replicas
from tests.faults.building import SECRET
from tests.faults.house import is_at_work, told
from tests.faults.scene import Scene, eventually
from tests.processes import Api, Service

API_HOSTS = ("api1", "api2")
WORK_HOSTS = ("work1", "work2")
STOP_SECONDS = 60.0

CUT, KILLED, LOST = "worker cut off", "worker killed", "outside cut off"

Way: TypeAlias = Literal["requests", "answers"]
STALLS: dict[Way, tuple[Faults, MailFaults]] = {
    "requests": (Faults(hang_rate=1), MailFaults(greeting=STALL, mail=STALL)),
    "answers": (Faults(hang_after_rate=1), MailFaults(dot=STALL)),
}
"""What the outside does instead where it has no line of its own."""


@dataclass(kw_only=True)
class Cluster(Scene):
    """Everything that runs, by its host."""

    folder: Path
    hosts: dict[str, Host]
    replicas: Replicas
    redis: Redis
    environment: dict[str, str]
    ports: dict[str, int]
    apis: dict[str, Api] = field(default_factory=dict)
    workers: dict[str, Service] = field(default_factory=dict)
    outages: Outages = field(default_factory=Outages)
    _ever: list[Service] = field(default_factory=list)

    def start_api(self, name: str) -> Api:
        """Launch the API of a host; it is ready later."""
        place, port = self.hosts[name].place, self.ports[name]
        own = {"HOST": place.address, "PORT": str(port)}
        api = Api(self._log(name), {**self.environment, **own}, port, place)
        self.apis[name] = api
        self._run(name, api)
        return api

    def start_worker(self, name: str) -> Service:
        """Launch the worker of a host; it is at work later."""
        place = self.hosts[name].place
        worker = Service("worker", ["work"], self._log(name), self.environment, place=place)
        self.workers[name] = worker
        self._run(name, worker)
        return worker

    async def ready(self) -> None:
        """Wait until all APIs answer and all workers are at work."""
        for api in self.apis.values():
            await asyncio.to_thread(api.wait_ready, STOP_SECONDS)
        await eventually(lambda: all(map(is_at_work, self.workers.values())))

    def heal(self) -> None:
        """Mend all lines."""
        for host in self.hosts.values():
            host.heal()

    def cut(self, name: str) -> None:
        """Cut the host of a worker off."""
        self.outages.begin([self.workers[name].pid], CUT)
        self.hosts[name].cut()

    def mend(self, name: str) -> None:
        """Undo that."""
        self.hosts[name].heal()
        self.outages.end(CUT)

    def kill(self, name: str) -> None:
        """End a worker as a loss of power does."""
        self.outages.begin([self.workers[name].pid], KILLED)
        self.workers[name].kill()

    def lose(self, *ways: Way) -> None:
        """Let requests not get to the outside, or its answers not to the workers, or neither."""
        pids = [worker.pid for worker in self.workers.values()]
        outside, workers = self.hosts["outside"], [self.hosts[name] for name in WORK_HOSTS]
        self.outages.begin(pids, LOST)
        for way in ways:
            pairs = [(one, outside) if way == "requests" else (outside, one) for one in workers]
            if not all(sender.mute(receiver) for sender, receiver in pairs):
                self.outside.faults, self.sink.faults = STALLS[way]

    def find(self) -> None:
        """Undo that, with all that makes the outside slow."""
        for name in ("outside", *WORK_HOSTS):
            self.hosts[name].heal()
        self.outside.faults, self.sink.faults = Faults(), MailFaults()
        self.outages.end(LOST)

    async def restart(self, name: str) -> None:
        """Tell the API or worker of a host to end, and start another once it has."""
        former = self.apis.get(name) or self.workers[name]
        assert await asyncio.to_thread(former.stop, STOP_SECONDS), f"{name} didn't end by itself"
        # Uvicorn ends its process by the signal that told it to, once it has done all else.
        assert former.code in {0, -signal.SIGTERM}, former.ending()
        if name in self.apis:
            self.start_api(name)
        else:
            self.start_worker(name)

    async def stop(self) -> None:
        """End all of them."""
        running = [*self.apis.values(), *self.workers.values()]
        await asyncio.gather(*(asyncio.to_thread(one.stop, STOP_SECONDS) for one in running))

    def events(self) -> Counter[str]:
        """What everybody told of, and how often; libraries have their say in sentences."""
        heard: Counter[str] = Counter()
        for one in self._ever:
            heard += told(one)
        return Counter({name: count for name, count in heard.items() if " " not in name})

    def _run(self, name: str, child: Service) -> None:
        self._ever.append(child)
        self.hosts[name].holds(child)
        child.launch()

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}-{len(self._ever)}.log"


def token(role: str, subject: str) -> str:
    """A Bearer token."""
    return tokens.sign(SECRET, subject, role, timedelta(hours=1))
