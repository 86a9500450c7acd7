"""Forms that a link to unsubscribe takes, however mail providers spell them."""

from io import BytesIO

import aiohttp
import pytest
from bson import ObjectId

from tests.graph.conftest import Edge
from tests.graph.unsubscribing import FORM, ONE_CLICK, link_of, muted, path, post


async def test_a_form_in_parts_does_the_same(edge: Edge, user: ObjectId) -> None:
    form = aiohttp.FormData(ONE_CLICK, default_to_multipart=True)
    async with edge.http.post(path(link_of(user)), data=form) as response:
        assert response.status == 200
        assert response.request_info.headers["Content-Type"].startswith("multipart/form-data")
    assert muted(edge, user) == ["promo/email"]


@pytest.mark.parametrize(
    ("content_type", "said"),
    [
        (
            'Multipart/Form-Data; charset=utf-8; boundary="a b"',
            (
                b'hello\n--a b\nX: y\ncontent-disposition: form-data; name="List-Unsubscribe"\n\n'
                b"One-Click\n--a b--\n"
            ),
        ),
        (
            "multipart/form-data;boundary=ab",
            (
                b"--ab\r\nContent-Disposition: form-data;name=List-Unsubscribe\r\n"
                b"Content-Type: text/plain\r\n\r\nOne-Click\r\n"
                b'--ab\r\nContent-Disposition: form-data; name=""\r\n\r\n\r\n--ab--'
            ),
        ),
    ],
)
async def test_a_form_in_parts_may_be_written_in_many_ways(
    edge: Edge, user: ObjectId, content_type: str, said: bytes
) -> None:
    where = path(link_of(user))
    status, _ = await post(edge, where, BytesIO(said), **{"Content-Type": content_type})
    assert (status, muted(edge, user)) == (200, ["promo/email"])


@pytest.mark.parametrize("piece", ['"', "; ", "a=b; ", "(", "a "])
async def test_a_long_content_type_is_refused_before_anybody_reads_it(
    edge: Edge, user: ObjectId, piece: str
) -> None:
    # A mail parser takes minutes for these, in which nobody else would be served.
    said = "multipart/form-data; boundary=b; " + piece * (16_000 // len(piece))
    part = b'--b\r\nContent-Disposition: form-data; name="do"\r\n\r\nall\r\n--b--\r\n'
    status, _ = await post(edge, path(link_of(user)), BytesIO(part), **{"Content-Type": said})
    assert (status, muted(edge, user)) == (400, [])


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"", 400),
        (b"List-Unsubscribe=Two-Clicks", 400),
        (b"do=everything", 400),
        (b"a=b&" * 20, 400),
        (b"\xff\xfe=1", 400),
        (b"x" * 5_000, 413),
        (b"x" * 70_000, 413),
    ],
)
async def test_a_post_that_asks_for_nothing_we_know_changes_nothing(
    edge: Edge, user: ObjectId, said: bytes, status: int
) -> None:
    assert (await post(edge, path(link_of(user)), BytesIO(said), **{"Content-Type": FORM}))[0] == (
        status
    )
    assert muted(edge, user) == []


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 415),
        ("text/plain", 415),
        ("multipart/form-data", 400),
        ('multipart/form-data; boundary="a"', 400),
        ("multipart/form-data; boundary=\u00e4; charset=x", 400),
    ],
)
async def test_what_is_no_form_is_refused(
    edge: Edge, user: ObjectId, content_type: str, status: int
) -> None:
    where, said = path(link_of(user)), BytesIO(b"List-Unsubscribe=One-Click")
    assert (await post(edge, where, said, **{"Content-Type": content_type}))[0] == status
    assert muted(edge, user) == []
