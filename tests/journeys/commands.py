"""The command `belfry` for a house, and scripts that use it, without the time that its start takes."""

import asyncio
import re
from pathlib import Path

from tests.cli.conftest import PATIENCE, Belfry, Ran
from tests.journeys.conftest import House
from tests.processes import commands

DOCS = Path(__file__).parents[2] / "docs"


def command(house: House, folder: Path, role: str = "admin") -> Belfry:
    """The command for the house, in a role."""
    url = f"http://127.0.0.1:{house.ports['api']}"
    told = {"BELFRY_URL": url, "BELFRY_TOKEN": house.token(role)}
    place = commands(house.folder)
    path = f"{place}:{house.environment['PATH']}"
    return Belfry(folder, {**house.environment, **told, "PATH": path}, (place / "belfry",))


def blocks(page: str, language: str) -> list[str]:
    """The blocks in a language of a page, or of a part of one."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


async def script(belfry: Belfry, text: str, **environment: str) -> Ran:
    """What becomes of a script in which `belfry` is the command; it ends with its first failure."""
    process = await asyncio.create_subprocess_exec(
        *("bash", "-eu", "-o", "pipefail", "-c", text),
        cwd=belfry.folder,
        env={**belfry.environment, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(2 * PATIENCE):
        said, complaint = await process.communicate()
    return Ran(process.returncode, said.decode(), complaint.decode())
