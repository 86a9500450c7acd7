"""Where messages go and by what names: each rule returns the one accepted spelling or says why not.

Nothing is guessed: a value that is nearly right is refused with the change it needs.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache, lru_cache
from zoneinfo import available_timezones

import idna
from bson import ObjectId

from core.errors import Invalid, Problem

EMAIL_LIMIT = 254
"""Octets of an address: a path of 256 less its two angle brackets (RFC 5321, 4.5.3.1.3)."""
LOCAL_PART_LIMIT = 64
"""Octets before the @ (RFC 5321, 4.5.3.1.1)."""
TAG_LIMIT = 64
TAGS_LIMIT = 50

_ZONE_LIMIT = 64
_OBJECT_ID = re.compile(r"[0-9A-Fa-f]{24}")
_PHONE = re.compile(r"7[0-9]{10}")
_OPERATOR_CODE = re.compile(r"[0-9]{3}")
_CHAT = re.compile(r"-?[1-9][0-9]{0,15}|@[A-Za-z][A-Za-z0-9_]{3,31}")
_INTERNATIONAL = re.compile(r"[1-9][0-9]{6,14}")
_VIBER_ID = re.compile(r"[A-Za-z0-9+/_-]{4,62}={0,2}")
_KEY = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_DOT_STRING = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_NOT_PLACES = frozenset({"Factory", "localtime", "posixrules"})


def object_id(raw: object) -> ObjectId:
    """The id of 24 hexadecimal digits; raises Invalid on anything else."""
    if isinstance(raw, ObjectId):
        return raw
    if isinstance(raw, str) and _OBJECT_ID.fullmatch(raw):
        return ObjectId(raw)
    raise Invalid("write an id of 24 hexadecimal digits, as in 65f0c3a1b2c3d4e5f6a7b8c9")


def phone(raw: object) -> str:
    """A phone as `7XXXXXXXXXX`, from a text or a whole number; raises Invalid."""
    text = _digits(raw)
    if _PHONE.fullmatch(text):
        return text
    raise Invalid(f"{_mend_phone(text)}; a phone is 11 digits that start with 7, as in 79991234567")


def operator_code(raw: object) -> str:
    """The three digits of an operator, from a text or a whole number; raises Invalid."""
    text = _digits(raw)
    if _OPERATOR_CODE.fullmatch(text):
        return text
    raise Invalid("write the operator code as 3 digits, as in 999")


def operator_code_of(phone: str) -> str:
    """The operator's code inside a phone that `phone` has accepted: its digits 2 to 4."""
    return phone[1:4]


def time_zone(raw: object) -> str:
    """A place of the IANA time zone database, as in `Europe/Moscow`; raises Invalid."""
    text = _text(raw, "a time zone")
    if text in _zones():
        return text
    near = _nearest_zones(text[:_ZONE_LIMIT])
    hint = f"did you mean {' or '.join(near)}?" if near else "write its name as in Europe/Moscow"
    raise Invalid(f"this is no IANA time zone; {hint}")


def email(raw: object) -> str:
    """An e-mail address with its domain in lower case; raises Invalid.

    The part before the @ is a Dot-string of ASCII and keeps its case (RFC 5321, 4.1.2 and 2.4):
    quoted ones could smuggle a second address into a header. The domain may have any letters that
    IDNA 2008 (RFC 5891) can carry. Whether the address exists, only a delivery can tell.
    """
    text = _text(raw, "an e-mail address")
    if len(text) > EMAIL_LIMIT:
        raise Invalid(f"shorten the address to {EMAIL_LIMIT} characters", Problem.TOO_LONG)
    if not text.isprintable() or any(map(str.isspace, text)):
        raise Invalid("remove the spaces, line breaks and control characters from the address")
    if text.count("@") != 1:
        raise Invalid("write the address with exactly one @, as in name@example.com")
    local, _, domain = text.partition("@")
    _check_local_part(local)
    domain = domain.lower()
    if len(local) + 1 + len(_wire_form(domain)) > EMAIL_LIMIT:
        raise Invalid(f"shorten the address to {EMAIL_LIMIT} octets", Problem.TOO_LONG)
    return f"{local}@{domain}"


def telegram(raw: object) -> str:
    """A chat's id, or the @name of a public channel or group; raises Invalid.

    As `chat_id` in https://core.telegram.org/bots/api#sendmessage: people have no other handle
    that a bot could write to than the number of their chat with it.
    """
    text = _digits(raw)
    if _CHAT.fullmatch(text):
        return text
    raise Invalid(
        "write the number of the chat with the bot, as in 123456789, "
        "or the @name of a public channel or group"
    )


