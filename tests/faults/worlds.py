"""A small world in which all is right, and ways to change it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bson import ObjectId

from tests.faults.evidence import Acceptance, Evidence, Version

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
END = START + timedelta(hours=2)
SOON = START + timedelta(minutes=1)
MAILING, SECOND = ObjectId(), timedelta(seconds=1)
CLIENTS = [ObjectId() for _ in range(3)]
IDS = [UUID(int=number) for number in range(1, 7)]

World = Any
"""An Evidence with rows of plain dicts that may be changed."""


def client(place: int) -> Any:
    email = f"c{place}@example.com" if place < 2 else None
    said = {"phone": f"7900000000{place}", "operator_code": "900", "tags": ["a"], "email": email}
    return {"_id": CLIENTS[place], "time_zone": "UTC", **said}


def row(place: int, owner: int, channel: str, status: str) -> Any:
    attempts = {"attempts": 1}
    said = {"mailing_id": MAILING, "client_id": CLIENTS[owner], "channel": channel}
    return {
        "_id": IDS[place],
        "number": place + 100,
        **said,
        "status": status,
        "address": "",
        **attempts,
    }


def taken(row: Any, owner: Any) -> Acceptance:
    channel = row["channel"]
    key = row["_id"] if channel == "email" else row["number"]
    address = owner["email" if channel == "email" else "phone"]
    return Acceptance(channel, key, SOON, address, "Come!")


def world() -> World:
    """A mailing to three clients, of whom two have an e-mail address; one message failed."""
    clients = [client(place) for place in range(3)]
    rows = [row(place, place, "sending_api", "sent") for place in range(3)]
    rows += [row(3, 0, "email", "sent"), row(4, 1, "email", "failed")]
    attempts: list[Any] = [{"message_id": one["_id"], "number": 1} for one in rows]
    launch = {"upto": CLIENTS[-1], "checkpoint": CLIENTS[-1], "expanded": True}
    said = {"all": False, "operator_codes": ["900"], "tags": ["a", "b"]}
    times = {"created_at": START, "start_at": START, "end_at": END, "window": None}
    mailing = {
        "_id": MAILING,
        **times,
        "audience": said,
        "channels": ["sending_api", "email"],
        "text": "Come!",
        "launch": launch,
        "status": "finished",
        "settled": True,
    }
    counters: list[Any] = [
        {"mailing_id": MAILING, "counts": {"open": 5, "sent": 1}},
        {"mailing_id": MAILING, "counts": {"open": -5, "sent": 3, "failed": 1}},
    ]
    accepted = [taken(one, clients[CLIENTS.index(one["client_id"])]) for one in rows[:4]]
    return Evidence([mailing], clients, rows, attempts, counters, accepted)


def took(world: World, place: int, **said: Any) -> World:
    """Let the outside have taken one more message like one it took."""
    world.accepted.append(world.accepted[place]._replace(**said))
    return world


def end(row: Any, status: str) -> Any:
    row["status"] = status
    return row


def drop_row(world: World) -> World:
    del world.messages[4], world.attempts[4]
    world.counters[1]["counts"]["failed"] = 0
    return world


def double_row(world: World) -> World:
    world.messages.append({**world.messages[4], "_id": IDS[5], "number": 999})
    world.attempts.append({"message_id": IDS[5], "number": 1})
    world.counters[1]["counts"]["failed"] = 2
    return world


def edited(world: World, **said: Any) -> World:
    """Let the mailing have been edited a minute after the outside took everything."""
    first = Version(START, "Come!", END, world.mailings[0]["window"])
    later = {"at": SOON + timedelta(minutes=1), **said}
    world.versions = {MAILING: [first, first._replace(**later)]}
    return world


def personal(world: World, end_at: datetime) -> World:
    """Put in a mail of a notification that was taken soon after the start."""
    content = {"subject": "New", "text": "Hello"}
    said: dict[str, Any] = {
        "mailing_id": None,
        "client_id": None,
        "content": content,
        "address": "u@example.com",
    }
    said = said | {"created_at": START, "end_at": end_at}
    world.messages.append({**row(5, 0, "email", "sent"), **said})
    world.attempts.append({"message_id": IDS[5], "number": 1})
    world.accepted.append(Acceptance("email", IDS[5], SOON, "u@example.com", "Hello"))
    return world


def recount(world: World, **counts: int) -> World:
    world.counters = [{"mailing_id": MAILING, "counts": counts}]
    return world


def moved(world: World) -> World:
    world.clients.append({**world.clients[0], "phone": "79000000077"})
    return world


def cancelled(world: World) -> World:
    """A launch that was cancelled after its first client."""
    launch = {"upto": CLIENTS[-1], "checkpoint": CLIENTS[0], "expanded": False}
    world.mailings[0].update(launch=launch, status="cancelled")
    kept = {IDS[0], IDS[3]}
    world.messages = [one for one in world.messages if one["_id"] in kept]
    world.attempts = [one for one in world.attempts if one["message_id"] in kept]
    world.accepted = [world.accepted[0], world.accepted[3]]
    recount(world, sent=2)
    return world


def suppressed(world: World, muted: list[str] | None = None) -> World:
    """One who gets no mail, because the client has muted something."""
    end(world.messages[4], "suppressed")
    world.messages[4].update(address="c1@example.com", why="of late")
    world.clients[1]["muted"] = muted or []
    if muted:  # what was taken before
        world.clients.append({**world.clients[1], "muted": []})
    return recount(world, sent=4, suppressed=1)


def bounced(world: World) -> World:
    """A server that knows no such mailbox."""
    world.attempts[4].update(verdict="undeliverable", address="c1@example.com")
    return world


def muted_later(world: World) -> World:
    world.clients.append({**world.clients[0], "muted": ["*/*"]})
    return world


def lost_lease(world: World) -> World:
    """One who lost its lease while it sent, and one whose last word came when all was over."""
    world.attempts += [{"message_id": IDS[0], "number": 1}, {"message_id": IDS[1], "number": 2}]
    for row in world.messages[:2]:
        row["attempts"] += 1
    return world
