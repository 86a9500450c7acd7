import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from models.client import Client
from rules import addresses
from rules.client_table import COLUMNS, cell_of, tags_of
from services.new_client import NewClient


def is_tag(text: str) -> bool:
    try:
        return addresses.tag(text) == text
    except Invalid:
        return False


TAGS = st.lists(
    st.text(min_size=1, max_size=8).filter(is_tag) | st.sampled_from("\\,|"), max_size=5
)


@given(TAGS.map(lambda tags: tuple(dict.fromkeys(tags))))
def test_any_tags_are_read_back_from_their_cell(tags: tuple[str, ...]) -> None:
    assert tags_of(cell_of(tags)) == tags


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("vip|riga", ("vip", "riga")),
        ("vip, riga ,", ("vip", "riga")),
        (r"a\,b|c\|d|e\\f|g\h", ("a,b", "c|d", "e\\f", "g\\h")),
        (" , ", ()),
    ],
)
def test_tags_stand_between_commas_or_bars(cell: str, expected: tuple[str, ...]) -> None:
    assert tags_of(cell) == expected


def test_every_column_is_a_field_of_a_client_that_is_said_and_stored() -> None:
    fields = {column.field for column in COLUMNS}
    assert fields == set(NewClient.__dataclass_fields__)
    assert fields <= set(Client.model_fields)


def test_what_is_empty_is_what_a_new_client_has() -> None:
    new = NewClient("79991234567")
    assert all(getattr(new, at.field) == at.empty for at in COLUMNS if at.field != "phone")
