"""Notifications as other services and front ends use them (N1 to N7)."""

from typing import Any

import pytest
from bson import ObjectId

from tests.journeys.conftest import UNKNOWN, House, eventually

CREATE = """mutation ($input: CreateNotificationInput!) {
  createNotification(input: $input) {
    notification { id timestamp isNew userId key targetId data }
    unread messageId errors { field code }
  }
}"""
PAGE = """query ($user: ID!, $skip: Int!, $limit: Int!) {
  inbox(userId: $user) { page(skip: $skip, limit: $limit) {
    total unread skip limit list { id timestamp isNew userId key targetId data }
  } }
}"""
BY_CURSOR = """query ($user: ID!, $after: String, $filter: NotificationFilter) {
  inbox(userId: $user) { total unread headCursor
    notifications(first: 2, after: $after, filter: $filter) {
      totalCount pageInfo { hasNextPage endCursor } nodes { id key isNew }
    }
  }
}"""
MARK_ONE = """mutation ($id: ID!) {
  markNotificationRead(input: {id: $id}) { notification { isNew } marked unread errors { code } }
}"""
MARK_ALL = """mutation ($user: ID!, $cursor: String!) {
  markNotificationsRead(input: {userId: $user, upTo: $cursor}) { marked unread }
}"""
MESSAGE = "query ($id: ID!) { message(id: $id) { status address attempts { verdict code } } }"
STORED = {"registration": False, "new_message": True, "new_post": True, "new_login": True}
MAILED = {"registration": True, "new_message": False, "new_post": False, "new_login": True}


async def create(house: House, **given: Any) -> Any:
    created = (await house.ask(CREATE, role="sender", input=given))["createNotification"]
    assert created["errors"] == []
    return created


async def by_cursor(house: House, user: str, **variables: Any) -> list[Any]:
    """Every page of an inbox."""
    pages: list[Any] = []
    after = None
    while not pages or pages[-1]["notifications"]["pageInfo"]["hasNextPage"]:
        pages.append((await house.ask(BY_CURSOR, user=user, after=after, **variables))["inbox"])
        after = pages[-1]["notifications"]["pageInfo"]["endCursor"]
    return pages


def ids(pages: list[Any]) -> list[str]:
    return [node["id"] for page in pages for node in page["notifications"]["nodes"]]


@pytest.fixture
def user() -> str:
    return str(ObjectId())


async def test_each_built_in_kind_is_stored_and_mailed_as_it_says(house: House, user: str) -> None:
    house.worker()
    target, data = str(ObjectId()), {"text": "Привет", "n": [1, {"deep": None}]}
    created = {
        key: await create(house, userId=user, key=key, targetId=target, data=data) for key in STORED
    }
    assert {key: bool(one["notification"]) for key, one in created.items()} == STORED
    assert {key: bool(one["messageId"]) for key, one in created.items()} == MAILED
    assert [one["unread"] for one in created.values()] == [0, 1, 2, 3]

    page = (await house.ask(PAGE, user=user, skip=0, limit=10))["inbox"]["page"]
    assert (page["total"], page["unread"], page["skip"], page["limit"]) == (3, 3, 0, 10)
    newest_first = ["new_login", "new_post", "new_message"]
    assert page["list"] == [created[key]["notification"] for key in newest_first]
    for item, key in zip(page["list"], newest_first, strict=True):
        told = (item["userId"], item["key"], item["targetId"], item["data"], item["isNew"])
        assert told == (user, key, target, data, True)

    async def both_mailed() -> bool:
        return len(await house.mails(UNKNOWN)) == 2

    await eventually(both_mailed)
    mails = {mail["headers"]["Subject"]: mail for mail in await house.mails(UNKNOWN)}
    assert mails.keys() == {"registration", "new_login"}
    for key, mail in mails.items():
        assert key in mail["text"]
        message_id = created[key]["messageId"]

        async def sent(message_id: str = message_id) -> Any:
            found = (await house.ask(MESSAGE, id=message_id))["message"]
            return found if found["status"] == "SENT" else None

        message = await eventually(sent)
        assert message["address"] == UNKNOWN
        assert [attempt["verdict"] for attempt in message["attempts"]] == ["ACCEPTED"]


