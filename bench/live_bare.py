"""The comparison for live events: a plain Strawberry app, with Belfry's types and a queue each.

No token, no checks, no Redis, no database. Run with a port.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator

import orjson
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig

from core import clock
from graph.inbox_event import EVENTS, InboxEvent, NotificationCreated
from graph.notification import Notification
from graph.scalars import SCALARS
from local.ports import LOOPBACK
from rules import inbox

_queues: set["asyncio.Queue[inbox.Item]"] = set()
_FIRST = {
    "id": "0be1f7000000000000000001",
    "at": clock.now(),
    "key": "new_message",
    "target_id": None,
    "data": None,
    "title": "",
    "body": "",
    "new": True,
    "seq": 1,
}


@strawberry.type
class Query:
    """A schema must have one."""

    ok: bool = True


@strawberry.type
class Subscription:
    """The bell."""

    @strawberry.subscription
    async def inbox_events(
        self, user_id: strawberry.ID, after: str | None = None
    ) -> AsyncGenerator[InboxEvent, None]:
        """One event at once, as from an inbox with one notification, then what is published."""
        queue: asyncio.Queue[inbox.Item] = asyncio.Queue()
        queue.put_nowait(_FIRST)
        _queues.add(queue)
        try:
            while True:
                item = await queue.get()
                notification = Notification.of(user_id, item)
                if item["data"] is not None:  # a plain app cannot write out text as it is
                    notification.data = orjson.loads(item["data"])
                yield NotificationCreated(
                    cursor=inbox.cursor(user_id, item["seq"]),
                    seq=item["seq"],
                    unread=item["seq"],
                    dropped_up_to=0,
                    replayed=False,
                    notification=notification,
                )
        finally:
            _queues.discard(queue)


async def publish(request: Request) -> Response:
    """Give one event to every subscription."""
    item = orjson.loads(await request.body())
    for queue in _queues:
        queue.put_nowait(item)
    return Response(status_code=204)


def main() -> None:
    """Serve with the settings of graph/app.py."""
    schema = strawberry.Schema(
        query=Query,
        subscription=Subscription,
        types=EVENTS,
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    app = Starlette(
        routes=[
            WebSocketRoute("/graphql", GraphQL(schema)),
            Route("/publish", publish, methods=["POST"]),
        ]
    )
    uvicorn.run(
        app,
        host=LOOPBACK,
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
