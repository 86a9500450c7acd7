"""What an answer is to look like: the Accept header of a request (RFC 9110, section 12.5.1)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

MODERN = "application/graphql-response+json"
LEGACY = "application/json"
STREAM = "text/event-stream"
KNOWN = 256
LONGEST_KNOWN = 256
"""Headers that are remembered, and their length: there are few, and reading one takes a while."""
_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


@dataclass(frozen=True, slots=True)
class Choice:
    """The media types of an answer."""

    media_type: str
    """Of a query's or a mutation's result; empty where nothing is acceptable."""
    json: str
    """Of a refusal, which is always JSON."""
    streams: bool
    """Whether a subscription may be answered as a stream of events."""


UNKNOWN = Choice(LEGACY, LEGACY, streams=False)


def choose(lines: Sequence[str]) -> Choice:
    """What fits the Accept headers best; among equals the old JSON, unless the modern is named."""
    said = ",".join(lines)
    return _choice(said) if len(said) <= LONGEST_KNOWN else _choice.__wrapped__(said)


@lru_cache(maxsize=KNOWN)
def _choice(raw: str) -> Choice:
    said = raw.strip(" ,").lower() or "*/*"
    wishes = dict(map(_wish, said.split(",")))
    stream = wishes.get(STREAM, 0.0)
    offers = [MODERN, LEGACY] if MODERN in wishes else [LEGACY, MODERN]
    qualities = {offer: _quality(wishes, offer) for offer in offers}
    json = max(offers, key=qualities.__getitem__)
    if stream > qualities[json]:
        return Choice(STREAM, json, streams=True)
    return Choice(json if qualities[json] > 0 else "", json, streams=stream > 0)


def _quality(wishes: dict[str, float], offer: str) -> float:
    """By the most specific range; only who names a stream can read one, so JSON alone has ranges."""
    return next((wishes[it] for it in (offer, "application/*", "*/*") if it in wishes), 0.0)


def _wish(said: str) -> tuple[str, float]:
    media_range, *parameters = (part.strip() for part in said.split(";"))
    quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    return media_range, float(quality) if _QUALITY.fullmatch(quality) else 0.0
