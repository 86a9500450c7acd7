"""The daily report as a job (M20)."""

from typing import Any

from jobs.once import once
from services import daily_reports


async def report(ctx: dict[str, Any]) -> int:
    """Queue the reports that are due; how many days it was."""
    with once(ctx, "report") as free:
        parts = ctx["parts"]
        return await daily_reports.make_due(parts, parts.database_clock.now()) if free else 0
