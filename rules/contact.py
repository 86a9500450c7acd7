"""What a contact may be called, and when two names are one."""

import unicodedata

from rules import addresses

NAME_LIMIT = 100


def name(raw: object) -> str:
    """A name of 1 to 100 characters, without the spaces around it; raises Invalid."""
    return unicodedata.normalize("NFC", addresses.line(raw, "name", NAME_LIMIT))


def key(said: str) -> str:
    """The same for names that differ only by case, by spaces around them, or in how é is written."""
    folded = unicodedata.normalize("NFC", said.strip()).casefold()
    return unicodedata.normalize("NFC", folded)
