import pytest

from rules.roles import Permission, Principal, Role, may, may_read_inbox

EVERYTHING = set(Permission)
TABLE = {
    Role.SUBSCRIBER: {Permission.READ_OWN_INBOX},
    Role.SENDER: {Permission.READ_OWN_INBOX, Permission.CREATE_NOTIFICATIONS},
    Role.OPERATOR: EVERYTHING,
    Role.ADMIN: EVERYTHING,
}
ANN = "65f0c3a1b2c3d4e5f6a7b8c9"
BOB = "65f0c3a1b2c3d4e5f6a7b8ca"


def principal(role: Role, subject: str = ANN) -> Principal:
    return Principal(subject, role, None)


def test_the_table_names_every_role() -> None:
    assert set(TABLE) == set(Role)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_a_role_may_do_what_the_table_says_and_nothing_else(
    role: Role, permission: Permission
) -> None:
    assert may(principal(role), permission) is (permission in TABLE[role])


@pytest.mark.parametrize("permission", Permission)
def test_an_admin_may_do_whatever_any_role_may(permission: Permission) -> None:
    assert may(principal(Role.ADMIN), permission)


@pytest.mark.parametrize("role", Role)
def test_everyone_may_read_the_own_inbox(role: Role) -> None:
    assert may_read_inbox(principal(role, ANN), ANN)


@pytest.mark.parametrize(
    ("role", "allowed"),
    [(Role.SUBSCRIBER, False), (Role.SENDER, False), (Role.OPERATOR, True), (Role.ADMIN, True)],
)
def test_only_operators_and_admins_may_read_the_inbox_of_another(role: Role, allowed: bool) -> None:
    assert may_read_inbox(principal(role, ANN), BOB) is allowed


@pytest.mark.parametrize("role", [Role.SUBSCRIBER, Role.SENDER])
def test_a_token_without_a_subject_owns_no_inbox(role: Role) -> None:
    assert not may_read_inbox(principal(role, ""), "")


def test_a_principal_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        principal(Role.SUBSCRIBER).role = Role.ADMIN  # type: ignore[misc]
