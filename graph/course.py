"""The course of a mailing in the schema."""

from datetime import datetime

import strawberry

from models import course as documents


@strawberry.type(description="The counts of a mailing's messages at one moment.")
class CoursePoint:
    """A point as the schema has it."""

    at: datetime
    sent: int
    failed: int = strawberry.field(description="Refused for good, the address or the message.")
    open: int = strawberry.field(description="Waiting or leaving.")

    @classmethod
    def of(cls, point: documents.Point) -> "CoursePoint":
        """The point of a document."""
        return cls(at=point.at, sent=point.sent, failed=point.failed, open=point.open)
