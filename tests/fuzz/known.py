"""What exists: a first stock of everything, and values that reach deeper than NOT_FOUND."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.fuzz import inputs
from tests.fuzz.house import OWN, STAFF, House
from tests.fuzz.inputs import USERS

ZONES = ("UTC", "Europe/Moscow", "America/St_Johns", "Pacific/Kiritimati", "Asia/Kathmandu", "Mars")
TEMPLATES = (
    "Hello {{ userId }}",
    "{{ data.name }} wrote",
    "{% for x in range(10) %}{{ x }}{% endfor %}",
    "{% for x in range(10**9) %}{% endfor %}",
    "{{ data.a.b.c.d }}",
    "{{ ''.__class__ }}",
    "{{",
    "{{ 'x' * 10**8 }}",
    "<p>{{ name }}</p><a href='{{ unsubscribeUrl }}'>",
)
DAYS = (-400.0, -1.0, -0.01, 0.0, 0.001, 0.02, 1.0, 30.0, 36_500.0)

DOCUMENTS = 900
"""Of some 90 tokens each: more than there is room for."""

_STOCK = """mutation ($clients: [CreateClientInput!]!, $said: [CreateNotificationInput!]!) {
  createClients(input: {clients: $clients}) { errors { message } }
  ann: createContact(input: {name: "Ann", telegram: "4711", viber: "01234567890A="}) {
    errors { message } }
  createKind(input: {key: "sale", title: "{{ data.n }}", email: true}) { errors { message } }
  createNotifications(input: {notifications: $said}) { errors { message } }
}"""
_MAILING = """mutation ($from: DateTime!, $to: DateTime!) {
  createMailing(input: {name: "Feast", text: "Come!", startAt: $from, endAt: $to,
    audience: {all: true}, channels: [SENDING_API, EMAIL]}) { errors { message } } }"""
_KEY = 'mutation { createApiKey(input: {name: "Shop", role: SENDER}) { errors { message } } }'
_ALL = """query ($user: ID!) {
  mailings(first: 30) { edges { cursor node { id } } }
  some: mailings(first: 5) { nodes { messages(first: 20) { edges { cursor node { id } } } } }
  clients(first: 40) { edges { cursor node { id phone tags operatorCode } } }
  apiKeys(first: 40) { edges { cursor node { id } } }
  contacts(first: 20) { edges { cursor node { id } } }
  failedMessages(first: 20) { edges { cursor node { id } } }
  auditLog(first: 20) { edges { cursor node { id } } }
  kinds { id key }
  templates(first: 40) { edges { cursor node { id slug } } }
  inbox(userId: $user) { headCursor notifications(first: 50) { edges { cursor node { id } } } }
}"""


def stock(house: House) -> None:
    """Put in clients, kinds, notifications, keys, and mailings that have begun or will."""
    clients = [
        {
            "phone": f"7900{number:07}",
            "email": f"c{number}@example.com",
            "tags": ["vip"] if number % 3 else ["new", "vip"],
            "timeZone": ZONES[number % 5],
        }
        for number in range(60)
    ]
    said = [
        {"userId": USERS[number % 5], "key": "new_post", "data": {"n": number}}
        for number in range(60)
    ]
    house.data(_STOCK, clients=clients, said=said)
    for days in (0.0, 0.0, 1.0):
        house.data(_MAILING, **{"from": _moment(days), "to": _moment(days + 1)})
    house.data(_KEY)
    house.data(_KEY)


def fill(house: House) -> None:
    """Ask so many documents twice that the API keeps as many as it ever will."""
    fields = " ".join(f"a{number}: __typename" for number in range(30))
    for number in range(DOCUMENTS):
        for _ in range(2):
            house.data(f"query Fill{number} {{ {fields} }}")


class Known:
    """Values by the names of arguments and input fields, as they are just now."""

    def __init__(self, house: House, dice: Random) -> None:
        """Look at everything there is."""
        self._dice = dice
        found = house.data(_ALL, user=OWN)
        messages = [edge for one in found["some"]["nodes"] for edge in one["messages"]["edges"]]
        inbox = found["inbox"]
        edges: dict[str, list[Any]] = {
            "mailings": found["mailings"]["edges"],
            "messages": messages,
            "clients": found["clients"]["edges"],
            "apiKeys": [
                edge
                for edge in found["apiKeys"]["edges"]
                if edge["node"]["id"] not in house.own_keys
            ],
            "auditLog": found["auditLog"]["edges"],
            "contacts": found["contacts"]["edges"],
            "failedMessages": found["failedMessages"]["edges"],
            "templates": found["templates"]["edges"],
            "notifications": inbox["notifications"]["edges"],
        }
        self.ids = {name: [edge["node"]["id"] for edge in these] for name, these in edges.items()}
        self.cursors = {name: [edge["cursor"] for edge in these] for name, these in edges.items()}
        self.cursors["inboxEvents"] = [*self.cursors["notifications"], inbox["headCursor"]]
        self.cursors["inboxEvents"] += [_cursor(OWN, 0), _cursor(OWN, 10**9), _cursor(OWN, 2**70)]
        self._keys = [kind["key"] for kind in found["kinds"]]
        self._slugs = [edge["node"]["slug"] for edge in edges["templates"]]
        self._clients = [edge["node"] for edge in edges["clients"]]

    def value(self, field: str, name: str) -> Any:
        """One for the argument or input field `name` of a field; None where any will do."""
        dice = self._dice
        if name in {"id", "mailingId", "messageIds"}:
            return self._id(field, name)
        if name == "after":
            return self._one(self.cursors.get(field, []))
        make = self._makers().get(name)
        return None if make is None else make(dice)

    def input(self, field: str) -> Any:
        """An input that the field takes; None where any will do."""
        if field == "retryMessages":
            return inputs.retried(self.ids, self._dice)
        return inputs.taken(field, self.ids, self._dice)

    def _makers(self) -> dict[str, Callable[[Random], Any]]:
        when = ("startAt", "endAt", "since", "until", "expiresAt", "notBefore")
        moments = dict.fromkeys(when, _any_moment)
        templates = dict.fromkeys(("title", "body", "text", "html"), _one_of(TEMPLATES))
        hours = dict.fromkeys(("from", "to"), _one_of(("00:00", "09:00", "23:59", "24:00", "9")))
        return {
            **moments,
            **templates,
            **hours,
            "userId": _one_of(USERS),
            "upTo": _one_of(self.cursors["inboxEvents"]),
            "targetId": _one_of((OWN, STAFF, "x")),
            "key": _one_of((*self._keys, "sale", f"kind.{self._dice.randrange(1_000)}")),
            "keys": lambda dice: dice.sample(self._keys, min(2, len(self._keys))),
            "phone": self._phone,
            "email": _one_of(("a@example.com", "ä@пример.рф", "a@b", "", "x" * 300 + "@b.c")),
            "timeZone": _one_of(ZONES),
            "timeZones": lambda dice: [dice.choice(ZONES)],
            "tags": lambda dice: dice.sample(("vip", "new", "", "ä" * 70), dice.randrange(3)),
            "operatorCode": _one_of(("900", "999", "x")),
            "operatorCodes": lambda dice: dice.sample(("900", "999", "x"), dice.randrange(3)),
            "first": _one_of((0, 1, 1, 2, 2, 5, 5, 10, 20, 100, 101, -1)),
            "limit": _one_of((0, 1, 20, 100, 101, -1)),
            "skip": _one_of((0, 1, 50, 2**31 - 1, -1)),
            "emailIfUnreadAfter": _one_of((0, 1, 3_600, 604_800, 604_801, -1)),
            "idempotencyKey": lambda dice: f"again-{dice.randrange(20)}",
            "template": _one_of((*self._slugs, *self.ids["templates"], "nothing")),
            "locale": _one_of(("en", "de", "de-AT", "de_AT", "", "x" * 40)),
            "action": _one_of(("createKind", "createClient", "nothing")),
            "by": _one_of((STAFF, OWN, "nobody")),
            "all": _one_of((True, True, False)),
        }

    def _id(self, field: str, name: str) -> Any:
        if name == "mailingId":
            return self._one(self.ids["mailings"])
        if name == "messageIds":
            return [self._one(self.ids["messages"]) for _ in range(self._dice.randrange(4))]
        if field == "user":
            return self._dice.choice(USERS)
        kinds = ("mailing", "message", "client", "contact", "notification", "apiKey")
        of = next((kind for kind in kinds if kind.lower() in field.lower()), None)
        # Now and then the id of something else.
        if of is None or self._dice.random() < 0.05:
            return self._one([any_id for ids in self.ids.values() for any_id in ids])
        return self._one(self.ids[f"{of}s"])

    def _one(self, of: list[Any]) -> Any:
        return self._dice.choice(of) if of else None

    def _phone(self, dice: Random) -> str:
        if self._clients and dice.random() < 0.3:
            return str(dice.choice(self._clients)["phone"])
        return f"7{dice.randrange(10**10):010}"


def _one_of(values: Any) -> Callable[[Random], Any]:
    return lambda dice: dice.choice(values)


def _any_moment(dice: Random) -> str:
    return _moment(dice.choice(DAYS))


def _moment(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="milliseconds")


def _cursor(user: str, seq: int) -> str:
    return base64.urlsafe_b64encode(f"inbox:{user}:{seq}".encode()).decode().rstrip("=")
