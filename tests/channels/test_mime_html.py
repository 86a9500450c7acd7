import re

from hypothesis import example, given
from hypothesis import strategies as st

from tests.channels.test_mime import read, with_unix_line_ends, written


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(min_size=1))
@example("--=_", "--=_0\r\n--=_0--")
@example("Hello", "<p>" + "x" * 2_000)
@example("Звон", "<p>Звон</p>")
@example("", "<p>\ud800</p>")
def test_html_comes_behind_the_text_and_both_read_back(text: str, html: str) -> None:
    plain, rich = read(text=text, html=html).iter_parts()
    assert plain.get_content_type() == "text/plain"
    assert rich.get_content_type() == "text/html"
    assert with_unix_line_ends(plain.get_content()) == with_unix_line_ends(text)
    expected = html.encode("utf-8", "replace").decode()
    assert with_unix_line_ends(rich.get_content()) == with_unix_line_ends(expected)


@given(st.text(), st.text(min_size=1))
def test_every_line_with_html_is_ascii_ends_in_crlf_and_is_within_the_limits(
    text: str, html: str
) -> None:
    raw = written(text=text, html=html)
    assert raw.isascii() and raw.endswith(b"--\r\n") and b"\0" not in raw
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_the_boundary_stands_in_no_part_and_is_the_same_for_the_same_mail() -> None:
    message = read(text="Hello", html="<p>Hello</p>")
    boundary = message.get_boundary()
    assert boundary is not None and re.fullmatch("=_[0-9a-f]{40}", boundary)
    assert read(text="Hello", html="<p>Hello</p>").get_boundary() == boundary
    hostile = read(text=f"--{boundary}--", html=f"--{boundary}\r\nContent-Type: text/x-evil")
    assert hostile.get_boundary() != boundary
    assert [part.get_content_type() for part in hostile.iter_parts()] == ["text/plain", "text/html"]


def test_without_html_there_is_only_the_text() -> None:
    assert read().get_content_type() == "text/plain"
    assert read(html="<p>Hello</p>").get_content_type() == "multipart/alternative"