def whatsapp(raw: object) -> str:
    """A phone of any country by its digits, its country's code first (E.164); raises Invalid."""
    text = _digits(raw)
    if _INTERNATIONAL.fullmatch(text):
        return text
    raise Invalid("write 7 to 15 digits that begin with the country's code, as in 79991234567")


def viber(raw: object) -> str:
    """The id by which Viber tells its users apart to a bot; raises Invalid.

    As `receiver` in https://developers.viber.com/docs/api/rest-bot-api/#send-message.
    """
    text = _text(raw, "a Viber id")
    if _VIBER_ID.fullmatch(text):
        return text
    raise Invalid("write the id that Viber gave the bot for this user, as in 01234567890A=")


HANDLES: Mapping[str, Callable[[object], str]] = {
    "telegram": telegram,
    "whatsapp": whatsapp,
    "viber": viber,
}
"""The rule for the handle of each messenger."""


def tag(raw: object) -> str:
    """A tag of 1 to 64 characters without the spaces around it; raises Invalid."""
    return line(raw, "tag", TAG_LIMIT)


def line(raw: object, noun: str, limit: int) -> str:
    """A text of 1 to `limit` characters, all to be seen, without the spaces around it.

    Raises Invalid.
    """
    text = _text(raw, f"a {noun}").strip()
    if not text:
        raise Invalid(f"a {noun} needs at least one character", Problem.BLANK)
    if len(text) > limit:
        raise Invalid(f"shorten the {noun} to {limit} characters", Problem.TOO_LONG)
    if any(unicodedata.category(character) in _UNPRINTABLE for character in text):
        raise Invalid(f"remove the line breaks and control characters from the {noun}")
    return text


def tags(raw: Sequence[object]) -> tuple[str, ...]:
    """At most 50 tags, each checked and kept once, in the order given; raises Invalid."""
    if isinstance(raw, str) or not isinstance(raw, Sequence):
        raise Invalid("give the tags as a list")
    if len(raw) > TAGS_LIMIT:
        raise Invalid(f"give at most {TAGS_LIMIT} tags", Problem.TOO_MANY)
    return tuple(dict.fromkeys(map(tag, raw)))


def key(raw: object) -> str:
    """The key of a kind of notification, as in `new_message`; raises Invalid."""
    text = _text(raw, "a key")
    if _KEY.fullmatch(text):
        return text
    raise Invalid(
        "write the key as up to 64 of a-z, 0-9, '_', '.' and '-', with a letter first",
        Problem.INVALID if text else Problem.BLANK,
    )


def name(raw: object) -> str:
    """The name of a group or a segment, as in `regular-guests`; raises Invalid."""
    text = _text(raw, "a name")
    if _NAME.fullmatch(text):
        return text
    raise Invalid(
        "write the name as up to 64 of a-z, 0-9, '_' and '-', with a letter or digit first",
        Problem.INVALID if text else Problem.BLANK,
    )


def _text(raw: object, what: str) -> str:
    if not isinstance(raw, str):
        raise Invalid(f"write {what} as text")
    return raw


def _digits(raw: object) -> str:
    # Python refuses to write out very long numbers, and bool is an int to it.
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**18:
        return str(raw)
    return _text(raw, "the digits")


def _mend_phone(text: str) -> str:
    digits = re.sub(r"[^0-9]", "", text)
    steps = [] if digits == text else ["remove everything but digits"]
    if len(digits) == 10:
        steps.append("put 7 in front")
    elif len(digits) != 11:
        steps.append(f"check the number, it has {len(digits)} digits")
    elif digits[0] != "7":
        steps.append(f"write 7 in place of the leading {digits[0]}")
    return " and ".join(steps)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NOT_PLACES)


@lru_cache(maxsize=256)  # A search takes milliseconds, and one mistake fills a whole import.
def _nearest_zones(text: str) -> list[str]:
    by_lower = {name.lower(): name for name in sorted(_zones())}
    return [by_lower[name] for name in get_close_matches(text.lower(), by_lower, n=3)]


def _check_local_part(local: str) -> None:
    if len(local) > LOCAL_PART_LIMIT:
        raise Invalid(
            f"shorten the part before the @ to {LOCAL_PART_LIMIT} characters", Problem.TOO_LONG
        )
    if not _DOT_STRING.fullmatch(local):
        raise Invalid("before the @ use only a-z, 0-9, single dots inside, and !#$%&'*+/=?^_`{|}~-")


@lru_cache(
    maxsize=4_096
)  # A directory of a million has few domains, and each costs more than all else.
def _wire_form(domain: str) -> bytes:
    try:
        if not domain.endswith("."):
            return idna.encode(domain, strict=True)
    except UnicodeError:
        pass
    raise Invalid("after the @ write the name of a domain, as in example.com")
