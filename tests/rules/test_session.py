"""Signing in: what names mean, where to go on, what a browser keeps."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from rules import session
from rules.roles import Role, strongest
from rules.session import HOME, next_path, place, role_of, roles_by_name

NAMES = st.text(st.characters(exclude_characters=",", categories=["L", "N", "P", "S"]), min_size=1)
ROLES = st.sampled_from(Role)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@given(st.dictionaries(NAMES, ROLES))
def test_what_is_written_is_what_is_read(named: dict[str, Role]) -> None:
    said = " , ".join(f"{name} = {role}" for name, role in named.items())
    assert roles_by_name(said) == named


@given(st.lists(NAMES | ROLES), st.dictionaries(NAMES | ROLES, ROLES))
def test_a_role_is_the_strongest_that_any_name_stands_for(
    names: list[str], named: dict[str, Role]
) -> None:
    found = role_of(names, named)
    stand_for = tuple(named.get(name, name) for name in names)
    assert found == strongest(stand_for)
    assert (found is None) == (not set(stand_for) & set(Role))


@given(st.lists(ROLES), ROLES)
def test_a_name_that_is_mapped_no_longer_stands_for_itself(names: list[str], role: Role) -> None:
    everything = {name.value: role for name in Role}
    assert role_of(names, everything) == (role if names else None)


@pytest.mark.parametrize(
    ("scheme", "host", "origin"),
    [
        ("https", "belfry.example.com:443", "https://belfry.example.com"),
        ("https", "belfry.example.com:8443", "https://belfry.example.com:8443"),
        ("http", "localhost:80", "http://localhost"),
        ("https", "[::1]:443", "https://[::1]"),
    ],
)
def test_an_origin_is_what_browsers_say_whatever_a_proxy_writes(
    scheme: str, host: str, origin: str
) -> None:
    found = place(scheme, host)
    assert found is not None
    assert found.origin == origin


@pytest.mark.parametrize("said", ["admins", "=admin", "a=b", "a=admin,a=sender", "a=Admin"])
def test_a_mapping_with_a_slip_is_refused(said: str) -> None:
    with pytest.raises(Invalid):
        roles_by_name(said)


def test_an_address_counts_only_if_the_provider_has_checked_it() -> None:
    assert session.is_vouched("roles", {})
    assert session.is_vouched("email", {"email_verified": True})
    assert not session.is_vouched("email", {"email_verified": "true"})
    assert not session.is_vouched("email", {})


@pytest.mark.parametrize(
    "said",
    [
        "/console",
        "/console/mailings?status=SENDING&x=%2F%2Fy#top",
        "/bell",
        "/",
        "/a//b",
        "/sessions",
    ],
)
def test_a_path_here_is_gone_on_at(said: str) -> None:
    assert next_path(said) == said


@pytest.mark.parametrize(
    "said",
    [
        *(None, "", "console", "https://evil.example.com", "javascript:alert(1)"),
        *(
            "//evil.example.com",
            "/\\evil.example.com",
            "\\\\evil.example.com",
            "/\t/evil.example.com",
        ),
        *(" //evil.example.com", "/a\r\nSet-Cookie: a=b", "/ä", "/a b", "/..//evil.example.com"),
        *(
            "/session/login",
            "/session",
            "/session?x",
            "/session/logout#x",
            "/console/../session/login",
        ),
        "/" + "x" * 600,
    ],
)
def test_what_might_lead_elsewhere_leads_home(said: str | None) -> None:
    assert next_path(said) == HOME


@given(st.text(st.sampled_from("/\\.@:?#%\t\n ab") | st.characters(), max_size=30))
def test_no_text_leads_to_another_host(said: str) -> None:
    here = "https://belfry.example.com/session/callback"
    # Browsers leave out tabs and breaks, and read a backslash as a slash (the URL standard).
    path = next_path(f"/{said}").translate({9: None, 10: None, 13: None}).replace("\\", "/")
    gone = urlsplit(urljoin(here, path))
    assert (gone.scheme, gone.netloc) == ("https", "belfry.example.com")


def test_cookies_are_for_this_host_alone() -> None:
    there = place("https", "Belfry.example.com")
    assert there is not None
    assert there.origin == "https://belfry.example.com"
    assert there.secure
    assert there.cookie("belfry") == "__Host-belfry"


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_on_this_machine_https_is_not_needed_and_each_port_has_its_own(host: str) -> None:
    here = place("http", host)
    assert here is not None
    assert not here.secure
    assert here.cookie("belfry") == "local-8000-belfry"
    assert here.origin == f"http://{host}"


@pytest.mark.parametrize(
    ("scheme", "host"),
    [
        ("http", "belfry.example.com"),
        ("http", "127.0.0.1.example.com"),
        ("https", ""),
        ("https", "evil.example.com/belfry.example.com"),
        ("https", "user@evil.example.com"),
        ("https", "evil.example.com\\x"),
        ("ftp", "localhost"),
    ],
)
def test_where_a_cookie_could_be_read_there_is_none(scheme: str, host: str) -> None:
    assert place(scheme, host) is None


@given(
    st.timedeltas(timedelta(0), timedelta(days=2)), st.timedeltas(timedelta(0), timedelta(days=2))
)
def test_no_use_stretches_a_session_beyond_its_last_moment(
    left: timedelta, idle: timedelta
) -> None:
    assert session.ends(NOW, NOW + left, idle) == NOW + min(left, idle)
