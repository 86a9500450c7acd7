import re
import string
from collections.abc import Callable
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid, Problem
from rules import addresses

Rule: TypeAlias = Callable[[Any], object]

TEXTS = st.text()
ANYTHING = TEXTS | st.none() | st.booleans() | st.integers() | st.floats() | st.lists(TEXTS)
RULES: tuple[Rule, ...] = (
    *(addresses.object_id, addresses.phone, addresses.operator_code, addresses.time_zone),
    *(addresses.email, addresses.tag, addresses.key),
)
DIGITS = st.text(string.digits, min_size=10, max_size=10)
ATOM = st.text(string.ascii_letters + string.digits + "!#$%&'*+/=?^_`{|}~-", min_size=1)
LABEL = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9]{0,10}[A-Za-z0-9])?", fullmatch=True)


def refusal(rule: Rule, raw: object) -> Invalid:
    with pytest.raises(Invalid) as caught:
        rule(raw)
    return caught.value


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@given(raw=ANYTHING)
def test_a_rule_accepts_a_value_or_raises_invalid_and_nothing_else(rule: Rule, raw: Any) -> None:
    try:
        accepted = rule(raw)
    except Invalid:
        return
    assert rule(accepted) == accepted


@given(st.binary(min_size=12, max_size=12))
def test_an_object_id_is_read_from_its_24_digits_in_either_case(raw: Any) -> None:
    expected = ObjectId(raw)
    assert addresses.object_id(raw.hex()) == expected
    assert addresses.object_id(raw.hex().upper()) == expected
    assert addresses.object_id(expected) == expected


@pytest.mark.parametrize("raw", ["", "a" * 23, "a" * 25, "g" * 24, "a" * 24 + "\n", b"a" * 12, 1])
def test_anything_but_24_hexadecimal_digits_is_no_object_id(raw: Any) -> None:
    assert "24 hexadecimal digits" in str(refusal(addresses.object_id, raw))


@given(DIGITS)
def test_a_phone_is_7_and_ten_digits_as_text_or_number(digits: str) -> None:
    assert addresses.phone("7" + digits) == "7" + digits
    assert addresses.phone(int("7" + digits)) == "7" + digits


@given(st.text(string.digits + "+-() ", max_size=20))
def test_no_other_text_is_a_phone(text: str) -> None:
    if re.fullmatch("7[0-9]{10}", text):
        assert addresses.phone(text) == text
    else:
        refusal(addresses.phone, text)


@pytest.mark.parametrize(
    ("raw", "advice"),
    [
        ("+7 999 123-45-67", "remove everything but digits;"),
        ("+79991234567", "remove everything but digits;"),
        (" 79991234567", "remove everything but digits;"),
        ("79991234567\n", "remove everything but digits;"),
        ("89991234567", "write 7 in place of the leading 8;"),
        (
            "8 (999) 123-45-67",
            "remove everything but digits and write 7 in place of the leading 8;",
        ),
        ("9991234567", "put 7 in front;"),
        ("7999123456789", "it has 13 digits"),
        ("", "it has 0 digits"),
        ("７９９９１２３４５６７", "remove everything but digits and check the number"),
        (-79991234567, "remove everything but digits;"),
        (79991234567.0, "as text"),
        (True, "as text"),
    ],
)
def test_a_refused_phone_comes_with_the_change_it_needs(raw: Any, advice: str) -> None:
    assert advice in str(refusal(addresses.phone, raw))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_number_too_long_to_write_out_is_refused(rule: Rule) -> None:
    refusal(rule, 10**5000)


@given(st.from_regex(r"[0-9]{3}", fullmatch=True), st.from_regex(r"[0-9]{7}", fullmatch=True))
def test_the_operator_code_of_a_phone_is_an_operator_code(code: str, rest: str) -> None:
    assert addresses.operator_code(code) == code
    assert code[0] == "0" or addresses.operator_code(int(code)) == code
    assert addresses.operator_code_of(addresses.phone("7" + code + rest)) == code


@pytest.mark.parametrize("raw", ["", "99", "9999", "9a9", " 999", "999\n", "٩٩٩", 99, None])
def test_an_operator_code_has_exactly_three_digits(raw: Any) -> None:
    refusal(addresses.operator_code, raw)


@given(st.sampled_from(sorted(available_timezones() - {"Factory", "localtime"})))
def test_every_place_of_the_database_is_a_time_zone_that_loads(name: str) -> None:
    assert ZoneInfo(addresses.time_zone(name)).key == name


@pytest.mark.parametrize(
    "raw",
    [
        *("localtime", "posixrules", "Factory", "../etc/passwd", "/usr/share/zoneinfo/UTC"),
        *("posix/UTC", "right/UTC", "Europe", "UTC+3", "", "Europe/Moscow ", "\0", "x" * 100_000),
    ],
)
def test_what_is_no_place_is_no_time_zone(raw: Any) -> None:
    refusal(addresses.time_zone, raw)


@pytest.mark.parametrize(
    ("raw", "near"),
    [
        ("Europe/Moskow", "Europe/Moscow"),
        ("EUROPE/MOSCOW", "Europe/Moscow"),
        ("Moscow", "Europe/Moscow"),
        ("Asia/Yekaterinberg", "Asia/Yekaterinburg"),
    ],
)
def test_a_wrong_time_zone_is_answered_with_the_nearest_names(raw: Any, near: str) -> None:
    assert near in str(refusal(addresses.time_zone, raw))


