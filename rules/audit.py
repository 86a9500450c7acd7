"""What is put on record of an operator's action: its outcome, and its input without secrets."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

LONGEST_INPUT = 2_000
MOST_TARGETS = 100
LONGEST_TARGET = 200
_TARGET = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_TARGET}}}")
"""How all ids look that Belfry gives out; what looks otherwise was never one."""
_LONGEST_TEXT = 500
_MOST_ITEMS = 20
_DEEPEST = 6
_HIDDEN = "***"
_SECRET_NAMES = re.compile("authorization|password|secret|token", re.IGNORECASE)
_SECRET_TEXTS = re.compile(
    r"bk_[0-9a-f]{24}\w*"  # an API key of ours
    r"|eyJ[\w-]{8,}(?:\.[\w-]*){0,2}"  # a JSON Web Token
    r"|(?i:bearer|basic) +[\w.~+/=-]{8,}"
    r"|(?<=://)[^/\s:@]*:[^/\s@]*(?=@)"  # login and password in an address
)


class Outcome(StrEnum):
    """How an action ended."""

    UNFINISHED = "UNFINISHED"
    """It is under way, or its process died, or its caller left: what it did is not known."""
    DONE = "DONE"
    REFUSED = "REFUSED"
    """Nothing was changed, for a reason that its caller can mend."""
    FAILED = "FAILED"


def summary(said: object) -> str:
    """An input of any size as JSON of at most 2,000 characters, with what looks secret hidden."""
    text = json.dumps(_shortened(said, _DEEPEST), ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_INPUT else text[: LONGEST_INPUT - 1] + "…"


def targets(said: object) -> list[str]:
    """The ids that an input names, in order, each once, 100 at most."""
    return ids_among(_ids(said, _DEEPEST))


def ids_among(texts: Iterable[str]) -> list[str]:
    """The texts that may be ids and hold no secret, in order, each once, 100 at most.

    Anything can stand where an id belongs: a key's secret by a slip, or megabytes.
    """
    wanted = (text for text in texts if _TARGET.fullmatch(text) and not _SECRET_TEXTS.search(text))
    found: dict[str, None] = {}
    for text in wanted:
        found[text] = None
        if len(found) == MOST_TARGETS:
            break
    return list(found)


def _shortened(said: object, deep: int) -> object:
    match said:
        case str():
            text = _SECRET_TEXTS.sub(_HIDDEN, said[:_LONGEST_TEXT])
            return text if len(said) <= _LONGEST_TEXT else text + "…"
        case Mapping() | Sequence() if deep == 0:
            return "…"
        case Mapping():
            return {
                _shortened(str(name), 1): _HIDDEN
                if _SECRET_NAMES.search(str(name))
                else _shortened(value, deep - 1)
                for name, value in list(said.items())[:_MOST_ITEMS]
            }
        case Sequence():
            kept = [_shortened(each, deep - 1) for each in said[:_MOST_ITEMS]]
            left = len(said) - len(kept)
            return [*kept, f"… and {left} more"] if left else kept
        case _:
            return said


def _ids(said: object, deep: int) -> Iterator[str]:
    match said:
        case Mapping() if deep:
            for name, value in said.items():
                if isinstance(value, str) and (name == "id" or str(name).endswith("Id")):
                    yield value
                else:
                    yield from _ids(value, deep - 1)
        case list() | tuple() if deep:
            for each in said:
                yield from _ids(each, deep - 1)
        case _:
            pass
