"""What Compose would start in containers runs natively, with the same commands."""

from pathlib import Path

import aiohttp
import pytest

from local.ports import free_port
from local.processes import Service
from tests.compose import our_services
from tests.journeys.conftest import SECRET, House, eventually
from tests.journeys.test_mailing import add_clients, agree, mail

NAMES = {"api", "worker", "outside"}
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what a container listens on, and a test does not


@pytest.fixture
def native(house: House, tmp_path: Path) -> dict[str, tuple[Service, int]]:
    """Our services as Compose has them; only hosts and ports are those of this machine."""
    found: dict[str, tuple[Service, int]] = {}
    ports = {"api": free_port(), "outside": free_port(), "worker": 0}
    for service in our_services({"JWT_SECRET": SECRET}):
        here = {
            "HOST": "127.0.0.1",
            "PORT": str(ports["api"]),
            "DB_URI": house.environment["DB_URI"],
            "REDIS_URL": house.environment["REDIS_URL"],
            "SMTP_HOST": "127.0.0.1",
            "SENDING_API_URL": f"http://127.0.0.1:{ports['outside']}",
        }
        environment = service.environment | {
            name: value for name, value in here.items() if name in service.environment
        }
        moved = {EVERYWHERE: "127.0.0.1", "8001": str(ports["outside"])}
        arguments = [moved.get(word, word) for word in service.argv[1:]]
        port = ports[service.name]
        process = Service(
            service.name, arguments, tmp_path / f"{service.name}.log", environment, port or None
        )
        found[service.name] = (process, port)
    return found


async def test_every_service_of_compose_runs_by_its_command(
    house: House, native: dict[str, tuple[Service, int]]
) -> None:
    assert set(native) == NAMES
    for name in ("outside", "api", "worker"):
        house.start(native[name][0])
    house.ports |= {"api": native["api"][1], "outside": native["outside"][1]}

    async def ready() -> bool:
        url = f"http://127.0.0.1:{house.ports['api']}/health/ready"
        async with aiohttp.ClientSession() as http, http.get(url) as response:
            return response.status == 200

    await eventually(ready)
    await add_clients(house, 5)
    await agree(house, await mail(house), 5)