@given(st.lists(ATOM, min_size=1, max_size=3), st.lists(LABEL, min_size=1, max_size=4))
def test_an_address_of_atoms_and_labels_keeps_its_local_part_and_lowers_its_domain(
    atoms: list[str], labels: list[str]
) -> None:
    local, domain = ".".join(atoms), ".".join(labels)
    if len(local) <= 64:
        assert addresses.email(f"{local}@{domain}") == f"{local}@{domain.lower()}"
    else:
        assert refusal(addresses.email, f"{local}@{domain}").problem is Problem.TOO_LONG


@pytest.mark.parametrize("raw", ["me@localhost", "Me.Too+tag@example.com", "mail@пример.рф"])
def test_ordinary_addresses_pass(raw: Any) -> None:
    assert addresses.email(raw) == raw


@pytest.mark.parametrize(
    "raw",
    [
        *("", "@", "a@", "@b.c", "a.b.c", "a@b@c", "a b@c.d", "a@b.c ", "a@b\n", "a\t@b.c"),
        *("a@b.c\r\nBcc: x@y.z", "a\0@b.c", "a\u2028@b.c", '"a b"@c.d', "a,b@c.d", "a;b@c.d"),
        *("<a@b.c>", "a(b)@c.d", ".a@b.c", "a.@b.c", "a..b@c.d", "a@b..c", "a@.b", "a@b."),
        *("a@-b.c", "a@b-.c", "a@b_c.d", "a@[127.0.0.1]", "a@b。c", "é@b.c", "a@xn--a", None, 1),
        "a@" + "b" * 64 + ".c",
    ],
)
def test_an_address_that_could_break_a_header_or_cannot_exist_is_refused(raw: Any) -> None:
    refusal(addresses.email, raw)


@pytest.mark.parametrize(
    ("raw", "advice"), [("a@b@c", "one @"), ("a b@c", "remove the spaces"), ("a@", "a domain")]
)
def test_a_refused_address_comes_with_the_change_it_needs(raw: str, advice: str) -> None:
    assert advice in str(refusal(addresses.email, raw))


@given(st.emails() | st.text(max_size=300))
def test_an_accepted_address_fits_the_limits_of_smtp_and_one_header_line(raw: Any) -> None:
    try:
        address = addresses.email(raw)
    except Invalid:
        return
    local, domain = address.split("@")
    assert 1 <= len(local) <= 64
    assert len(address) <= 254
    assert domain == domain.lower()
    assert local.isascii()
    assert not re.search(r"[\s<>(),;:\"\\]", address)


def test_an_address_may_have_254_octets_and_64_before_the_at() -> None:
    domain = ".".join(["d" * 47] * 4)[:189]
    longest = "a" * 64 + "@" + domain
    assert addresses.email(longest) == longest
    for raw in (longest + "d", "a" * 65 + "@b.c"):
        assert refusal(addresses.email, raw).problem is Problem.TOO_LONG


def test_an_address_counts_its_domain_as_it_goes_over_the_wire() -> None:
    raw = "a" * 64 + "@" + ".".join(["яжщю" * 7] * 6)
    assert len(raw) < 254
    assert refusal(addresses.email, raw).problem is Problem.TOO_LONG


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=64))
def test_a_tag_loses_only_the_spaces_around_it(text: str) -> None:
    assert addresses.tag(f" \t{text}\n ") == text


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("", Problem.BLANK),
        (" \n", Problem.BLANK),
        ("a" * 65, Problem.TOO_LONG),
        *((raw, Problem.INVALID) for raw in ("a\nb", "a\0b", "a\u2028b", "a\ud800b", None)),
    ],
)
def test_a_tag_is_1_to_64_characters_that_can_be_seen(raw: Any, problem: Problem) -> None:
    assert refusal(addresses.tag, raw).problem is problem


@given(st.lists(st.sampled_from(["a", "b", " a ", "c", "A"]), max_size=50))
def test_tags_are_kept_once_in_the_order_given(raw: Any) -> None:
    kept = addresses.tags(raw)
    stripped = [text.strip() for text in raw]
    assert list(kept) == sorted(set(stripped), key=stripped.index)


def test_there_may_be_50_tags_and_no_more() -> None:
    many = [f"tag {number}" for number in range(51)]
    assert len(addresses.tags(many[:50])) == 50
    assert refusal(addresses.tags, many).problem is Problem.TOO_MANY


@pytest.mark.parametrize("raw", ["vip", None, 1, {"a": 1}, ["a", ""], ["a", None]])
def test_tags_that_are_no_list_of_tags_are_refused(raw: Any) -> None:
    refusal(addresses.tags, raw)


@given(st.from_regex(r"[a-z][a-z0-9_.-]{0,63}", fullmatch=True))
def test_a_key_is_kept_as_it_is(raw: Any) -> None:
    assert addresses.key(raw) == raw


@pytest.mark.parametrize("raw", ["", "A", "1a", "_a", "a b", "a\n", "a" * 65, "é", "a/b", None])
def test_what_could_be_mistaken_is_no_key(raw: Any) -> None:
    refusal(addresses.key, raw)
