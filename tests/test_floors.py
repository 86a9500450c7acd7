from pathlib import Path

import pytest

from tests import floors

ROOT = Path(__file__).parents[1]
NOT_OURS = {"node_modules", "build", "dist"}


def _sources() -> dict[str, str]:
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
    return {
        str(path): (ROOT / path).read_text(encoding="utf-8")
        for path in paths
        if not any(part in NOT_OURS or part.startswith(".") for part in path.parts)
    }


def test_imports_only_go_down() -> None:
    sources = _sources()
    assert {floors.room_of(path) for path in sources} > {"core", "rules", "models", "services"}
    assert floors.check(sources) == []


@pytest.mark.parametrize(
    ("path", "source", "problem"),
    [
        ("core/log.py", "import rules", "which is above"),
        ("core/log.py", "from services.pump import run", "which is above"),
        ("core/log.py", "def f():\n    from rules import window", "which is above"),
        ("core/log.py", "class A:\n    async def f(self):\n        import jobs", "which is above"),
        ("core/log.py", "if TYPE_CHECKING:\n    from models.user import User", "which is above"),
        ("core/log.py", "importlib.import_module('rules.window')", "which is above"),
        ("core/log.py", "__import__('rules')", "which is above"),
        ("services/pump.py", "from jobs import lanes", "which is above"),
        ("models/user.py", "from channels.channel import Sent", "on the same floor"),
        ("channels/email.py", "import models.user", "on the same floor"),
        ("graph/schema.py", "from jobs.lanes import LANES", "on the same floor"),
        ("jobs/pump.py", "import graph.app as edge", "on the same floor"),
        ("bench/edge.py", "import belfry", "on the same floor"),
        ("graph/app.py", "from local import stack", "only belfry.py, bench and tests may"),
        ("jobs/pump.py", "from local import stack", "only belfry.py, bench and tests may"),
        ("cli/send.py", "from local import stack", "only core"),
        ("cli/send.py", "from rules.roles import Role", "only core"),
        ("local/demo.py", "import cli", "on the same floor"),
        ("belfry.py", "from local import stack", "other than inside a function"),
        ("core/log.py", "from tests import floors", "imports tests"),
        ("core/log.py", "from . import clock", "a relative import"),
        ("core/log.py", "from ..rules import window", "a relative import"),
        ("attic/old.py", "", "in no known room"),
        ("setup.py", "", "in no known room"),
        ("core/log.py", "\n" * 251, "251 lines"),
        ("tests/test_log.py", "\n" * 251, "251 lines"),
        ("rules/window.py", "async def f(): ...", "not async"),
        ("rules/window.py", "import asyncio", "rules import asyncio"),
        ("rules/window.py", "from pymongo import AsyncMongoClient", "rules import pymongo"),
        ("rules/window.py", "from time import time", "rules import time"),
        ("rules/window.py", "def f():\n    import aiohttp.client", "rules import aiohttp"),
        ("rules/window.py", "from core.clock import now", "rules import a clock"),
        ("rules/window.py", "datetime.now(UTC)", "no clock of their own"),
        ("rules/window.py", "datetime.datetime.utcnow()", "no clock of their own"),
        ("rules/window.py", "clock.now()", "no clock of their own"),
        ("rules/window.py", "open('zones')", "no I/O"),
        ("graph/user.py", "from models.user import User\nUser.find(User.id == 1)", "uses .find"),
        ("graph/user.py", "from models.user import User\nUser.get(1)", "uses .get"),
        ("graph/user.py", "from models import user\nuser.User.update({})", "uses .update"),
        ("graph/user.py", "from models.user import User as U\nU.all().update({})", "uses .update"),
        ("graph/user.py", "from models.user import User\nUser(id=1).insert()", "uses .insert"),
        ("graph/user.py", "from models.user import User\nread = User.find", "uses .find"),
        ("graph/user.py", "async def f(user):\n    await user.save()", "uses .save"),
        ("graph/user.py", "async def f(self):\n    self.user.delete()", "uses .delete"),
        ("graph/user.py", "parts.users.get_pymongo_collection()", "uses .get_pymongo_collection"),
        ("graph/user.py", "cursor = rows.aggregate([])", "uses .aggregate"),
    ],
)
def test_what_breaks_the_order_is_found(path: str, source: str, problem: str) -> None:
    (found,) = floors.check({path: source})
    assert found.startswith(path)
    assert problem in found


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("core/log.py", "import json\nfrom starlette.requests import Request"),
        ("core/log.py", "from core import clock\nfrom core.errors import Invalid"),
        ("core/log.py", "\n" * 250),
        ("services/pump.py", "from channels import email\nfrom models import user\nimport rules"),
        ("jobs/pump.py", "from services import pump\nfrom core import queue"),
        ("cli/send.py", "from core import clock\nfrom cli import server"),
        ("local/demo.py", "from graph import schema\nfrom services import users"),
        ("belfry.py", "from graph import app\ndef up():\n    from local import stack"),
        ("tests/journeys/test_bell.py", "from local import stack\nfrom jobs import pump"),
        ("rules/window.py", "from datetime import UTC, datetime\nfrom core.clock import cut"),
        ("rules/window.py", "from zoneinfo import ZoneInfo\ndef f(now): return now.time()"),
        ("graph/user.py", "from services import users\nusers.find(1)\nusers.delete(1)"),
        ("graph/user.py", "from models.user import User\ndef f(user: User): return user.name"),
        ("graph/user.py", "{}.update({})\n[].insert(0, 1)\n''.find('a')\n{}.get(1)"),
        ("services/users.py", "from models.user import User\nUser.find(1)"),
    ],
)
def test_what_keeps_the_order_passes(path: str, source: str) -> None:
    assert floors.check({path: source}) == []


@pytest.mark.parametrize(
    "sources",
    [
        {"core/a.py": "from core import b", "core/b.py": "from core.a import name"},
        {"core/a.py": "import core.b", "core/b.py": "def f():\n    import core.a"},
        {
            "graph/a.py": "from graph.b import x",
            "graph/b.py": "from graph.c import x",
            "graph/c.py": "from graph import a",
        },
        {"jobs/__init__.py": "from jobs import a", "jobs/a.py": "from jobs import name"},
    ],
)
def test_a_circle_within_a_room_is_found(sources: dict[str, str]) -> None:
    (found,) = floors.check(sources)
    assert found.startswith("a circle of imports: ")
    assert all(path in found for path in sources)


def test_files_of_one_room_may_share_a_neighbour() -> None:
    sources = {
        "core/__init__.py": "",
        "core/a.py": "from core import b, c",
        "core/b.py": "from core import c",
        "core/c.py": "import core",
    }
    assert floors.check(sources) == []
