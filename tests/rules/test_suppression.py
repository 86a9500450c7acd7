"""How addresses are spelled on the suppression list, and whom it holds back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from rules import suppression
from rules.addresses import HANDLES
from rules.message import Route
from rules.suppression import Reason

LOCAL = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,20}[A-Za-z0-9]", fullmatch=True).filter(
    lambda local: ".." not in local
)


@given(LOCAL, st.sampled_from(["Example.COM", "пример.рф", "xn--e1afmkfd.xn--p1ai"]))
def test_an_e_mail_address_is_the_same_however_it_is_written(local: str, domain: str) -> None:
    one = suppression.checked(Route.EMAIL, f"{local}@{domain}")
    assert one == suppression.spelled(Route.EMAIL, f" {local.upper()}@{domain.lower()} ")
    assert one.isascii()
    assert suppression.spelled(Route.EMAIL, one) == one


def test_a_domain_in_letters_is_that_in_ascii() -> None:
    assert suppression.key("email", "Ann@Пример.рф") == "email:ann@xn--e1afmkfd.xn--p1ai"


@given(st.text(max_size=300), st.sampled_from(Route))
def test_any_text_can_be_looked_up(text: str, route: Route) -> None:
    assert suppression.key(route, text).startswith(f"{route}:")


@pytest.mark.parametrize("route", Route)
@pytest.mark.parametrize("bad", ["", " ", "a\nb", "x" * 300])
def test_what_is_no_address_can_not_be_put_on_the_list(route: Route, bad: str) -> None:
    with pytest.raises(Invalid):
        suppression.checked(route, bad)


def test_a_phone_is_written_as_clients_have_it() -> None:
    assert suppression.checked(Route.SENDING_API, "79991234567") == "79991234567"
    with pytest.raises(Invalid):
        suppression.checked(Route.SENDING_API, "ann@example.com")


@pytest.mark.parametrize(
    ("route", "nearly", "right"),
    [
        (Route.WHATSAPP, "+7 999 123-45-67", "79991234567"),
        (Route.TELEGRAM, "News_of_town", "@News_of_town"),
        (Route.VIBER, "01234567890A= of Ann", "01234567890A="),
    ],
)
def test_a_handle_that_no_message_goes_to_holds_nothing_back(
    route: Route, nearly: str, right: str
) -> None:
    with pytest.raises(Invalid):
        suppression.checked(route, nearly)
    assert suppression.checked(route, right) == suppression.spelled(route, HANDLES[route](right))


def test_a_channel_on_telegram_is_the_same_in_any_case() -> None:
    assert suppression.checked(Route.TELEGRAM, "@News") == suppression.spelled("telegram", "@nEWS")


def test_what_is_critical_goes_to_who_unsubscribed_and_to_no_address_that_bounced() -> None:
    assert [suppression.holds_back(reason, critical=False) for reason in Reason] == [True] * 3
    assert {reason for reason in Reason if not suppression.holds_back(reason, critical=True)} == {
        Reason.UNSUBSCRIBED
    }


def test_a_note_is_short() -> None:
    assert suppression.note(" why ") == "why"
    with pytest.raises(Invalid, match="shorten it to 500"):
        suppression.note("x" * 501)
