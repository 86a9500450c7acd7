"""The directory of clients as a table: a new field of a client is one line in COLUMNS."""

import re
from collections.abc import Iterable

from rules.table import Column

_SEPARATOR = re.compile(r"\\([\\,|])|([,|])")
_SPECIAL = re.compile(r"[\\,|]")
_MARK = "\0"
"""Stands between tags; none has control characters."""


def tags_of(cell: str) -> tuple[str, ...]:
    r"""The tags of a cell, between commas or bars; one that is a tag's own has a \ before it."""
    marked = _SEPARATOR.sub(lambda found: found[1] or _MARK, cell.replace(_MARK, "\ufffd"))
    return tuple(tag for tag in map(str.strip, marked.split(_MARK)) if tag)


def cell_of(tags: Iterable[str] | None) -> str:
    """The tags in one cell, as `tags_of` reads them."""
    return "|".join(_SPECIAL.sub(r"\\\g<0>", tag) for tag in tags or ())


COLUMNS = (
    Column("phone", "phone"),
    Column("operatorCode", "operator_code"),
    Column("tags", "tags", cell_of, tags_of, empty=()),
    Column("timeZone", "time_zone", empty="UTC"),
    Column("email", "email"),
    Column("telegram", "telegram"),
    Column("whatsapp", "whatsapp"),
    Column("viber", "viber"),
    Column("locale", "locale"),
)
