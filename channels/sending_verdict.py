"""What an answer of the sending API means for the message."""

from collections.abc import Mapping

import orjson

from channels.answer import kept
from channels.channel import Outcome, Retry, Sent, Unknown
from channels.http_verdict import by_status


def verdict(
    status: int, headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...] = ()
) -> Outcome:
    """What an answer means for the message."""
    answer = kept(body.decode("utf-8", "replace"), secrets)
    return _by_code(body, answer) if status == 200 else by_status(status, headers, answer)


def _by_code(body: bytes, answer: str) -> Outcome:
    """A 200 counts only with the JSON that the API promises."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Unknown("garbage", answer)
    code = content.get("code") if type(content) is dict else None
    if type(code) is not int:  # JSON's true and 0.0 would pass for the integer that is promised
        return Unknown("garbage", answer)
    return Sent("200", answer) if code == 0 else Retry(f"200:{code}", answer)
