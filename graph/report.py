"""The daily report in the schema, to be read and to be sent by hand (M20)."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import strawberry

from core import mongo
from graph import ids
from graph.auth import Needs
from graph.context import Info
from graph.enums import MessageStatus
from graph.errors import Answers, UserError, at_field
from graph.idempotency import key_field
from graph.statistics import StatusCount
from rules import addresses, report_page
from rules import report as rules
from rules.roles import Permission
from services import daily_reports, reports


@strawberry.type(description="Why messages ended otherwise than sent.")
class ReportReason:
    """One reason, as messages have it in `why`."""

    why: str
    messages: int


@strawberry.type(
    description="What ended in the day: of a mailing, of personal messages, or of all."
)
class ReportLine:
    """A line of a report as the schema has it."""

    mailing_id: strawberry.ID | None = strawberry.field(description="Null if of no one mailing.")
    name: str
    total: int = strawberry.field(description="Messages that ended.")
    by_status: list[StatusCount] = strawberry.field(description="How; only those that there are.")
    attempts: int = strawberry.field(description="Tries that led to these endings.")
    reasons: list[ReportReason] = strawberry.field(description="The most frequent, three at most.")
    started_at: datetime | None = strawberry.field(description="When the mailing was launched.")
    settled_at: datetime | None = strawberry.field(description="Null while it is not over.")
    left: int | None = strawberry.field(description="Messages of the mailing still open, now.")

    @classmethod
    def of(cls, line: rules.Line) -> "ReportLine":
        """The line of the service."""
        shown = [each for each in rules.ENDINGS if line.by_status.get(each)]
        return cls(
            mailing_id=strawberry.ID(ids.opaque("Mailing", line.mailing_id))
            if line.mailing_id
            else None,
            name=line.name,
            total=line.total,
            by_status=[
                StatusCount(status=MessageStatus(each), count=line.by_status[each])
                for each in shown
            ],
            attempts=line.attempts,
            reasons=[ReportReason(why=each.text, messages=each.messages) for each in line.reasons],
            started_at=line.started_at,
            settled_at=line.settled_at,
            left=line.left,
        )


@strawberry.type(description="What became of the messages of one day.")
class Report:
    """A report as the schema has it."""

    date: date
    zone: str = strawberry.field(description="IANA name: whose day it is.")
    since: datetime = strawberry.field(description="Its first moment.")
    until: datetime = strawberry.field(description="Its end; of today: now.")
    total: ReportLine = strawberry.field(description="All that ended.")
    lines: list[ReportLine] = strawberry.field(
        description="Personal messages, and the 50 mailings of which most messages ended."
    )
    other_mailings: int = strawberry.field(description="Mailings that have no line of their own.")
    subject: str = strawberry.field(description="Of the e-mail.")
    found: strawberry.Private[rules.Report]

    @strawberry.field(description="The e-mail's text.")
    def text(self) -> str:
        """Made only when asked for."""
        return report_page.text(self.found)

    @strawberry.field(description="The e-mail's HTML, a page of its own.")
    def html(self) -> str:
        """Made only when asked for."""
        return report_page.html(self.found)

    @classmethod
    def of(cls, found: rules.Report) -> "Report":
        """The report of the service."""
        return cls(
            date=found.day,
            zone=found.zone,
            since=found.since,
            until=found.until,
            total=ReportLine.of(found.total),
            lines=[ReportLine.of(line) for line in found.lines],
            other_mailings=found.others,
            subject=report_page.subject(found),
            found=found,
        )


@strawberry.input(description="A report to be sent by e-mail.")
class SendReportInput:
    """What sendReport takes."""

    date: date
    zone: str | None = strawberry.field(
        default=None, description="IANA name: whose day it is; REPORT_ZONE if null."
    )
    to: list[str] | None = strawberry.field(
        default=None, description="Up to 20 addresses; REPORT_TO if null."
    )
    idempotency_key: str | None = key_field()


@strawberry.type(description="What is sent, or what was wrong.")
class SendReportPayload:
    """What sendReport answers."""

    report: Report | None = None
    to: list[str] = strawberry.field(default_factory=list, description="To whom it goes.")
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ReportQuery:
    """Queries about days."""

    @strawberry.field(
        description="What became of the messages of a day, so far if it is today.",
        extensions=[Needs(Permission.READ_STATISTICS)],
    )
    async def report(self, info: Info, date: date, zone: str | None = None) -> Report:
        """A day in a zone."""
        return Report.of(await _found(info, date, zone, "zone"))


@strawberry.type
class ReportMutation:
    """Mutations of reports."""

    @strawberry.mutation(
        description="Send the report on a day by e-mail; the daily one comes all the same.",
        extensions=[Needs(Permission.MANAGE_MAILINGS), Answers(SendReportPayload)],
    )
    async def send_report(self, info: Info, input: SendReportInput) -> SendReportPayload:
        """Send one."""
        caller = info.context.require(Permission.MANAGE_MAILINGS).subject
        found = await _found(info, input.date, input.zone, "zone")
        to = await daily_reports.send(
            info.context.parts, caller, found, input.to or (), input.idempotency_key
        )
        return SendReportPayload(report=Report.of(found), to=to)


async def _found(info: Info, day: date, zone: str | None, field: str) -> rules.Report:
    parts = info.context.parts
    name = at_field(field, addresses.time_zone, zone or parts.settings.report_zone)
    return await reports.report(parts, day, ZoneInfo(name), await mongo.now(parts.mongo))
