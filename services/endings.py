"""Endings that messages leave behind, kept in the transaction that leaves them (T6)."""

from collections.abc import Iterable
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from models.ending import Ending

FIELDS = (
    *("mailing_id", "channel", "template.slug", "topic", "kind"),
    *("status", "provider", "attempts", "attempts_before", "closed_at"),
)
"""What must be known of a row."""


async def keep(rows: Iterable[dict[str, Any]], session: AsyncClientSession) -> None:
    """Keep how these rows ended; what is written to them next tells another story."""
    found = [_ending(row) for row in rows if row.get("closed_at") is not None]
    if found:
        await Ending.get_pymongo_collection().insert_many(found, session=session)


def _ending(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "message_id": row["_id"],
        "mailing_id": row.get("mailing_id"),
        "channel": row["channel"],
        "template": (row.get("template") or {}).get("slug"),
        "topic": row.get("topic") or row.get("kind"),
        "status": row["status"],
        "provider": row.get("provider"),
        "attempts": row["attempts"] - row.get("attempts_before", 0),
        "closed_at": row["closed_at"],
    }
