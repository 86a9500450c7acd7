"""Notifications that are updated, archived and retracted, and the events that tell of it (X9)."""

from typing import Any

import pytest
from bson import ObjectId
from websockets.asyncio.client import ClientConnection

from graph import ids
from rules.inbox import cursor
from tests.graph.conftest import OWN, Edge, hear
from tests.graph.test_live import subscribe

SHOWN = "id title isNew isArchived seq updatedAt targetId data"
CREATE = f"""mutation ($u: ID!, $key: String!, $data: JSON) {{
    createNotification(input: {{userId: $u, key: $key, data: $data}}) {{
        notification {{ {SHOWN} }} errors {{ field code }} }} }}"""
UPDATE = f"""mutation ($input: UpdateNotificationInput!) {{ updateNotification(input: $input) {{
    notification {{ {SHOWN} }} changed unread errors {{ field code }} }} }}"""
ARCHIVE = f"""mutation ($id: ID!) {{ archiveNotification(input: {{id: $id}}) {{
    notification {{ {SHOWN} }} changed unread errors {{ field code }} }} }}"""
UNARCHIVE = ARCHIVE.replace("archiveNotification", "unarchiveNotification")
RETRACT = """mutation ($id: ID!) { retractNotification(input: {id: $id}) {
    id changed unread errors { field code } } }"""
INBOX = """query ($u: ID!) { inbox(userId: $u) { total unread seq headCursor
    page { total list { id } }
    notifications { totalCount nodes { id } }
    archived: notifications(filter: {archived: true}) { totalCount nodes { id } }
    listed: notifications(filter: {archived: false, unread: false}) { totalCount } } }"""
EVENTS = f"""subscription ($id: ID!) {{ inboxEvents(userId: $id, after: "%s") {{
    __typename cursor seq unread droppedUpTo replayed
    ... on NotificationCreated {{ notification {{ {SHOWN} }} }}
    ... on NotificationUpdated {{ notification {{ {SHOWN} }} }}
    ... on NotificationsRead {{ notifications {{ {SHOWN} }} }}
    ... on NotificationRetracted {{ notificationId }}
    ... on NotificationArchived {{ notification {{ {SHOWN} }} }}
    ... on NotificationUnarchived {{ notification {{ {SHOWN} }} }} }} }}"""
NOTHING = {"notification": None, "changed": False, "unread": None}


async def create(edge: Edge, user: str, data: object = None, key: str = "new_post") -> Any:
    made = (await edge.data(CREATE, {"u": user, "key": key, "data": data}))["createNotification"]
    assert made["errors"] == []
    return made["notification"]


async def change(edge: Edge, query: str, **variables: Any) -> Any:
    (payload,) = (await edge.data(query, variables)).values()
    return payload


async def inbox(edge: Edge, user: str) -> Any:
    return (await edge.data(INBOX, {"u": user}))["inbox"]


async def next_event(line: ClientConnection) -> Any:
    said = await hear(line)
    assert said["type"] == "next", said
    return said["payload"]["data"]["inboxEvents"]


async def test_an_update_tells_absent_from_null(edge: Edge, user_id: str) -> None:
    target = str(ObjectId())
    made = await create(edge, user_id, {"a": 1})
    assert (made["isArchived"], made["updatedAt"], made["seq"]) == (False, None, 1)
    given: dict[str, Any] = {"id": made["id"], "targetId": target}
    done = await change(edge, UPDATE, input=given)
    assert (done["changed"], done["unread"], done["errors"]) == (True, 1, [])
    now = done["notification"]
    assert (now["targetId"], now["data"], now["isNew"], now["seq"]) == (target, {"a": 1}, True, 1)
    assert now["updatedAt"] is not None
    again = await change(edge, UPDATE, input=given)
    assert again == {**done, "changed": False}
    done = await change(edge, UPDATE, input={"id": made["id"], "data": None})
    assert (done["notification"]["targetId"], done["notification"]["data"]) == (target, None)


async def test_the_archive_is_a_list_of_its_own(edge: Edge, user_id: str) -> None:
    first, second, third = [(await create(edge, user_id))["id"] for _ in "123"]
    done = await change(edge, ARCHIVE, id=second)
    assert (done["changed"], done["unread"]) == (True, 2)
    assert (done["notification"]["isArchived"], done["notification"]["isNew"]) == (True, False)
    assert await inbox(edge, user_id) == {
        "total": 2,
        "unread": 2,
        "seq": 4,
        "headCursor": cursor(user_id, 4),
        "page": {"total": 2, "list": [{"id": third}, {"id": first}]},
        "notifications": {"totalCount": 2, "nodes": [{"id": third}, {"id": first}]},
        "archived": {"totalCount": 1, "nodes": [{"id": second}]},
        "listed": {"totalCount": 0},
    }
    assert (await change(edge, ARCHIVE, id=second))["changed"] is False
    back = await change(edge, UNARCHIVE, id=second)
    assert (back["changed"], back["notification"]["isArchived"]) == (True, False)
    now = await inbox(edge, user_id)
    assert (now["total"], now["archived"]["totalCount"], now["listed"]["totalCount"]) == (3, 0, 1)


