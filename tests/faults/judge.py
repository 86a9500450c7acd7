"""The judge: what must hold after whatever happened, read from the rows and the outside's ledgers.

It shares no code with the engine, and it never trusts the engine's own words for what the outside
has accepted.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from bson import ObjectId

from tests.faults.evidence import Acceptance, Evidence, Row, Version

ON_THE_WAY = timedelta(seconds=0.25)
"""How long a request that left in time may take to the provider's door."""

TAKES_EFFECT = timedelta(seconds=2)
"""How long after an edit the mailing may still be sent as it was before."""

OPEN = {"pending", "sending"}
FIELDS = {"sending_api": "phone", "email": "email"}


class Violation(NamedTuple):
    """A rule that was broken, by what, and how."""

    rule: str
    id: str
    how: str


def judge(evidence: Evidence) -> list[Violation]:
    """Every violation of every rule."""
    rules = (
        audience,
        ended,
        known,
        accepted,
        sent,
        words,
        moments,
        hushed,
        counts,
        tries,
        unwanted,
    )
    return [violation for rule in rules for violation in rule(evidence)]


def audience(evidence: Evidence) -> Iterator[Violation]:
    """Every client of the audience has exactly one row per channel, and nobody else has any."""
    for mailing in evidence.mailings:
        found = Counter((row["client_id"], row["channel"]) for row in _rows(evidence, mailing))
        for (client_id, channel), count in found.items():
            whom = f"{client_id} by {channel}"
            if count > 1:
                yield Violation("audience", str(mailing["_id"]), f"{count} rows for {whom}")
            lives = evidence.lives.get(client_id, [])
            if not any(_is_in(mailing, life, channel) for life in lives):
                yield Violation("audience", str(mailing["_id"]), f"a row for a stranger, {whom}")
        for client_id, lives in evidence.lives.items():
            for channel in mailing["channels"]:
                expected = all(
                    _is_in(mailing, life, channel) and not life.get("deleted") for life in lives
                )
                if expected and _is_reached(mailing, client_id) and not found[client_id, channel]:
                    how = f"no row for {client_id} by {channel}"
                    yield Violation("audience", str(mailing["_id"]), how)


def ended(evidence: Evidence) -> Iterator[Violation]:
    """Every row has ended and is held by nobody; every mailing is settled."""
    for row in evidence.messages:
        if row["status"] in OPEN:
            yield Violation("ended", str(row["_id"]), f"still {row['status']}: {row.get('why')}")
        elif row.get("lease"):
            yield Violation("ended", str(row["_id"]), "ended, and still leased")
    for mailing in evidence.mailings:
        if not mailing["settled"]:
            yield Violation("ended", str(mailing["_id"]), f"not settled, {mailing['status']}")


def known(evidence: Evidence) -> Iterator[Violation]:
    """Whatever the outside took is a message of ours."""
    for one in evidence.accepted:
        if (one.channel, one.key) not in evidence.rows:
            yield Violation("known", str(one.key), f"{one.channel} took what is no row")


def accepted(evidence: Evidence) -> Iterator[Violation]:
    """What was accepted is sent or uncertain."""
    for row in evidence.messages:
        took = evidence.of_message.get(row["_id"])
        if took and row["status"] not in {"sent", "uncertain", *OPEN}:
            yield Violation("accepted", str(row["_id"]), f"{len(took)} times, yet {row['status']}")


def sent(evidence: Evidence) -> Iterator[Violation]:
    """What was not accepted is not sent."""
    for row in evidence.messages:
        if row["status"] == "sent" and not evidence.of_message.get(row["_id"]):
            yield Violation("sent", str(row["_id"]), "sent, but nobody took it")


def words(evidence: Evidence) -> Iterator[Violation]:
    """Each acceptance has the client's address and a text that its mailing had; so have repeats."""
    for row in evidence.messages:
        versions = evidence.said(row)
        lives = _lives(evidence, row)
        addresses = {life.get(FIELDS[row["channel"]]) for life in lives} or {row["address"]}
        for one in evidence.of_message.get(row["_id"], []):
            if one.address not in addresses:
                yield Violation("words", str(row["_id"]), f"went to {one.address}")
            if one.text not in {version.text for version in versions if version.at <= one.at}:
                yield Violation("words", str(row["_id"]), f"said {one.text[:80]!r}")


def moments(evidence: Evidence) -> Iterator[Violation]:
    """Nothing is accepted before the start, after the end or outside the window."""
    starts = {mailing["_id"]: mailing["start_at"] for mailing in evidence.mailings}
    for row in evidence.messages:
        mailing_id = row.get("mailing_id")
        start = row["created_at"] if mailing_id is None else starts[mailing_id]
        versions = evidence.said(row)
        zones = {life["time_zone"] for life in _lives(evidence, row)}
        for one in evidence.of_message.get(row["_id"], []):
            valid = _in_force(versions, one.at)
            late = one.at - max(version.end_at for version in valid)
            if one.at < start:
                yield Violation("moments", str(row["_id"]), f"{start - one.at} before the start")
            if late > ON_THE_WAY + one.lag:
                yield Violation("moments", str(row["_id"]), f"{late} after the end")
            if not any(_is_inside(version.window, one, zones) for version in valid):
                yield Violation("moments", str(row["_id"]), f"outside the window, {one.at}")


