import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.plain_text import plain_text

PIECES = st.sampled_from(
    [
        *("<p>", "</p>", "<br>", "<a href='x'>", "</a>", "<li>", "<ul>", "<style>", "</style>"),
        *("<!", "<!--", "-->", "<![", "<![CDATA[", "]]>", "&", "&#", "&#x110000;", "&amp;", "<?"),
        *("</", "<a ", "=", "'", '"', ">", "text", "\n", "\0", "<title>", "<script", "</script "),
    ]
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Hello", "Hello"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("one\n  two\t<b>three</b>  four", "one two three four"),
        ("<ul>\n<li>tea</li>\n<li>jam</li>\n</ul>after", "- tea\n- jam\nafter"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<a href='https://a.example/'>Look</a> here", "Look (https://a.example/) here"),
        ("<a href='https://a.example/'>https://a.example/</a>", "https://a.example/"),
        ("<a href='mailto:a@b.example'>a@b.example</a>", "a@b.example"),
        ("<a href='#top'>Up</a><a>bare</a>", "Upbare"),
        ("<a href='https://a.example/'><img src=x></a>", "https://a.example/"),
        ("<img src=x alt='A bell'>", "A bell"),
        ("<a href='x'>one <a href='y'>two</a>", "one (x)two (y)"),
        ("<A HREF=/x>one</A>", "one (/x)"),
        ("<a title='href=no' href = \"https://a.example/?a=1&amp;b=2\">x</a>",
         "x (https://a.example/?a=1&b=2)"),
        ("1 < 2 <3 <b class='>'>x</b>", "1 < 2 <3 x"),
        ("<SCRIPT>if (a < b) {}</SCRIPT>after", "after"),
        ("cut <b", "cut"),
        ("&lt;b&gt; &amp; &#169; &nbsp;", "<b> & ©"),
        ("<head><title>T</title></head><style>p{}</style><p>Seen<script>x()</script>", "Seen"),
        ("<table><tr><th>a<td>b</tr><tr><td>c</td><td>d</td></tr></table>", "a b\nc d"),
        ("<h1>Head</h1>text", "Head\n\ntext"),
        ("<!-- nothing --><p>x", "x"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_person_would_read_it_so(html: str, text: str) -> None:
    assert plain_text(html) == text


@given(st.lists(PIECES, max_size=30).map("".join) | st.text())
def test_any_html_gives_a_text(html: str) -> None:
    text = plain_text(html)
    assert text == text.strip() and "\n\n\n" not in text


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "<",
            "<a ",
            "<a b='",
            "</",
            "<!",
            "<!--",
            "<?",
            "<script>",
            "<script ",
            "<a href=x>a",
            "&",
        ),
        *("<a x", "<a>", "</a>", "<ul> ", "< ", "<a''\"", "<![CDATA[", "<img a= "),
    ],
)
def test_broken_markup_is_read_once_and_no_more(piece: str) -> None:
    # A parser that looks back over what it has read takes hours for these.
    plain_text(piece * (1_000_000 // len(piece)))


@pytest.mark.parametrize("html", ["{}", "<a href='{}'></a>", "<img alt={}>"])
def test_a_number_of_no_character_stays_as_it_is(html: str) -> None:
    for number in ("&#" + "1" * 5_000 + ";", "&#" + "0" * 5_000, "&#123456789"):
        assert number in plain_text(html.format(number))
    assert plain_text("&#0000065;") == "A"
