"""The daily report as an e-mail: subject, text, and HTML that any mail client shows (M20).

Bars are cells of tables with a background: no image, no style sheet, nothing from elsewhere. Text
and page have no colours of their own, so that they follow a dark or a light client; bars have a
middle tone that is seen on both.
"""

from collections.abc import Iterator
from datetime import timedelta
from html import escape
from zoneinfo import ZoneInfo

from rules.message import Status
from rules.report import ENDINGS, SENT, TROUBLE, Line, Report

BAR = 24
"""Characters of a full bar in the text."""
WIDTH = 240
"""Pixels of one in HTML."""
_COLOURS = {
    **dict.fromkeys(SENT, "#2f9e5b"),
    **dict.fromkeys(TROUBLE, "#d9534f"),
    Status.SUPPRESSED: "#8a8f98",
    Status.CANCELLED: "#8a8f98",
}
_LONGEST_NAME = 80


def subject(report: Report) -> str:
    """One line; the numbers that tell whether to read on."""
    total = report.total
    sent, trouble = total.count(SENT), total.count(TROUBLE)
    return f"Belfry on {report.day:%a %d %b %Y}: {sent:,} sent, {trouble:,} not delivered"


def text(report: Report) -> str:
    """The same numbers as the HTML, with bars of blocks."""
    lines = [f"What became of messages on {_day(report)}", "", *_bars(report.total)]
    for line in report.lines:
        lines += ["", _name(line), *(f"  {each}" for each in (*_facts(line, report), *_bars(line)))]
    if report.others:
        lines += ["", f"and {report.others:,} more mailings"]
    return "\n".join(lines) + "\n"


def html(report: Report) -> str:
    """A page of its own, at most about 100 kB, which mail clients don't cut."""
    body = "".join(_section(line, report) for line in report.lines)
    more = f"<p>and {report.others:,} more mailings</p>" if report.others else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(subject(report))}</title></head>"
        '<body style="font-family:sans-serif;font-size:15px;line-height:1.4">'
        f'<h1 style="font-size:20px">{escape(_day(report))}</h1>'
        f"{_chart(report.total)}{body}{more}</body></html>"
    )


def _section(line: Line, report: Report) -> str:
    facts = "".join(f"<br>{escape(fact)}" for fact in _facts(line, report))
    head = f'<h2 style="font-size:16px;margin:24px 0 0">{escape(_name(line))}</h2>'
    return f'{head}<p style="margin:0 0 4px">{facts.removeprefix("<br>")}</p>{_chart(line)}'


def _chart(line: Line) -> str:
    rows = "".join(_row(line, status) for status in _shown(line))
    return f'<table role="presentation" cellpadding="0" cellspacing="0">{rows}</table>'


def _row(line: Line, status: Status) -> str:
    count = line.by_status.get(status, 0)
    width = round(WIDTH * count / line.total) if line.total else 0
    bar = (
        '<table role="presentation" cellpadding="0" cellspacing="0"><tr>'
        f'<td width="{max(width, 1)}" height="12" bgcolor="{_COLOURS[status]}" '
        f'style="width:{max(width, 1)}px;height:12px;background-color:{_COLOURS[status]};'
        'font-size:1px">&nbsp;</td></tr></table>'
    )
    side = 'style="padding:2px 12px 2px 0"'
    return (
        f'<tr><td {side}>{status}</td><td {side[:-1]};text-align:right" align="right">{count:,}'
        f"</td><td>{bar if count else '&nbsp;'}</td></tr>"
    )


def _bars(line: Line) -> Iterator[str]:
    for status in _shown(line):
        count = line.by_status.get(status, 0)
        full = -(-BAR * count // line.total) if line.total else 0
        yield f"{status:14} {count:>12,}  {'█' * full}".rstrip()


def _shown(line: Line) -> list[Status]:
    """Sent, also if nothing was, and what else there is."""
    return [each for each in ENDINGS if line.by_status.get(each) or each in SENT]


def _facts(line: Line, report: Report) -> Iterator[str]:
    if line.attempts:
        yield f"{line.attempts:,} attempts"
    if line.started_at is not None:
        yield f"started {_moment(line, report)}, {_length(line, report)}"
    if line.left:
        yield f"{line.left:,} still open"
    for reason in line.reasons:
        yield f"{reason.messages:,} × {reason.text}"


def _moment(line: Line, report: Report) -> str:
    assert line.started_at is not None
    return f"{line.started_at.astimezone(ZoneInfo(report.zone)):%d %b %H:%M}"


def _length(line: Line, report: Report) -> str:
    assert line.started_at is not None
    if line.settled_at is None:
        return "not over"
    return f"took {_duration(line.settled_at - line.started_at)}"


def _duration(length: timedelta) -> str:
    minutes, seconds = divmod(max(0, round(length.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _day(report: Report) -> str:
    return f"{report.day:%A, %d %B %Y} ({report.zone})"


def _name(line: Line) -> str:
    name = " ".join(line.name.split())
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
