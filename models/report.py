"""Daily reports that were made: one row per day (M20)."""

from datetime import datetime

from beanie import Document


class Report(Document):
    """A day by its date. Written in the transaction that queues its e-mails, so there is one of each."""

    id: str  # type: ignore[assignment] # Beanie allows any type of id
    zone: str
    made_at: datetime
    messages: int
    """That ended in the day."""

    class Settings:
        name = "reports"