async def test_retracting_answers_again_what_it_did(edge: Edge, user_id: str) -> None:
    made = await create(edge, user_id)
    done = await change(edge, RETRACT, id=made["id"])
    assert done == {"id": made["id"], "changed": True, "unread": 0, "errors": []}
    assert await change(edge, RETRACT, id=made["id"]) == {**done, "changed": False}
    for query in (ARCHIVE, UNARCHIVE):
        gone = await change(edge, query, id=made["id"])
        assert gone == {**NOTHING, "errors": [{"field": "id", "code": "NOT_FOUND"}]}
    gone = await change(edge, UPDATE, input={"id": made["id"], "data": {"a": 2}})
    assert gone == {**NOTHING, "errors": [{"field": "id", "code": "NOT_FOUND"}]}


async def test_every_kind_of_event_comes_live_and_again(edge: Edge, user_id: str) -> None:
    async with edge.socket() as line:
        await subscribe(line, "1", EVENTS % cursor(user_id, 0), user_id)
        one, other, kept = [await create(edge, user_id, {"n": n}) for n in range(3)]
        await change(edge, UPDATE, input={"id": one["id"], "data": {"n": "new"}})
        await change(edge, ARCHIVE, id=other["id"])
        await change(edge, RETRACT, id=kept["id"])
        await change(edge, UNARCHIVE, id=other["id"])
        read = """mutation ($u: ID!, $c: String!) {
            markNotificationsRead(input: {userId: $u, upTo: $c}) { marked } }"""
        await edge.data(read, {"u": user_id, "c": cursor(user_id, 1)})
        live = [await next_event(line) for _ in range(8)]
    assert [event["__typename"] for event in live[3:]] == [
        "NotificationUpdated",
        "NotificationArchived",
        "NotificationRetracted",
        "NotificationUnarchived",
        "NotificationsRead",
    ]
    assert [event["seq"] for event in live] == list(range(1, 9))
    assert [event["unread"] for event in live] == [1, 2, 3, 3, 2, 1, 1, 0]
    assert {event["droppedUpTo"] for event in live} == {0}
    assert live[3]["notification"]["data"] == {"n": "new"}
    assert live[5]["notificationId"] == kept["id"]
    async with edge.socket() as line:
        await subscribe(line, "1", EVENTS % cursor(user_id, 3), user_id)
        again = [await next_event(line) for _ in range(4)]
    assert [event["seq"] for event in again] == [4, 6, 7, 8]
    assert {event["replayed"] for event in again} == {True}
    assert again[-1] == {**live[-1], "replayed": True}


async def test_a_subscriber_may_archive_its_own_and_no_other(edge: Edge, user_id: str) -> None:
    own, foreign = await create(edge, OWN), await create(edge, user_id)
    done = await edge.ask(ARCHIVE, {"id": own["id"]}, role="subscriber")
    assert done["data"]["archiveNotification"]["changed"] is True
    refused = await edge.ask(ARCHIVE, {"id": foreign["id"]}, role="subscriber")
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await inbox(edge, user_id))["archived"]["totalCount"] == 0


@pytest.mark.parametrize("query", [UPDATE, RETRACT])
async def test_a_sender_may_change_what_it_sent_to_anyone(
    edge: Edge, user_id: str, query: str
) -> None:
    made = await create(edge, user_id)
    variables: dict[str, Any] = {"id": made["id"]}
    if query == UPDATE:
        variables = {"input": {**variables, "data": {"a": 1}}}
    refused = await edge.ask(query, variables, role="subscriber", subject=user_id)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    done = await edge.ask(query, variables, role="sender")
    (payload,) = done["data"].values()
    assert payload["changed"] is True


@pytest.mark.parametrize(
    "raw", ["", "x", ids.opaque("Message", ObjectId(OWN)), ids.opaque("Notification", "x", "y")]
)
async def test_what_is_no_id_of_a_notification_is_named(edge: Edge, raw: str) -> None:
    for query in (ARCHIVE, RETRACT):
        payload = await change(edge, query, id=raw)
        assert payload["errors"] == [{"field": "id", "code": "INVALID"}]
    payload = await change(edge, UPDATE, input={"id": raw})
    assert payload["errors"] == [{"field": "id", "code": "INVALID"}]
