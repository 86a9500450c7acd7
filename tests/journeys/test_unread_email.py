"""An e-mail that leaves only if the bell was not read in time (X10)."""

from typing import Any

from bson import ObjectId

from tests.journeys.conftest import UNKNOWN, House, eventually

KIND = """mutation ($kind: CreateKindInput!) {
  createKind(input: $kind) { kind { emailIfUnreadAfter } errors { field code } }
}"""
CREATE = """mutation ($input: CreateNotificationInput!) {
  createNotification(input: $input) { notification { id } messageId errors { code } }
}"""
READ = """mutation ($id: ID!) {
  markNotificationRead(input: {id: $id}) { marked errors { code } }
}"""
MESSAGE = "query ($id: ID!) { message(id: $id) { status why attempts { verdict } } }"
WAIT = 3


async def created(house: House, user: str, key: str, name: str) -> Any:
    given = {"userId": user, "key": key, "data": {"name": name}}
    return (await house.ask(CREATE, role="sender", input=given))["createNotification"]


async def test_only_what_is_unread_after_the_wait_is_mailed(house: House) -> None:
    house.worker()
    user, key = str(ObjectId()), f"reminder.{ObjectId()}"
    kind = {"key": key, "inApp": True, "email": True, "title": "{{ data.name }}"}
    kind |= {"body": "You have not looked yet.", "emailIfUnreadAfter": WAIT}
    made = (await house.ask(KIND, role="operator", kind=kind))["createKind"]
    assert made == {"kind": {"emailIfUnreadAfter": WAIT}, "errors": []}

    read = await created(house, user, key, "read in time")
    marked = await house.ask(READ, id=read["notification"]["id"])
    assert marked["markNotificationRead"] == {"marked": 1, "errors": []}
    unread = await created(house, user, key, "never read")
    message = (await house.ask(MESSAGE, id=unread["messageId"]))["message"]
    assert (message["status"], message["why"]) == ("PENDING", "waits to be read")

    async def over() -> Any:
        found = [
            (await house.ask(MESSAGE, id=one["messageId"]))["message"] for one in (read, unread)
        ]
        return found if {one["status"] for one in found} <= {"SENT", "CANCELLED"} else None

    first, second = await eventually(over)
    assert (first["status"], first["why"]) == ("CANCELLED", "read in time")
    assert first["attempts"] == []
    assert second["status"] == "SENT"
    assert [one["verdict"] for one in second["attempts"]] == ["ACCEPTED"]
    mails = await house.mails(UNKNOWN)
    assert [mail["headers"]["Subject"] for mail in mails] == ["never read"]