def hushed(evidence: Evidence) -> Iterator[Violation]:
    """Nothing leaves while its mailing is paused or cancelled."""
    for silence in evidence.silences:
        for row in evidence.of_mailing.get(silence.mailing_id, []):
            for one in evidence.of_message.get(row["_id"], []):
                if silence.since + TAKES_EFFECT < one.at - one.lag < silence.until:
                    how = f"{one.at - silence.since} after {silence.since}, {evidence.tries(row)}"
                    yield Violation("hushed", str(row["_id"]), how)


def counts(evidence: Evidence) -> Iterator[Violation]:
    """The counters of each mailing are the counts of its rows."""
    for mailing in evidence.mailings:
        told: Counter[str] = Counter()
        for shard in evidence.counters:
            if shard["mailing_id"] == mailing["_id"]:
                for status, count in shard["counts"].items():
                    told[status] += count
        rows = Counter(
            "open" if row["status"] in OPEN else str(row["status"])
            for row in _rows(evidence, mailing)
        )
        if {key: count for key, count in told.items() if count} != rows:
            yield Violation("counts", str(mailing["_id"]), f"{dict(told)}, but rows: {dict(rows)}")


def tries(evidence: Evidence) -> Iterator[Violation]:
    """A row counts its attempts, each exactly once, whoever made them.

    Their own numbers are those that their workers knew: two may have the same.
    """
    found: dict[UUID, list[int]] = defaultdict(list)
    for attempt in evidence.attempts:
        found[attempt["message_id"]].append(attempt["number"])
    for row in evidence.messages:
        numbers, counted = sorted(found.pop(row["_id"], [])), row["attempts"]
        if counted != len(numbers) or any(not 0 < number <= counted for number in numbers):
            how = f"counted {counted}, numbered {numbers}"
            yield Violation("tries", str(row["_id"]), how)
    for message_id in found:
        yield Violation("tries", str(message_id), "attempts of no message")


def unwanted(evidence: Evidence) -> Iterator[Violation]:
    """Who has muted a channel all along gets nothing by it; of others only what bounced is left out."""
    refused = [one for one in evidence.attempts if one.get("verdict") == "undeliverable"]
    bounced = {attempt["address"] for attempt in refused}
    for row in evidence.messages:
        muting = [_is_muted(life, row["channel"]) for life in _lives(evidence, row)]
        if muting and all(muting) and evidence.of_message.get(row["_id"]):
            yield Violation("unwanted", str(row["_id"]), "taken, though it was muted all along")
        if row["status"] == "suppressed" and not any(muting) and row["address"] not in bounced:
            yield Violation("unwanted", str(row["_id"]), f"suppressed without cause: {row['why']}")


def _is_muted(client: Row, channel: str) -> bool:
    return not {f"*/{channel}", "*/*"}.isdisjoint(client.get("muted", ()))


def _rows(evidence: Evidence, mailing: Row) -> list[Row]:
    return evidence.of_mailing.get(mailing["_id"], [])


def _lives(evidence: Evidence, row: Row) -> list[Row]:
    """The client of a message, as it was at every time; a personal one has none."""
    client_id = row.get("client_id")
    return [] if client_id is None else evidence.lives.get(client_id, [])


def _is_in(mailing: Row, client: Row, channel: str) -> bool:
    """Whether a mailing goes to the client by the channel, whenever it was launched."""
    said = mailing["audience"]
    upto = mailing["launch"]["upto"]
    codes, tags = set(said["operator_codes"]), set(said["tags"])
    by_code = not codes or client["operator_code"] in codes
    by_tag = not tags or bool(tags & set(client["tags"]))
    has_address = bool(client.get(FIELDS[channel])) and channel in mailing["channels"]
    chosen = said["all"] or (by_code and by_tag)
    return chosen and has_address and upto is not None and client["_id"] <= upto


def _is_reached(mailing: Row, client_id: ObjectId) -> bool:
    """Whether the launch came as far as this client: one that was cancelled may have stopped."""
    launch = mailing["launch"]
    if launch["expanded"] or mailing["status"] != "cancelled":
        return True
    return launch["checkpoint"] is not None and client_id <= launch["checkpoint"]


def _in_force(versions: list[Version], at: datetime) -> list[Version]:
    """The versions by which a message could leave at a moment: the last, and one just edited."""
    known_then = [version for version in versions if version.at <= at] or versions[:1]
    replaced = [version.at for version in known_then[1:]]
    older = zip(known_then, replaced, strict=False)
    return [known_then[-1], *(one for one, since in older if at - since < TAKES_EFFECT)]


def _is_inside(window: tuple[str, str] | None, one: Acceptance, zones: set[str]) -> bool:
    if window is None:
        return True
    opens, closes = map(time.fromisoformat, window)
    moments = (one.at, one.at - ON_THE_WAY - one.lag)
    times = [moment.astimezone(ZoneInfo(zone)).time() for moment in moments for zone in zones]
    if opens <= closes:
        return any(opens <= local < closes for local in times)
    return any(local >= opens or local < closes for local in times)
