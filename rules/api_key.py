"""The secret of an API key: `bk_<id>_<random>`, known by its looks to scanners and to people."""

import hashlib
import re
import string
import zlib

from bson import ObjectId

PREFIX = "bk_"
RANDOM_BYTES = 32
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_LENGTH = 43
"""Digits of base 62 that hold 256 bits."""
_CHECKSUM_LENGTH = 6
_FORM = re.compile(r"bk_([0-9a-f]{24})_[0-9A-Za-z]{49}", re.ASCII)


def write(key_id: ObjectId, random: bytes) -> str:
    """The secret of a key; its last 6 digits are a CRC-32, so that a slip or a cut shows at once."""
    number = int.from_bytes(random)
    body = f"{PREFIX}{key_id}_{_base62(number, _RANDOM_LENGTH)}"
    return body + _checksum(body)


def read(said: str) -> ObjectId | None:
    """The id in a secret; None if it is none of ours."""
    found = _FORM.fullmatch(said)
    if found is None or _checksum(said[:-_CHECKSUM_LENGTH]) != said[-_CHECKSUM_LENGTH:]:
        return None
    return ObjectId(found[1])


def digest(said: str) -> bytes:
    """What is stored of a secret.

    Plain SHA-256: slow hashes and salt protect what people think up, but nobody tries out 256
    random bits, and this runs in every request.
    """
    return hashlib.sha256(said.encode()).digest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
