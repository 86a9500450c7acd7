import pytest

from rules.roles import (
    OPERATORS,
    Permission,
    Principal,
    Role,
    grantable,
    is_operator,
    may,
    may_read_inbox,
    may_set_preferences,
    strongest,
)

EVERYTHING = set(Permission)
OF_ADMINS = {
    Permission.MANAGE_API_KEYS,
    Permission.MANAGE_PERSONS,
    Permission.READ_AUDIT_LOG,
}
OWN = {Permission.READ_OWN_INBOX, Permission.SET_OWN_PREFERENCES}
OF_SENDERS = {
    Permission.CREATE_NOTIFICATIONS,
    Permission.SEND,
    Permission.READ_SENDS,
    Permission.KEEP_CONTACTS,
    Permission.READ_TEMPLATES,
}
OF_VIEWERS = {
    Permission.READ_SENDS,
    Permission.READ_CLIENTS,
    Permission.READ_MAILINGS,
    Permission.READ_TEMPLATES,
    Permission.READ_STATISTICS,
    Permission.READ_SUPPRESSIONS,
}
TABLE = {
    Role.SUBSCRIBER: OWN,
    Role.VIEWER: OF_VIEWERS,
    Role.SENDER: {*OWN, *OF_SENDERS},
    Role.OPERATOR: EVERYTHING - OF_ADMINS,
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
def test_everyone_but_a_viewer_may_read_the_own_inbox(role: Role) -> None:
    assert may_read_inbox(principal(role, ANN), ANN) is (role is not Role.VIEWER)


def test_a_viewer_only_reads() -> None:
    assert all(permission.name.startswith("READ_") for permission in OF_VIEWERS)
    assert not OPERATORS & OF_VIEWERS


@pytest.mark.parametrize(
    ("role", "allowed"),
    [(Role.SUBSCRIBER, False), (Role.SENDER, False), (Role.OPERATOR, True), (Role.ADMIN, True)],
)
def test_only_operators_and_admins_may_read_the_inbox_of_another(role: Role, allowed: bool) -> None:
    assert may_read_inbox(principal(role, ANN), BOB) is allowed


@pytest.mark.parametrize("role", [Role.SUBSCRIBER, Role.SENDER])
def test_a_token_without_a_subject_owns_no_inbox(role: Role) -> None:
    assert not may_read_inbox(principal(role, ""), "")


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.VIEWER}))
def test_everyone_may_set_the_own_preferences_and_nobody_as_own_those_of_another(
    role: Role,
) -> None:
    assert may_set_preferences(principal(role, ANN), ANN)
    assert not may_set_preferences(principal(role, ANN), BOB)
    assert not may_set_preferences(principal(role, ""), "")


def test_a_principal_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        principal(Role.SUBSCRIBER).role = Role.ADMIN  # type: ignore[misc]


@pytest.mark.parametrize(
    ("names", "role"),
    [
        ([], None),
        (["emperor", "Admin", ""], None),
        (["sender"], Role.SENDER),
        (["viewer", "subscriber"], Role.VIEWER),
        (["viewer", "sender"], Role.SENDER),
        (["offline_access", "operator", "subscriber", "sender"], Role.OPERATOR),
        (["subscriber", "admin"], Role.ADMIN),
    ],
)
def test_of_several_roles_the_strongest_counts(names: list[str], role: Role | None) -> None:
    assert strongest(tuple(names)) is role


@pytest.mark.parametrize("role", Role)
def test_a_key_can_do_no_more_than_its_maker_and_is_no_subscriber(role: Role) -> None:
    for given in grantable(principal(role)):
        assert TABLE[given] <= TABLE[role]
    assert Role.SUBSCRIBER not in grantable(principal(role))
    assert grantable(principal(Role.ADMIN)) == set(Role) - {Role.SUBSCRIBER}


def test_what_operators_manage_is_kept_on_record() -> None:
    assert {each.value for each in OPERATORS} == {
        *("MANAGE_API_KEYS", "MANAGE_CLIENTS", "MANAGE_KINDS", "MANAGE_MAILINGS"),
        *("MANAGE_PERSONS", "MANAGE_PREFERENCES", "MANAGE_SUPPRESSIONS", "MANAGE_TEMPLATES"),
    }
    staff = {role for role in Role if is_operator(principal(role))}
    assert staff == {Role.OPERATOR, Role.ADMIN}
