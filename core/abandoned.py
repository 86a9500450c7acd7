"""Transactions that their process has left open: ended soon, for they hold their rows.

MongoDB itself ends them after transactionLifetimeLimitSeconds only, which is a minute as a rule.
"""

import asyncio

from pymongo.errors import ConnectionFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from core import events, mongo

LOOK_SECONDS = 1.0
IDLE_SECONDS = 2.0
"""Nobody of ours rests for so long in a transaction, unless its process has died or stands still.

Who does all the same finds that nothing was written, and begins again.
"""
REFUSED_SECONDS = 60.0


async def patrol(client: mongo.Client) -> None:
    """Look for them until cancelled."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await end(client)
        except ConnectionFailure:
            continue  # whoever needs MongoDB says that it is away
        except PyMongoError as error:
            # Where we may not look, MongoDB's own limit has to do.
            events.emit("transactions.patrol.failed", error=str(error))
            await asyncio.sleep(REFUSED_SECONDS)


async def end(client: mongo.Client) -> None:
    """End what has rested for too long; of another program only what has our name and our user."""
    here = mongo.database(client)
    # What this server does now is no row that others could have as well.
    admin = client.get_database("admin", read_concern=ReadConcern("local"))
    found = await admin.aggregate(
        [
            {"$currentOp": {"idleSessions": True, "allUsers": False}},
            {
                "$match": {
                    "type": "idleSession",
                    "appName": mongo.APP_NAME,
                    "transaction.timeInactiveMicros": {"$gt": int(IDLE_SECONDS * 1_000_000)},
                }
            },
            {"$project": {"session": "$lsid.id"}},
        ]
    )
    sessions = [{"id": row["session"]} async for row in found]
    if sessions:
        await client.admin.command("killSessions", sessions, codec_options=here.codec_options)
        events.emit("transactions.ended", count=len(sessions))
