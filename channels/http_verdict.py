"""What HTTP itself says of a message: by an answer's status, or by the lack of an answer."""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

import aiohttp

from channels.channel import Outcome, Refused, Retry, Unknown
from channels.http import NEVER_SENT
from core import clock

LONGEST_WISH_SECONDS = 3_600.0
"""The most that a Retry-After can put a message off."""

_DIGITS = re.compile(r"[0-9]{1,19}")


def by_status(status: int, headers: Mapping[str, str], answer: str) -> Outcome:
    """What an answer that is no success means for the message: RFC 9110, 15."""
    match status:
        case 400 | 422:
            return Refused(str(status), answer, about_provider=True)
        case 401 | 403:
            return Retry("401", answer)
        case 429 | 503:
            return Retry(str(status), answer, after=wish(headers.get("Retry-After", "")))
        case 408 | 409:
            return Unknown(str(status), answer)
        case _ if 300 <= status < 500:
            return Retry(str(status), answer)
        case _:
            # A gateway's 502 or 504 doesn't say what the API behind it did; nor does a crash.
            return Unknown(str(status), answer)


def wish(retry_after: str) -> float | None:
    """Seconds that a Retry-After asks for, at most an hour; None if it makes no sense.

    Delay or date: RFC 9110, 10.2.3.
    """
    if _DIGITS.fullmatch(retry_after):
        return min(float(retry_after), LONGEST_WISH_SECONDS)
    try:
        moment = parsedate_to_datetime(retry_after)
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - clock.now()).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WISH_SECONDS)


def failure(error: Exception, answer: str) -> Outcome:
    """What a failed exchange means: only before the request was sent is it sure not to count."""
    if isinstance(error, NEVER_SENT):
        return Retry("unreachable", answer)
    match error:
        case TimeoutError():
            return Unknown("timeout", answer)
        case aiohttp.ClientResponseError():
            return Unknown("garbage", answer)
        case _:
            return Unknown("reset", answer)
