"""Opt-outs: which claimed messages their recipients don't want, and how they say so in time (X8).

Looked up when messages are about to leave, so that what was muted while they waited counts.
"""

from collections.abc import Sequence

from bson import ObjectId

from core.parts import Parts
from rules import preferences, suppression
from rules.message import Route
from rules.suppression import Reason
from rules.unsubscribing import Link, Whom
from services import kinds, suppressions, unsubscribing
from services.messages import Claimed

MUTED = "muted by the recipient"
LISTED = "the address is on the suppression list"


async def look_up(parts: Parts, claimed: Sequence[Claimed], topic: str | None) -> None:
    """Note on each row why it must not leave, if it must not, and how its recipient can opt out.

    `topic` is the mailing's; personal messages have their own. Rows know already what their
    recipients have muted.
    """
    topics = {one.id: _topic(one, topic) for one in claimed}
    critical = await kinds.critical({about for about in topics.values() if about is not None})
    channel = claimed[0].row["channel"]
    addresses = (one.row["address"] for one in claimed if one.row["address"])
    listed = await suppressions.listed(channel, addresses)
    for one in claimed:
        about = topics[one.id]
        row, is_critical = one.row, about in critical
        row["suppressed"] = _objection(one, about, listed, is_critical=is_critical)
        if channel == Route.EMAIL and about is not None and not is_critical:
            row["unsubscribe"] = unsubscribing.url(parts.settings, _link(one, about))


def _topic(one: Claimed, mailings: str | None) -> str | None:
    if one.mailing_id is not None:
        return mailings
    topic: str | None = one.row.get("topic") or one.row.get("kind")
    return topic


def _objection(
    one: Claimed, about: str | None, listed: dict[str, Reason], *, is_critical: bool
) -> str | None:
    row = one.row
    if row["address"]:
        reason = listed.get(suppression.spelled(row["channel"], row["address"]))
        if reason is not None and suppression.holds_back(reason, critical=is_critical):
            return f"{LISTED}: {reason}"
    if is_critical:
        return None
    entry = preferences.mutes(row.get("muted") or (), about, row["channel"])
    return None if entry is None else f"{MUTED}: {entry}"


def _link(one: Claimed, about: str) -> Link:
    row = one.row
    user_id: ObjectId | None = row.get("user_id")
    client_id: ObjectId | None = row.get("client_id")
    if user_id is not None:
        return Link(Whom.USER, str(user_id), about, row["channel"])
    if client_id is not None:
        return Link(Whom.CLIENT, str(client_id), about, row["channel"])
    return Link(Whom.ADDRESS, row["address"], about, row["channel"])
