"""Who asks, and what that grants: nothing to nobody, the role's part to people, all of it to the product itself."""

import pytest

from orch_app.domains.access.actor import ANONYMOUS, COMMAND_LINE, Actor, require, worker_actor
from orch_app.domains.access.permissions import GRANTS, Permission, Role, weakest_role
from orch_app.kit.errors import Forbidden, Unauthorized


def somebody(role: Role | None, **facts: object) -> Actor:
    return Actor("user", user_id="usr_1", name="ada", role=role, **facts)  # pyright: ignore[reportArgumentType]


def test_every_role_has_its_grants_and_each_holds_those_of_the_weaker() -> None:
    assert set(GRANTS) == set(Role)
    assert GRANTS[Role.VIEWER] < GRANTS[Role.OPERATOR] < GRANTS[Role.ADMIN] == frozenset(Permission)


def test_viewers_change_nothing_but_themselves() -> None:
    assert GRANTS[Role.VIEWER] == {
        Permission.ME,
        Permission.RUNBOOKS_READ,
        Permission.JOBS_READ,
        Permission.PIPELINES_READ,
        Permission.SCHEDULES_READ,
        Permission.HOSTS_READ,
    }


def test_operators_neither_add_hosts_connections_and_users_nor_read_the_audit_log() -> None:
    kept_back = {
        Permission.HOSTS_WRITE,
        Permission.CONNECTIONS_WRITE,
        Permission.USERS_WRITE,
        Permission.SETTINGS_WRITE,
        Permission.AUDIT_READ,
        Permission.RUNBOOKS_SYNC,
    }
    assert kept_back.isdisjoint(GRANTS[Role.OPERATOR])


@pytest.mark.parametrize("permission", Permission)
def test_nobody_has_to_sign_in_first_whatever_it_is(permission: Permission) -> None:
    with pytest.raises(Unauthorized):
        require(ANONYMOUS, permission)


@pytest.mark.parametrize("role", Role)
def test_a_person_gets_what_the_role_grants_and_a_refusal_names_what_is_missing(role: Role) -> None:
    for permission in Permission:
        if permission in GRANTS[role]:
            require(somebody(role), permission)
            continue
        with pytest.raises(Forbidden, match=f"role {role.value} does not include {permission.value}") as refused:
            require(somebody(role), permission, environment="prod")
        assert (refused.value.permission, refused.value.environment) == (permission.value, "prod")
        assert f": {weakest_role(permission).value} does." in refused.value.detail
        assert permission in GRANTS[weakest_role(permission)]


def test_somebody_without_a_role_may_nothing() -> None:
    assert somebody(None).permissions == frozenset()
    with pytest.raises(Forbidden):
        require(somebody(None), Permission.ME)


def test_scopes_narrow_a_role_and_never_widen_it() -> None:
    narrow = somebody(Role.VIEWER, scopes=frozenset({Permission.JOBS_READ, Permission.USERS_WRITE}))
    assert narrow.permissions == {Permission.JOBS_READ}
    assert somebody(Role.ADMIN, scopes=frozenset()).permissions == frozenset()
    with pytest.raises(Forbidden, match="This token was not given users:write, though the role admin includes it"):
        require(somebody(Role.ADMIN, scopes=frozenset()), Permission.USERS_WRITE)


@pytest.mark.parametrize("actor", [COMMAND_LINE, worker_actor("w1")])
def test_the_product_itself_may_everything_and_is_nobodys_user(actor: Actor) -> None:
    assert actor.permissions == frozenset(Permission)
    assert (actor.user_id, actor.role) == (None, None)
