"""The ceiling of the edge: the same driver calls behind two bare Starlette routes.

No GraphQL, no token, no checks, no kinds, no wake-ups, no log. Run with a port.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import uvicorn
from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import clock, mongo, settings
from local.ports import LOOPBACK
from models.user import User
from rules import ring

PAGE = 20
EVERYTHING = {
    "seq": 1,
    "unread": 1,
    "floor": 1,
    "total": {"$size": {"$ifNull": ["$inbox", []]}},
    "inbox": 1,
}
"""What services/inbox.py reads for a page."""


async def create(request: Request) -> Response:
    """Place an item as services/notifications.py does."""
    said = orjson.loads(await request.body())
    now = settings.current()
    item = {
        "id": str(ObjectId()),
        "at": clock.now(),
        "key": said["key"],
        "target_id": said["targetId"],
        "data": orjson.dumps(said["data"]).decode(),
        "title": "",
        "body": "",
        "new": True,
    }
    head = await _users(request).find_one_and_update(
        {"_id": ObjectId(said["userId"])},
        ring.place_item(item, now.notification_limit, now.email),
        projection=User.HEAD,
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    assert head is not None
    created = {"notification": _shown(item), "unread": head["unread"], "errors": []}
    return _json({"data": {"createNotification": created}})


async def show(request: Request) -> Response:
    """Read an inbox as services/inbox.py does."""
    said = orjson.loads(await request.body())
    row = await _users(request).find_one({"_id": ObjectId(said["userId"])}, projection=EVERYTHING)
    assert row is not None
    newest = sorted(row["inbox"], key=lambda item: item["seq"], reverse=True)[:PAGE]
    page = {"list": [_shown(item) for item in newest]}
    found = {"total": row["total"], "unread": row["unread"], "page": page}
    return _json({"data": {"inbox": found}})


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": item["id"],
        "timestamp": item["at"].isoformat(timespec="milliseconds"),
        "isNew": item["new"],
        "key": item["key"],
        "targetId": item["target_id"],
        "data": orjson.loads(item["data"]),
    }


def _json(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")


def _users(request: Request) -> AsyncCollection[dict[str, Any]]:
    users: AsyncCollection[dict[str, Any]] = request.app.state.users
    return users


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with mongo.connect(settings.current().db_uri) as client:
        app.state.users = mongo.database(client)["users"]
        yield


def main() -> None:
    """Serve with the settings of graph/app.py."""
    app = Starlette(
        routes=[
            Route("/create", create, methods=["POST"]),
            Route("/list", show, methods=["POST"]),
        ],
        lifespan=_lifespan,
    )
    uvicorn.run(
        app,
        host=LOOPBACK,
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