async def test_an_inbox_is_read_by_page_and_by_cursor_and_marked_read(
    house: House, user: str
) -> None:
    keys = ["new_post", "new_message"] * 3 + ["new_post"]
    created = [(await create(house, userId=user, key=key))["notification"] for key in keys]
    newest_first = [one["id"] for one in reversed(created)]
    assert ids(await by_cursor(house, user)) == newest_first
    by_number = [
        (await house.ask(PAGE, user=user, skip=skip, limit=3))["inbox"]["page"]["list"]
        for skip in (0, 3, 6, 9)
    ]
    assert [[item["id"] for item in page] for page in by_number] == [
        newest_first[0:3],
        newest_first[3:6],
        newest_first[6:],
        [],
    ]
    posts = await by_cursor(house, user, filter={"keys": ["new_post"]})
    assert ids(posts) == newest_first[::2]
    assert {page["notifications"]["totalCount"] for page in posts} == {4}

    for marked in (1, 0):  # a repeat changes nothing
        answer = (await house.ask(MARK_ONE, id=created[3]["id"]))["markNotificationRead"]
        assert (answer["marked"], answer["unread"], answer["errors"]) == (marked, 6, [])
        assert answer["notification"] == {"isNew": False}
    head = (await by_cursor(house, user))[0]["headCursor"]
    await create(house, userId=user, key="new_post")
    for marked in (6, 0):
        answer = await house.ask(MARK_ALL, user=user, cursor=head)
        assert answer["markNotificationsRead"] == {"marked": marked, "unread": 1}
    (unread,) = await by_cursor(house, user, filter={"unread": True})
    assert (unread["unread"], unread["total"]) == (1, 8)
    assert unread["notifications"]["nodes"][0]["id"] not in newest_first


async def test_the_oldest_falls_out_of_a_full_inbox(house: House, user: str) -> None:
    for number in range(103):
        await create(house, userId=user, key="new_post", data={"number": number})
    page = (await house.ask(PAGE, user=user, skip=98, limit=10))["inbox"]["page"]
    assert (page["total"], page["unread"]) == (100, 100)
    assert [item["data"]["number"] for item in page["list"]] == [4, 3]


async def test_a_kind_of_ones_own_says_what_its_mail_reads(house: House, user: str) -> None:
    house.worker()
    key = f"invoice.{user}"
    kind = {
        "key": key,
        "inApp": True,
        "email": True,
        "title": "{{ key }}: {{ data.number }}",
        "body": "{{ data.amount }} to pay",
    }
    query = """mutation ($kind: CreateKindInput!) {
      createKind(input: $kind) { kind { key } errors { field code } }
    }"""
    made = (await house.ask(query, role="operator", kind=kind))["createKind"]
    assert made == {"kind": {"key": key}, "errors": []}
    await create(house, userId=user, key=key, data={"number": "№ 7", "amount": 12.5})

    async def arrived() -> list[Any]:
        return await house.mails(UNKNOWN)

    (mail,) = await eventually(arrived)
    assert mail["headers"]["Subject"] == f"{key}: № 7"
    assert mail["text"].strip() == "12.5 to pay"


async def test_a_repeat_under_one_idempotency_key_notifies_once(house: House, user: str) -> None:
    given = {"userId": user, "key": "new_login", "idempotencyKey": str(ObjectId())}
    first, second = await create(house, **given), await create(house, **given)
    assert first == second
    page = (await house.ask(PAGE, user=user, skip=0, limit=10))["inbox"]["page"]
    assert [item["id"] for item in page["list"]] == [first["notification"]["id"]]
