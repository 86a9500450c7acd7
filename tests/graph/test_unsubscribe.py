"""The page behind the link in a mail: looking does nothing, one POST ends the mails (RFC 8058)."""

import re

import pytest
from bson import ObjectId

from rules.unsubscribing import Link, Whom
from tests.graph.conftest import FRONT_END, Edge
from tests.graph.http import exchange
from tests.graph.unsubscribing import FORM, link_of, muted, path, post

STRANGER = "https://evil.example.com"


async def test_one_click_of_a_mail_provider_mutes_the_topic_by_e_mail(
    edge: Edge, user: ObjectId
) -> None:
    where = path(link_of(user))
    for _ in range(2):
        status, page = await post(edge, where)
        assert (status, "You are unsubscribed" in page) == (200, True)
        assert muted(edge, user) == ["promo/email"]
    (line, *_) = [line for line in edge.log() if line["event"] == "recipient.unsubscribed"][-1:]
    assert (line["user_id"], line["topic"], line["everything"]) == (str(user), "promo", False)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_looking_changes_nothing(edge: Edge, user: ObjectId, method: str) -> None:
    where = path(link_of(user))
    for query in ("", "?List-Unsubscribe=One-Click", "?do=all"):
        async with edge.http.request(method, where + query) as response:
            assert response.status == (204 if method == "OPTIONS" else 200)
            assert bool(await response.read()) is (method == "GET")
    assert muted(edge, user) == []


async def test_the_page_offers_the_topic_all_and_to_undo_it(edge: Edge, user: ObjectId) -> None:
    where = path(link_of(user))
    async with edge.http.get(where) as response:
        page = await response.text()
    assert re.findall(r'value="(\w+)"', page) == ["topic", "all"]
    assert "“promo”" in page
    for do, offered, after in (
        ("topic", ["undo", "all"], ["promo/email"]),
        ("all", ["undo"], ["*/email", "promo/email"]),
        ("undo", ["topic", "all"], []),
        ("all", ["undo"], ["*/email"]),
        ("undo", ["topic", "all"], []),
    ):
        status, page = await post(edge, where, {"do": do})
        assert (status, re.findall(r'value="(\w+)"', page)) == (200, offered)
        assert muted(edge, user) == after


async def test_a_client_is_muted_and_one_that_is_gone_is_left_in_peace(edge: Edge) -> None:
    client_id = ObjectId()
    where = path(Link(Whom.CLIENT, str(client_id), "promo", "email"))
    for there in (False, True):
        if there:
            edge.database["clients"].insert_one({"_id": client_id, "phone": str(client_id)})
        status, page = await post(edge, where)
        assert (status, "You are unsubscribed" in page) == (200, True)
    row = edge.database["clients"].find_one({"_id": client_id})
    edge.database["clients"].delete_one({"_id": client_id})
    assert row is not None
    assert row["muted"] == ["promo/email"]


async def test_an_address_of_nobody_goes_onto_the_suppression_list_and_off_again(
    edge: Edge,
) -> None:
    address = f"{ObjectId()}@example.com"
    where = path(Link(Whom.ADDRESS, address, "promo", "email"))
    assert (await post(edge, where))[0] == 200
    row = edge.database["suppressions"].find_one({"_id": f"email:{address}"})
    assert row is not None
    assert (row["reason"], row["by"]) == ("unsubscribed", "recipient")
    assert (await post(edge, where, {"do": "undo"}))[0] == 200
    assert edge.database["suppressions"].find_one({"_id": f"email:{address}"}) is None


async def test_the_page_can_do_nothing_tells_nobody_and_is_kept_by_nobody(
    edge: Edge, user: ObjectId
) -> None:
    for where in (path(link_of(user)), "/unsubscribe/nothing"):
        async with edge.http.get(where) as response:
            headers, page = response.headers, await response.text()
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "form-action 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert "Set-Cookie" not in headers
        assert "<script" not in page
        assert "http" not in page.replace("<!doctype html>", "")


def hostile(token: str) -> list[str]:
    """Tokens that are nearly good, and some that are not at all."""
    nearly = [token[:-1], token + "A", token[::-1], token.swapcase(), token + "=", token[1:]]
    odd = ["x", "%00", "..%2f..%2fgraphql", "%ff%fe", "A" * 1_025, "A" * 20_000, "%F0%9F%94%94"]
    return [*nearly, *odd, "<script>alert(1)</script>".replace("/", "%2f")]


async def test_a_token_that_is_not_exactly_ours_opens_nothing(edge: Edge, user: ObjectId) -> None:
    good = path(link_of(user)).removeprefix("/unsubscribe/")
    for token in hostile(good):
        for method in ("GET", "POST"):
            target = f"{method} /unsubscribe/{token} HTTP/1.1\r\nHost: belfry\r\n"
            head = f"{target}Content-Type: {FORM}\r\nContent-Length: 26\r\nConnection: close\r\n"
            body = b"List-Unsubscribe=One-Click" if method == "POST" else b""
            if method == "GET":
                head = f"{target}Connection: close\r\n"
            status, headers, page = await exchange(edge, head.encode() + b"\r\n" + body)
            assert status == 404, token
            assert b"alert" not in page
            assert headers["cache-control"] == "no-store"
    assert muted(edge, user) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Origin": STRANGER}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": FRONT_END}, 200),
    ],
)
async def test_servers_and_our_own_page_may_post_and_no_page_of_a_stranger(
    edge: Edge, user: ObjectId, headers: dict[str, str], status: int
) -> None:
    assert (await post(edge, path(link_of(user)), **headers))[0] == status
    assert muted(edge, user) == (["promo/email"] if status == 200 else [])


async def test_other_methods_are_not_allowed(edge: Edge, user: ObjectId) -> None:
    where = path(link_of(user))
    async with edge.http.options(where) as response:
        assert response.headers["Allow"] == "GET, HEAD, POST, OPTIONS"
    for method in ("PUT", "DELETE", "PATCH"):
        async with edge.http.request(method, where) as response:
            assert response.status == 405
            assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}
