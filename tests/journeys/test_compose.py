"""What Compose and Kubernetes would start in containers runs natively, with the same commands."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest

from local.ports import free_port
from local.processes import Service
from tests import kustomize
from tests.compose import our_services
from tests.journeys.conftest import SECRET, House, eventually
from tests.journeys.test_mailing import add_clients, agree, mail

NAMES = {"api", "worker", "outside"}
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what a container listens on, and a test does not
PORTS = {"http": "PORT", "health": "HEALTH_PORT", "metrics": "METRICS_PORT"}
"""The settings that say where a named port of a pod is."""
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


class Native(NamedTuple):
    """A service of ours without a container."""

    process: Service
    port: int
    environment: dict[str, str]


@pytest.fixture
def native(house: House, tmp_path: Path) -> dict[str, Native]:
    """Our services as Compose has them, with what Kubernetes sets; only hosts and ports are of here."""
    found: dict[str, Native] = {}
    ports = {"api": free_port(), "outside": free_port(), "worker": 0}
    settings = kustomize.settings(kustomize.ROOT / "base" / "settings.env")
    for service in our_services({"JWT_SECRET": SECRET}):
        both = service.environment | (settings if service.name != "outside" else {})
        here = {
            "DB_URI": house.environment["DB_URI"],
            "REDIS_URL": house.environment["REDIS_URL"],
            "SMTP_HOST": "127.0.0.1",
            "SENDING_API_URL": f"http://127.0.0.1:{ports['outside']}",
            **{name: "127.0.0.1" for name, value in both.items() if value == EVERYWHERE},
            **{name: str(free_port()) for name in PORTS.values()},
            "PORT": str(ports["api"]),
        }
        environment = both | {name: value for name, value in here.items() if name in both}
        moved = {EVERYWHERE: "127.0.0.1", "8001": str(ports["outside"])}
        arguments = [moved.get(word, word) for word in service.argv[1:]]
        port = ports[service.name]
        process = Service(
            service.name, arguments, tmp_path / f"{service.name}.log", environment, port or None
        )
        found[service.name] = Native(process, port, environment)
    return found


async def test_every_service_runs_by_its_command_and_its_probes_answer(
    house: House, native: dict[str, Native]
) -> None:
    assert set(native) == NAMES
    for name in ("outside", "api", "worker"):
        house.start(native[name].process)
    house.ports |= {"api": native["api"].port, "outside": native["outside"].port}
    for name in ("api", "worker"):
        for url in asked(name, native[name].environment):
            await eventually(partial(answers, url))
    await add_clients(house, 5)
    await agree(house, await mail(house), 5)


def asked(name: str, environment: dict[str, str]) -> list[str]:
    """What Kubernetes and Prometheus ask a process, where it is here."""
    objects = kustomize.build(kustomize.ROOT / "base")
    (one,) = kustomize.containers(kustomize.get(objects, "Deployment", f"belfry-{name}"))
    doors = [*(one[probe]["httpGet"] for probe in PROBES), {"port": "metrics", "path": "/metrics"}]
    return [f"http://127.0.0.1:{environment[PORTS[at['port']]]}{at['path']}" for at in doors]


async def answers(url: str) -> bool:
    """Whether it says 200."""
    try:
        async with aiohttp.ClientSession() as http, http.get(url) as response:
            return response.status == 200
    except aiohttp.ClientConnectionError:
        return False
