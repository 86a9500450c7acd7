"""The report as an e-mail: complete, safe, and legible everywhere."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from rules import report_page
from rules.message import Status
from rules.report import ENDINGS, Line, Reason, Report

START = datetime(2026, 11, 28, 9, tzinfo=UTC)
LINE = Line(
    "Feast <b>&",
    {Status.SENT: 4_900, Status.FAILED: 12, Status.CANCELLED: 88},
    5_020,
    (Reason("refused: 400", 9), Reason("refused: <500>", 3)),
    "65f0c3a1b2c3d4e5f6a7b8c9",
    START,
    START + timedelta(hours=2, minutes=5),
    0,
)
REPORT = Report(date(2026, 11, 28), "Europe/Moscow", START, START, LINE, (LINE,), 7)

COUNTS = st.dictionaries(st.sampled_from(ENDINGS), st.integers(0, 10**9))
LINES = st.builds(
    Line,
    st.text(),
    COUNTS,
    st.integers(0, 10**9),
    st.lists(st.builds(Reason, st.text(), st.integers(1, 10**9)), max_size=3).map(tuple),
    started_at=st.none() | st.just(START),
    settled_at=st.none() | st.timedeltas(timedelta(), timedelta(days=9_000)).map(START.__add__),
    left=st.none() | st.integers(0, 10**9),
)


class Tags(HTMLParser):
    """Which elements are open, and that each is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_subject_tells_the_numbers() -> None:
    assert report_page.subject(REPORT) == "Belfry on Sat 28 Nov 2026: 4,900 sent, 12 not delivered"


def test_the_text_says_what_the_page_says() -> None:
    text = report_page.text(REPORT)
    assert "Saturday, 28 November 2026 (Europe/Moscow)" in text
    assert re.search(r"sent +4,900  █{24}\n", text)
    assert re.search(r"failed +12  █\n", text), "however few, they are seen"
    assert "took 2 h 5 min" in text and "started 28 Nov 12:00" in text, "by the zone's clock"
    assert "9 × refused: 400" in text and "5,020 attempts" in text
    assert "and 7 more mailings" in text


def test_bars_of_the_page_are_as_long_as_there_are_messages() -> None:
    found = re.findall(r'<td width="(\d+)" height="12"', report_page.html(REPORT))
    sent, *others = map(int, found)
    assert sent > 0.9 * report_page.WIDTH
    assert 1 in others, "however few, they are seen"


def test_a_mailing_that_goes_on_says_so() -> None:
    running = replace(REPORT, lines=(replace(LINE, settled_at=None, left=17),))
    assert "not over" in report_page.text(running)
    assert "17 still open" in report_page.html(running)


def test_the_page_needs_nothing_from_elsewhere_and_names_no_colour_of_text_or_page() -> None:
    page = report_page.html(REPORT)
    assert not re.search(r"<img|<link|<script|<style|url\(|https?:|[^-]color:", page)
    assert 'name="color-scheme" content="light dark"' in page
    assert "Feast &lt;b&gt;&amp;" in page and "refused: &lt;500&gt;" in page


@given(st.lists(LINES, max_size=3), LINES)
def test_whatever_it_says_it_is_well_formed(lines: list[Line], total: Line) -> None:
    report = replace(REPORT, total=total, lines=tuple(lines))
    tags = Tags()
    tags.feed(report_page.html(report))
    tags.close()
    assert tags.open == []
    assert tags.seen <= {
        *("html", "head", "meta", "title", "body"),
        *("h1", "h2", "p", "br", "table", "tr", "td"),
    }
    assert "\n" not in report_page.subject(report)
    for width in re.findall(r'<td width="(\d+)"', report_page.html(report)):
        assert 1 <= int(width) <= report_page.WIDTH
    assert max(map(len, re.findall("█+", report_page.text(report))), default=0) <= report_page.BAR


def test_fifty_mailings_stay_below_what_mail_clients_cut() -> None:
    page = report_page.html(replace(REPORT, lines=(replace(LINE, name="n" * 200),) * 51))
    assert len(page.encode()) < 102_000
