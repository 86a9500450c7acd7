import csv
import io
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.csv_reader import LONGEST, Broken, CsvReader, Read, Record

TEXTS = st.text(st.sampled_from('",;\t\r\n a1\u044f\u2028\x0b'), max_size=40)
CUTS = st.lists(st.integers(0, 200))


def read(said: bytes, cuts: list[int] | None = None) -> list[Read]:
    """All of a file that comes in the pieces between the cuts."""
    reader = CsvReader()
    found: list[Read] = []
    for start, end in pairwise(
        sorted({0, len(said), *(at for at in cuts or () if at < len(said))})
    ):
        found += reader.feed(said[start:end])
    return [*found, *reader.close()]


def by_python(text: str) -> list[list[str] | None]:
    """What Python's csv makes of the whole text; None where it objects."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[list[str] | None] = []
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return found
        except csv.Error:
            found.append(None)
        else:
            if cells:
                found.append(cells)


@given(TEXTS, CUTS)
@example('"\r\n"\r\n', [2])
@example('a"b\n"c', [])
def test_pieces_of_any_size_are_read_as_python_reads_the_whole(text: str, cuts: list[int]) -> None:
    head = "a,b,c\n"  # more commas than anything else, outside of marks
    found = read((head + text).encode(), cuts)
    cells = [each.cells if isinstance(each, Record) else None for each in found]
    assert cells == by_python(head + text)


@given(st.lists(st.lists(st.text(max_size=5), min_size=2, max_size=2), min_size=1), CUTS)
def test_each_record_says_the_line_that_it_begins_on(
    rows: list[list[str]], cuts: list[int]
) -> None:
    written, expected = "a,b\n", [1]
    for row in rows:
        lines = io.StringIO(written, newline="").readlines()
        expected.append(len(lines) + 1)
        cell = io.StringIO()
        csv.writer(cell, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(row)
        written += cell.getvalue()
    found = read(written.encode("utf-8", "surrogatepass"), cuts)
    assert [each.line for each in found] == expected


@given(st.binary(max_size=300), CUTS)
def test_no_bytes_make_it_fail(said: bytes, cuts: list[int]) -> None:
    assert [each.line for each in read(said, cuts)] == [each.line for each in read(said)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"a;b\n1;2,3", [["a", "b"], ["1", "2,3"]]),
        (b"a\tb\r\n1\t2\r\n", [["a", "b"], ["1", "2"]]),
        (b'"a;,;,",b\n1,2', [["a;,;,", "b"], ["1", "2"]]),
        (b"\xef\xbb\xbfa,b\r1,2\r", [["a", "b"], ["1", "2"]]),
        (b"\n\na,b\n\n1,2\n\n", [["a", "b"], ["1", "2"]]),
        (b"", []),
        (b"\xef\xbb\xbf", []),
    ],
)
def test_delimiters_marks_of_order_and_empty_lines(said: bytes, expected: list[list[str]]) -> None:
    found = read(said)
    assert [each.cells for each in found if isinstance(each, Record)] == expected
    assert not any(isinstance(each, Broken) for each in found)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"1,\xff\xfe", "not in UTF-8"),
        (b"1,\xed\xa0\x80", "not in UTF-8"),
        (b"1,\x00", "NUL"),
        (b'1,"2"3', "quotation marks"),
        (b"1," + b"2" * 10_000_000, "longer than"),
        (b'1,"' + b"2\n" * 5_000_000 + b'"', "longer than"),
        (b'1,"' + b'""\n' * 3_000_000 + b'"', "longer than"),
    ],
)
def test_a_broken_line_is_told_by_its_number_and_the_next_one_is_read(
    line: bytes, said: str
) -> None:
    _, broken, last = read(b"a,b\n" + line + b"\n3,4\n", list(range(0, len(line), 50_000)))
    assert isinstance(broken, Broken)
    assert (broken.line, broken.is_too_long) == (2, "longer" in said)
    assert said in broken.message
    assert isinstance(last, Record)
    assert last.cells == ["3", "4"]
    assert last.line == 3 + line.count(b"\n")


def test_a_mark_that_is_never_closed_is_told_where_it_opens() -> None:
    for rest in (b"x\n" * 10, b"x\n" * 10 * LONGEST):
        *_, broken = read(b'a,b\n1,2\n3,"' + rest)
        assert isinstance(broken, Broken)
        assert (broken.line, "never closed" in broken.message) == (3, True)


def test_a_record_may_be_as_long_as_it_says() -> None:
    longest = b"1," + b"2" * (LONGEST - 3) + b"\n"
    assert [type(each) for each in read(b"a,b\n" + longest + b"x" + longest)] == [
        *(Record, Record, Broken)
    ]
