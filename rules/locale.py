"""Languages of people and texts, as tags of BCP 47 (RFC 5646): `de`, `de-AT`, `zh-Hant-TW`."""

import re
from collections.abc import Collection, Iterator

from core.errors import Invalid

LONGEST = 35
"""Characters; RFC 5646 section 4.4.1 asks software to have room for that many."""

_TAG = re.compile(
    r"[A-Za-z]{2,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?(?:-[A-Za-z0-9]{5,8})*"
)


def locale(raw: object) -> str:
    """The tag as it is usually written, as in `pt-BR`; raises Invalid.

    Language, then script, region and variants where they matter; extensions are refused.
    """
    if isinstance(raw, str) and len(raw) <= LONGEST and _TAG.fullmatch(raw):
        language, *others = raw.split("-")
        return "-".join([language.lower(), *map(_spelled, others)])
    raise Invalid("write the locale as a tag of BCP 47, as in en, de-AT or zh-Hant-TW")


def widening(tag: str) -> Iterator[str]:
    """The tag, then what is left as its last parts are taken away (RFC 4647, section 3.4)."""
    parts = tag.split("-")
    while parts:
        yield "-".join(parts)
        parts.pop()


def nearest(wanted: str | None, known: Collection[str], default: str) -> str:
    """The known tag that stands in for the one wanted: `de-AT`, else `de`, else the default.

    Whatever else is wanted, be it no tag at all, gets the default.
    """
    spelled = {tag.lower(): tag for tag in known}
    wider = widening((wanted or "")[: LONGEST + 1].lower())
    return next((spelled[tag] for tag in wider if tag in spelled), default)


def covers(wanted: str, tag: str) -> bool:
    """Whether a tag is the wanted one or a narrower one: `de` covers `de-AT` (RFC 4647, 3.3.1)."""
    return tag == wanted or tag.startswith(f"{wanted}-")


def _spelled(part: str) -> str:
    if len(part) == 2:
        return part.upper()
    return part.title() if len(part) == 4 else part.lower()
