"""`belfry watch`: what happens, as it happens."""

from collections.abc import Iterator, Mapping
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any

import typer

from cli.bar import Bar
from cli.command import Call, command
from cli.notifications import HEAD, User
from cli.options import Id
from cli.screen import Screen, clean
from cli.socket import follow

app = typer.Typer(help="Follow mailings and inboxes live; Ctrl-C ends it.", no_args_is_help=True)

PROGRESS = """subscription Progress($id: ID!) {
  mailingProgress(id: $id) {
    status ratePerSecond secondsLeft
    counts { total pending sending byStatus { status count } }
    providers { channel state why retryAt }
  }
}"""
ATTEMPTS = """subscription Attempts($id: ID!) {
  deliveryAttempts(mailingId: $id) {
    skipped
    attempts { id messageId number startedAt channel address verdict code durationMs answer }
  }
}"""
EVENTS = """subscription Events($userId: ID!, $after: String) {
  inboxEvents(userId: $userId, after: $after) {
    __typename cursor seq unread droppedUpTo replayed
    ... on NotificationCreated { notification { ...Shown } }
    ... on NotificationUpdated { notification { ...Shown } }
    ... on NotificationArchived { notification { ...Shown } }
    ... on NotificationUnarchived { notification { ...Shown } }
    ... on NotificationsRead { notifications { ...Shown } }
    ... on NotificationRetracted { notificationId }
  }
}
fragment Shown on Notification { id seq key targetId data timestamp isNew isArchived title body }"""
VERBS = {
    "NotificationCreated": "new",
    "NotificationUpdated": "changed",
    "NotificationArchived": "archived",
    "NotificationUnarchived": "back",
    "NotificationsRead": "read",
    "NotificationRetracted": "retracted",
    "Resync": "resync: the cursor is too old to tell what came since",
}
Parts = Iterator[tuple[str, str]]
"""Texts and their styles."""
_GOOD = "ACCEPTED"


@command(app, "mailing")
async def mailing(call: Call, mailing_id: Id) -> None:
    """A mailing's progress until its end: counts by status, rate, time left."""
    with Bar(call.screen) as bar:
        stream = follow(call.server, PROGRESS, lambda: {"id": mailing_id}, bar.lost)
        async with aclosing(stream) as events:
            async for progress in events:
                bar.show(progress)


@command(app, "attempts")
async def attempts(call: Call, mailing_id: Id) -> None:
    """A mailing's attempts to deliver, as they are made; Ctrl-C ends it."""
    lost = partial(_lost, call.screen)
    stream = follow(call.server, ATTEMPTS, lambda: {"id": mailing_id}, lost, endless=True)
    async with aclosing(stream) as events:
        async for beat in events:
            if not beat["attempts"] and not beat["skipped"]:
                call.screen.aside("Listening.")
            for attempt in beat["attempts"]:
                call.screen.event(attempt, *_attempt(call.screen, attempt))
            if beat["skipped"]:
                skipped = {"skipped": beat["skipped"]}
                call.screen.event(skipped, (f"and {beat['skipped']} more", "dim"))


@command(app, "inbox")
async def inbox(
    call: Call,
    user: User,
    after: Annotated[
        str | None, typer.Option(help="Tell first what came after this cursor; else from now on.")
    ] = None,
) -> None:
    """A user's inbox: notifications as they come, also those that came while it was cut off."""
    # Without a cursor from the start, what comes while the first connection breaks would be missed.
    place = {"cursor": after or (await call.ask(HEAD, userId=user))["headCursor"]}
    call.screen.aside("Listening.")
    try:
        await _follow_inbox(call, user, place)
    finally:
        call.screen.aside(f"Go on with --after {place['cursor']}")


async def _follow_inbox(call: Call, user: str, place: dict[str, str]) -> None:
    stream = follow(
        call.server,
        EVENTS,
        lambda: {"userId": user, "after": place["cursor"]},
        partial(_lost, call.screen),
        endless=True,
    )
    async with aclosing(stream) as events:
        async for event in events:
            call.screen.event(event, *_happened(call.screen, event))
            place["cursor"] = event["cursor"]


def _happened(screen: Screen, event: Mapping[str, Any]) -> Parts:
    """An event of an inbox in words, one line for each notification it touches."""
    dim = "dim" if event["replayed"] else ""
    verb = VERBS[event["__typename"]]
    touched = event.get("notifications") or [event.get("notification")]
    for place, each in enumerate(touched):
        if place:
            yield "\n", ""
        yield f"{verb:9} ", "bold" if not event["replayed"] else "dim"
        if each is not None:
            yield f"{screen.moment(each['timestamp'])}  ", "dim"
            yield f"{clean(each['key'])}  ", "cyan"
            yield f"{clean(each['title'])}  ", dim
            yield f"{each['id']}  ", "dim"
    if gone := event.get("notificationId"):
        yield f"{gone}  ", "dim"
    yield f"({event['unread']} unread)", dim


def _attempt(screen: Screen, attempt: Mapping[str, Any]) -> Parts:
    style = "green" if attempt["verdict"] == _GOOD else "red"
    yield f"{screen.moment(attempt['startedAt'])}  ", "dim"
    yield f"{attempt['verdict'].lower():13} ", style
    yield f"{attempt['channel'].lower()}  ", "cyan"
    yield f"{clean(attempt['address'])}  ", ""
    yield f"attempt {attempt['number']}, {attempt['durationMs']:.0f} ms  ", "dim"
    yield f"{clean(attempt['code'])}  ", style
    yield f"{attempt['messageId']}", "dim"


def _lost(screen: Screen, reason: str) -> None:
    screen.trouble(f"the connection is lost ({reason}); trying again")
