"""Inputs that Belfry takes, so that the fuzz has something to change, to read and to take away."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.fuzz.house import OWN, STAFF

USERS = (OWN, OWN, OWN, STAFF, "5f0c3a1b2c3d4e5f6a7b8c91")
SENT = "SENDING_API"
_TEMPLATES = (
    *("Hello {{ userId }}", "{{ data.name }} wrote", "{{ data.a.b.c.d }}", "{{ key }}"),
    *("{% for x in range(10) %}{{ x }}{% endfor %}", "{{ targetId or '\U0001f514' }}"),
)


class Word(str):
    """A value of an enum."""

    __slots__ = ()


def taken(field: str, ids: Mapping[str, list[str]], dice: Random) -> Any:
    """An input that this mutation takes, most of the time; None where any other will do."""
    if (new := _NEW.get(field)) is not None:
        return new(dice)
    of, change = _CHANGES.get(field, ("", _between))
    if not ids.get(of):
        return None
    return {"id": dice.choice(ids[of]), **change(dice)}


def retried(ids: Mapping[str, list[str]], dice: Random) -> Any:
    """What retryMessages takes, where there is a mailing."""
    statuses = [Word("FAILED"), Word("EXPIRED"), Word("UNCERTAIN"), Word("UNDELIVERABLE")]
    statuses.append(Word("SUPPRESSED"))
    some = dice.sample(statuses, dice.randint(1, 4))
    if not ids["mailings"]:
        return None
    return {"mailingId": dice.choice(ids["mailings"]), "statuses": some, **_end(dice)}


def _mailing(dice: Random) -> dict[str, Any]:
    audiences = ({"all": True}, {"tags": ["vip"]}, {"operatorCodes": ["900"]}, {"tags": ["none"]})
    windows = (None, {"from": "00:00", "to": "24:00"}, {"from": "22:00", "to": "06:00"})
    return {
        "name": "Fuzz",
        "text": "Come! \U0001f514",
        "audience": dice.choice(audiences),
        "channels": dice.choice(([Word(SENT)], [Word("EMAIL")], [Word("EMAIL"), Word(SENT)])),
        "window": dice.choice(windows),
    }


def _between(dice: Random) -> dict[str, str]:
    return {"startAt": _moment(dice.choice((-1, 0, 0, 2, 60))), **_end(dice)}


def _end(dice: Random) -> dict[str, str]:
    return {"endAt": _moment(dice.choice((70, 600, 86_400)))}


def _moment(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def _notification(dice: Random) -> dict[str, Any]:
    key = dice.choice(("new_post", "new_post", "new_login", "registration", "sale"))
    return {"userId": dice.choice(USERS), "key": key, "data": {"n": dice.randrange(9)}}


def _kind(dice: Random) -> dict[str, Any]:
    words = {"title": dice.choice(_TEMPLATES), "body": dice.choice(_TEMPLATES)}
    key = f"kind.{dice.randrange(10**9)}"
    return {"key": key, "email": True, "inApp": dice.random() < 0.8, **words}


def _template(dice: Random) -> dict[str, Any]:
    sources = (
        "Hello {{ name }}",
        "{{ nmae }}",
        "{{ name",
        "<p>{{ name }}</p>",
        "{{ unsubscribeUrl }}",
    )
    variant = {"subject": "Hello", "text": dice.choice(sources), "html": dice.choice(sources)}
    return {"variants": [variant], "variables": [{"name": "name"}]}


def _client(dice: Random) -> dict[str, Any]:
    number = dice.randrange(10**9)
    return {"phone": f"79{number:09}", "email": f"c{number}@example.com", "tags": ["vip"]}


def _user(dice: Random) -> dict[str, Any]:
    ways = ("email", f"u{dice.randrange(10**9)}@example.com"), ("locale", "de"), ("timeZone", "UTC")
    return {"userId": dice.choice(USERS), **dict(dice.sample(ways, dice.randint(0, 3)))}


def _contact(dice: Random) -> dict[str, Any]:
    number = dice.randrange(10**9)
    ways = {"telegram": f"{number + 1}", "whatsapp": f"79{number:09}", "viber": f"{number:09}A="}
    some = dice.sample([*ways], dice.randint(1, 3))
    return {"name": f"C{number}", **{way: ways[way] for way in some}}


def _to_contacts(dice: Random) -> dict[str, Any]:
    when = {"notBefore": _moment(dice.choice((-60, 0, 2, 600)))}
    return {"names": dice.choice((["Ann"], ["ANN", "ann"], ["Ann", "?"])), "text": "Come!", **when}


def _suppression(dice: Random) -> dict[str, Any]:
    return {"channel": Word("EMAIL"), "address": f"c{dice.randrange(60)}@example.com"}


def _mute(dice: Random) -> dict[str, Any]:
    topics = (None, "promo", "sale", "new_post", "new_login")
    channels = (None, Word("EMAIL"), Word("IN_APP"), Word(SENT))
    return {"topic": dice.choice(topics), "channel": dice.choice(channels)}


def _preferences(dice: Random) -> dict[str, Any]:
    said = dice.choice(("muted", "mute", "unmute"))
    return {"owner": {"userId": OWN}, said: _some(_mute, dice)}


def _words(dice: Random) -> dict[str, Any]:
    return {"subject": "Fuzz", "text": dice.choice(("Come! \U0001f514", "Hi"))}


def _send(dice: Random) -> dict[str, Any]:
    named = [{"email": f"s{dice.randrange(10**9)}@example.com"}, {"userId": dice.choice(USERS)}]
    wide = ({"group": "fuzz"}, {"segment": "fuzz"}, {"all": Word("CLIENTS")})
    to = dice.choice(({"recipients": named[:1]}, {"recipients": named}, *wide))
    return {"to": to, "words": _words(dice), "topic": dice.choice((None, "news"))}


def _group(dice: Random) -> dict[str, Any]:
    return {"name": dice.choice(("fuzz", f"g{dice.randrange(10**9)}")), "title": "Fuzz"}


def _segment(dice: Random) -> dict[str, Any]:
    filters = ({"tags": ["vip"]}, {"locales": ["de"]}, {"timeZones": ["UTC"]}, {"groups": ["fuzz"]})
    return {**_group(dice), "filter": dice.choice(filters)}


def _members(dice: Random) -> dict[str, Any]:
    some = ({"userId": dice.choice(USERS)}, {"phone": f"7900{dice.randrange(60):07}"})
    return {"group": "fuzz", "members": dice.sample(some, dice.randint(1, 2))}


_NEW: dict[str, Callable[[Random], Any]] = {
    "addSuppression": _suppression,
    "addSuppressions": lambda dice: {"suppressions": _some(_suppression, dice)},
    "createApiKey": lambda dice: {"name": f"Service {dice.random()}", "role": Word("SENDER")},
    "createClient": _client,
    "createClients": lambda dice: {"clients": _some(_client, dice)},
    "createContact": _contact,
    "addToGroup": _members,
    "createGroup": _group,
    "createKind": _kind,
    "createMailing": lambda dice: {**_mailing(dice), **_between(dice)},
    "createNotification": _notification,
    "createNotifications": lambda dice: {"notifications": _some(_notification, dice)},
    "sendToContacts": _to_contacts,
    "removeSuppression": _suppression,
    "removeSuppressions": lambda dice: {"suppressions": _some(_suppression, dice)},
    "saveUser": _user,
    "saveUsers": lambda dice: {"users": _some(_user, dice)},
    "setPreferences": _preferences,
    "createTemplate": lambda dice: {
        "slug": f"t{dice.randrange(10**9)}",
        "title": "Fuzz",
        **_template(dice),
    },
    "previewTemplate": lambda dice: {"draft": _template(dice), "context": {"name": "Ann"}},
    "createSegment": _segment,
    "removeFromGroup": _members,
    "send": _send,
    "mailingPreview": lambda dice: {**_mailing(dice), **_between(dice)},
}
_CHANGES: dict[str, tuple[str, Callable[[Random], Any]]] = {
    "cloneMailing": ("mailings", _between),
    "deleteContact": ("contacts", lambda dice: {}),
    "updateContact": (
        "contacts",
        lambda dice: dice.choice(({"name": "Bob"}, {"viber": None}, {"telegram": "4712"})),
    ),
    "updateMailing": (
        "mailings",
        lambda dice: dice.choice(
            (
                {"name": "Other"},
                {"text": "Later!"},
                {"window": None},
                {"topic": "promo"},
                _end(dice),
            )
        ),
    ),
    "updateNotification": ("notifications", lambda dice: {"data": {"n": dice.randrange(99)}}),
}


def _some(make: Callable[[Random], Any], dice: Random) -> list[Any]:
    return [make(dice) for _ in range(dice.randint(1, 30))]
