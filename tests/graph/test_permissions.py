"""Who may use which field: the whole schema, as everyone, through the front door."""

import json
from typing import Any

import jwt
import pytest
from bson import ObjectId
from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    get_introspection_query,
    get_named_type,
    is_abstract_type,
)
from graphql.utilities import build_client_schema
from websockets.exceptions import ConnectionClosed

from rules import api_key
from tests.graph.asking import over_http, over_socket, refusal, root_fields
from tests.graph.conftest import OWN, Edge, hear, token
from tests.graph.may import MAY, ROLES

OF_A_SUBSCRIBER = {
    *("Inbox", "InboxEvent", "NotificationCreated", "NotificationsRead", "Resync", "PageInfo"),
    *("NotificationUpdated", "NotificationRetracted", "NotificationArchived", "MarkReadPayload"),
    *("NotificationUnarchived", "NotificationPayload", "RetractNotificationPayload", "UserError"),
    *("Notification", "NotificationConnection", "NotificationEdge", "NotificationPage", "Node"),
    *("Preferences", "Mute", "PreferenceTopic", "TopicChannel", "SetPreferencesPayload"),
}
"""All that a subscriber can get hold of."""


@pytest.fixture
async def schema(edge: Edge) -> GraphQLSchema:
    return build_client_schema(await edge.data(get_introspection_query(one_of=True)))


def test_every_root_field_has_a_row(schema: GraphQLSchema) -> None:
    assert {name for name, _ in root_fields(schema)} == MAY.keys()


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_a_role_may_do_over_http_what_the_table_says(
    edge: Edge, schema: GraphQLSchema, role: str
) -> None:
    for name, query in over_http(schema):
        expected = None if role in MAY[name] else "FORBIDDEN"
        assert refusal(await edge.ask(query, role=role)) == expected, name


async def test_nobody_may_do_anything_over_http(edge: Edge, schema: GraphQLSchema) -> None:
    for name, query in over_http(schema):
        assert refusal(await edge.ask(query, role=None)) == "UNAUTHENTICATED", name


FALSE = {
    "expired": token("admin", seconds=-3_600),
    "forged": token("admin", secret="the secret of somebody else entirely"),
    "of no known role": token("emperor"),
    "unsigned": jwt.encode({"sub": OWN, "role": "admin", "exp": 2**33}, "", algorithm="none"),
    "cut": token("admin")[:-4],
    "empty": "",
    "an API key that nobody made": api_key.write(ObjectId(), bytes(32)),
    "an API key that is none": "bk_" + "0" * 70,
    "longer than any": "x" * 8_193,
}


@pytest.mark.parametrize("bearer", FALSE.values(), ids=FALSE.keys())
async def test_a_false_token_opens_nothing_over_http(
    edge: Edge, schema: GraphQLSchema, bearer: str
) -> None:
    headers = {"Authorization": f"Bearer {bearer}"}
    for name, query in over_http(schema):
        async with edge.http.post("/graphql", json={"query": query}, headers=headers) as response:
            assert response.status == 401, name
            assert response.headers["WWW-Authenticate"] == "Bearer"
            assert refusal(await response.json()) == "UNAUTHENTICATED"


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_a_role_may_follow_what_the_table_says(
    edge: Edge, schema: GraphQLSchema, role: str
) -> None:
    await edge.data(
        f'mutation {{ createNotification(input: {{userId: "{OWN}", key: "new_post"}}) {{unread}} }}'
    )
    async with edge.socket(role) as line:
        for name, query in over_socket(schema):
            message = {"id": name, "type": "subscribe", "payload": {"query": query}}
            await line.send(json.dumps(message))
            while (answer := await hear(line))["id"] != name:
                continue  # the end of the one before
            expected = ("next", None) if role in MAY[name] else ("error", "FORBIDDEN")
            assert (answer["type"], refusal(answer["payload"])) == expected, name


async def test_nobody_may_follow_anything(edge: Edge, schema: GraphQLSchema) -> None:
    async with edge.socket(None) as line:
        for name, query in over_socket(schema):
            message = {"id": name, "type": "subscribe", "payload": {"query": query}}
            await line.send(json.dumps(message))
            assert refusal((await hear(line))["payload"]) == "UNAUTHENTICATED"


@pytest.mark.parametrize("bearer", FALSE.values(), ids=FALSE.keys())
async def test_a_false_token_closes_the_socket_with_4403(edge: Edge, bearer: str) -> None:
    payload = {"authorization": f"Bearer {bearer}"}
    async with edge.socket(init=False) as line:
        await line.send(json.dumps({"type": "connection_init", "payload": payload}))
        with pytest.raises(ConnectionClosed) as closed:
            await hear(line)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


def test_no_field_leads_a_subscriber_out_of_an_inbox(schema: GraphQLSchema) -> None:
    open_to_it = [field for name, field in root_fields(schema) if "subscriber" in MAY[name]]
    reached: dict[str, Any] = {}
    ahead = [get_named_type(field.type) for field in open_to_it]
    while ahead:
        here = ahead.pop()
        if here.name not in reached:
            reached[here.name] = here
            if isinstance(here, GraphQLObjectType):
                ahead += [get_named_type(field.type) for field in here.fields.values()]
            if is_abstract_type(here) and here.name != "Node":
                ahead += schema.get_possible_types(here)
    assert {name for name, kind in reached.items() if hasattr(kind, "fields")} <= OF_A_SUBSCRIBER


@pytest.mark.parametrize("role", ["subscriber", "sender"])
@pytest.mark.parametrize(
    "query",
    [
        "query ($user: ID!) { inbox(userId: $user) { total } }",
        """mutation ($user: ID!, $cursor: String!) {
            markNotificationsRead(input: {userId: $user, upTo: $cursor}) { marked } }""",
        "mutation ($id: ID!) { markNotificationRead(input: {id: $id}) { marked } }",
    ],
)
async def test_an_inbox_of_somebody_else_stays_shut(
    edge: Edge, user_id: str, role: str, query: str
) -> None:
    created = await edge.data(
        """mutation ($user: ID!) { createNotification(input: {userId: $user, key: "new_post"}) {
            notification { id cursor } } }""",
        {"user": user_id},
    )
    variables = {"user": user_id, **created["createNotification"]["notification"]}
    names = [name for name in variables if f"${name}:" in query]
    answer = await edge.ask(query, {name: variables[name] for name in names}, role)
    assert refusal(answer) == "FORBIDDEN"
    untouched = await edge.data("query ($u: ID!) {inbox(userId: $u) {unread}}", {"u": user_id})
    assert untouched["inbox"]["unread"] == 1


async def test_live_events_of_somebody_else_are_refused(edge: Edge, user_id: str) -> None:
    query = f'subscription {{ inboxEvents(userId: "{user_id}") {{ cursor }} }}'
    async with edge.socket("subscriber") as line:
        await line.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        assert refusal((await hear(line))["payload"]) == "FORBIDDEN"
