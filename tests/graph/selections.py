"""Any subscription to an inbox: aliases, fragments, conditions; and any events, good and bad."""

import re
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from graph.inbox_event import (
    EVENTS,
    InboxEvent,
    NotificationRetracted,
    NotificationsRead,
    Resync,
)
from graph.notification import Notification

COMMON = ("__typename", "cursor", "seq", "unread", "droppedUpTo", "replayed")
OF_NOTIFICATION = (
    *("__typename", "id", "timestamp", "isNew", "userId", "key", "targetId", "title", "body"),
    *("cursor", "seq", "isArchived", "updatedAt", "data"),
)
INNER = {"NotificationsRead": "notifications", "NotificationRetracted": "notificationId"}
TYPES = ("InboxEvent", *(event.__name__ for event in EVENTS))
VARIABLES = {"no": False, "yes": True}
DECLARED = "$no: Boolean!, $yes: Boolean!, $unsaid: Boolean = false"
CONDITIONS = ("$no", "$yes", "$unsaid", "true", "false")
FRAGMENTS = """
fragment Common on InboxEvent { __typename unread ...More }
fragment More on InboxEvent { also: cursor seq @skip(if: $yes) }
fragment Created on NotificationCreated { replayed notification { ...Words } }
fragment Words on Notification { body title ... on Node { id } ...Kind @include(if: $no) }
fragment Kind on Notification { key isNew }
"""


@st.composite
def documents(draw: DrawFn) -> str:
    """A valid subscription with all the fragments it needs."""
    # Every variable that is declared must be used.
    used = "__typename @include(if: $no) __typename @skip(if: $yes) __typename @skip(if: $unsaid)"
    name = draw(st.sampled_from(["", "bell: "]))
    body = draw(of_events("InboxEvent", 3))
    document = f"subscription ({DECLARED}) {{ {name}inboxEvents {{ {used} {body} }} }}"
    return document + _needed(document)


def _needed(document: str) -> str:
    fragments = {text.split()[1]: text for text in FRAGMENTS.strip().splitlines()}
    found: set[str] = set()
    spread = [document]
    while spread:
        names = set(re.findall(r"\.\.\.(\w+)", spread.pop())) - found
        found |= names
        spread += [fragments[name] for name in names]
    return "\n".join(["", *(fragments[name] for name in sorted(found))])


@st.composite
def of_events(draw: DrawFn, kind: str, depth: int) -> str:
    """What is asked of an event of this type, with fragments for this and other types."""
    parts = draw(st.lists(fields(*COMMON), max_size=3))
    if kind == "InboxEvent":
        parts += draw(st.lists(st.sampled_from(["...Common", "...Created", "...More"]), max_size=2))
    elif (inner := INNER.get(kind, "notification")) == "notificationId":
        parts += draw(st.lists(fields(inner), max_size=2))
    elif kind != "Resync":
        parts += [
            f"{inner} {{ {each} }}" for each in draw(st.lists(of_notifications(), max_size=2))
        ]
    for _ in range(draw(st.integers(0, 3)) if depth else 0):
        inside = draw(st.sampled_from(TYPES if kind == "InboxEvent" else (kind, "InboxEvent")))
        on = f"on {inside}" if inside != kind or draw(st.booleans()) else ""
        parts.append(f"... {on} {draw(conditions())} {{ {draw(of_events(inside, depth - 1))} }}")
    return " ".join(draw(st.permutations(parts))) or "unread"


def of_notifications() -> SearchStrategy[str]:
    """What is asked of a notification."""
    return st.lists(
        st.one_of(
            fields(*OF_NOTIFICATION),
            conditions().map(lambda condition: f"...Words {condition}"),
            fields(*OF_NOTIFICATION).map(lambda field: f"... on Node {{ id }} ... {{ {field} }}"),
        ),
        min_size=1,
        max_size=6,
    ).map(" ".join)


def fields(*names: str) -> SearchStrategy[str]:
    """One of these, perhaps under another name, which is the same for all of its kind."""
    named = st.sampled_from(names)
    aliased = named.map(lambda name: f"also{name.strip('_')}: {name}")
    return st.tuples(st.one_of(named, aliased), conditions()).map(" ".join)


def conditions() -> SearchStrategy[str]:
    """No condition most of the time, or one or two of them."""
    include = st.sampled_from([f"@include(if: {it})" for it in CONDITIONS])
    skip = st.sampled_from([f"@skip(if: {it})" for it in CONDITIONS])
    both = st.tuples(include, skip).map(" ".join)
    return st.one_of(st.just(""), st.just(""), st.just(""), include, skip, both)


class Odd:
    """Something that no schema knows."""

    def __str__(self) -> str:
        return "odd"


class Text(str):
    """A text of a kind of its own."""

    __slots__ = ()


WRONG: tuple[Any, ...] = (None, Odd(), 5, 1.5, True, Text("text"), ValueError("no"), [], {}, "")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=3,
)
MOMENTS = st.floats(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def or_wrong(right: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Right nineteen times of twenty."""
    return st.integers(0, 19).flatmap(lambda it: right if it else st.sampled_from(WRONG))


TEXTS = or_wrong(st.text(max_size=5))
FLAGS = or_wrong(st.booleans())
NUMBERS = or_wrong(st.integers(0, 2**32))
NOTIFICATIONS = st.builds(
    Notification,
    id=TEXTS,
    timestamp=or_wrong(MOMENTS),
    is_new=FLAGS,
    user_id=TEXTS,
    key=TEXTS,
    target_id=st.none() | TEXTS,
    title=TEXTS,
    body=TEXTS,
    cursor=TEXTS,
    seq=NUMBERS,
    is_archived=FLAGS,
    updated_at=st.none() | or_wrong(MOMENTS),
    data=JSON | or_wrong(JSON),
)


def _events(kind: type[InboxEvent]) -> SearchStrategy[Any]:
    said: dict[str, SearchStrategy[Any]] = {"notification": or_wrong(NOTIFICATIONS)}
    if kind is NotificationsRead:
        several = st.lists(or_wrong(NOTIFICATIONS), max_size=6)
        said = {"notifications": or_wrong(several | several.map(tuple))}
    elif kind is NotificationRetracted:
        said = {"notification_id": TEXTS}
    elif kind is Resync:
        said = {}
    return st.builds(
        kind,
        cursor=TEXTS,
        seq=NUMBERS,
        unread=NUMBERS,
        dropped_up_to=NUMBERS,
        replayed=FLAGS,
        **said,
    )


EVENTS_OF_ANY_KIND = or_wrong(st.one_of([_events(kind) for kind in EVENTS]))
