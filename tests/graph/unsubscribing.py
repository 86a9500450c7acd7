"""Users who follow a link to unsubscribe."""

from typing import Any

from bson import ObjectId

from core.settings import load
from rules.unsubscribing import Link, Whom
from services import unsubscribing
from tests.graph.conftest import SECRET, Edge

SETTINGS = load(_env_file=None, jwt_secret=SECRET, public_url="http://127.0.0.1:8000")
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
FORM = "application/x-www-form-urlencoded"


def path(link: Link) -> str:
    return unsubscribing.url(SETTINGS, link).removeprefix("http://127.0.0.1:8000")


def link_of(user_id: object, topic: str | None = "promo") -> Link:
    return Link(Whom.USER, str(user_id), topic, "email")


def muted(edge: Edge, user_id: ObjectId) -> Any:
    row = edge.database["users"].find_one({"_id": user_id})
    assert row is not None
    return row.get("muted", [])


async def post(edge: Edge, where: str, said: Any = None, **headers: str) -> tuple[int, str]:
    given = said if said is not None else ONE_CLICK
    async with edge.http.post(where, data=given, headers=headers) as response:
        return response.status, await response.text()
