"""`belfry up`: everything that Belfry needs, in one terminal and one folder."""

import asyncio
import json
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from core import settings
from local.assembly import Assembly
from local.folder import STAFF, Folder
from local.ports import LOOPBACK, Ports

if TYPE_CHECKING:
    from local.screen import Screen

TOKEN_LIFETIME = timedelta(days=30)
READY_SECONDS = 60.0
STOP_SECONDS = 10.0
WATCH_SECONDS = 0.2
_DEMO = "demo"


async def up(data: Path, base_port: int, demo: bool) -> None:
    """Run everything until SIGINT or SIGTERM; raises BelfryError saying what stands in the way.

    `DB_URI` and `REDIS_URL`, where they are set, take the place of embedded parts; a database
    of someone's own gets no demo data.
    """
    folder = Folder(data)
    with folder.held():
        assembly = Assembly.of(folder, Ports(base_port), settings.load())
        await Stack(assembly).run(demo and assembly.db_uri is None)


class Stack:
    """The parts alive: started together, looked after, stopped in the reverse order."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._parts = assembly.parts()
        self._told_to_stop = asyncio.Event()

    async def run(self, demo: bool) -> None:
        """Live until told to stop; raises BelfryError when a part that is needed fails."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal)
        life = asyncio.create_task(self._live(demo))
        stopping = asyncio.create_task(self._told_to_stop.wait())
        try:
            await asyncio.wait({life, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if life.done():
                life.result()
        finally:
            life.cancel()
            stopping.cancel()
            await self._stop()

    async def _live(self, demo: bool) -> None:
        for part in self._parts:
            part.child.launch()
        # These are loaded while the children load their own libraries.
        from local.screen import Screen, Troubles

        screen = Screen()
        troubles = Troubles({part.child.name: part.child.log for part in self._parts})
        await self._wait_ready()
        if demo:
            await self._seed(screen)
        self._welcome(screen)
        while True:
            for line in (*self._look_after(), *troubles.new()):
                screen.line(line, "yellow")
            await asyncio.sleep(WATCH_SECONDS)

    async def _wait_ready(self) -> None:
        await asyncio.gather(
            *(asyncio.to_thread(part.child.wait_ready, READY_SECONDS) for part in self._parts)
        )

    def _look_after(self) -> Iterator[str]:
        for part in self._parts:
            line = part.look_after()
            if line:
                yield line

    async def _seed(self, screen: "Screen") -> None:
        """Demo data, once; a failure is told, and tried again at the next start."""
        folder = self._assembly.folder
        if folder.is_done(_DEMO):
            return
        from local import demo

        try:
            await asyncio.to_thread(demo.seed, f"{self._url()}/graphql", self._token("admin"))
        except Exception as error:  # noqa: BLE001 - the stack is of use without demo data
            screen.line(f"no demo data: {error!r}", "yellow")
        else:
            folder.mark_done(_DEMO)

    def _welcome(self, screen: "Screen") -> None:
        from local.demo import USER_ID

        ports = self._assembly.ports
        roles = ("subscriber", "viewer", "sender", "operator", "admin")
        links = {
            "GraphQL API": f"{self._url()}/graphql",
            "Mail": f"http://{LOOPBACK}:{ports.mail}/",
            "Outside services": f"http://{LOOPBACK}:{ports.outside}/",
            "Logs": str(self._assembly.folder.logs),
        }
        tokens = {role: self._token(role) for role in roles}
        links["Console"] = f"{self._url()}/console#token={tokens['admin']}"
        links["Explorer"] = f"{self._url()}/docs#token={tokens['admin']}"
        links["A bell"] = f"{self._url()}/bell#user={USER_ID}&token={tokens['subscriber']}"
        screen.welcome(links, tokens, _call(links["GraphQL API"], tokens["subscriber"]))

    def _url(self) -> str:
        return f"http://{LOOPBACK}:{self._assembly.ports.api}"

    def _token(self, role: str) -> str:
        from core import tokens
        from local.demo import USER_ID

        subject = USER_ID if role == "subscriber" else STAFF
        expected = tokens.Expected.by(settings.load())
        secret = self._assembly.keys.jwt_secret
        return tokens.sign(secret, subject, role, TOKEN_LIFETIME, expected)

    async def _stop(self) -> None:
        """Stop every part in its turn; what outstays its limit is killed."""
        stopped = []
        for part in reversed(self._parts):
            if part.child.alive:
                in_time = await asyncio.to_thread(part.child.stop, STOP_SECONDS)
                stopped.append(part.child.name + ("" if in_time else " (killed)"))
        if stopped:
            print(f"Stopped: {', '.join(stopped)}.", flush=True)  # noqa: T201 - it is a command

    def _on_signal(self) -> None:
        if self._told_to_stop.is_set():
            for part in self._parts:
                part.child.kill()
        self._told_to_stop.set()


def _call(url: str, token: str) -> str:
    """A shell command that reads the demo user's bell."""
    from local.demo import USER_ID

    query = json.dumps({"query": f'{{ inbox(userId: "{USER_ID}") {{ total unread }} }}'})
    return (
        f"curl -s {url} -H 'Content-Type: application/json' "
        f"-H 'Authorization: Bearer {token}' -d '{query}'"
    )
