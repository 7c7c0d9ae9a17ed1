"""Users: the first admin, roles, and the last admin who cannot be removed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import ANONYMOUS, COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import queries, service
from orch_app.domains.accounts.models import SetupToken, UserRole
from orch_app.domains.accounts.service import ProfileChange, UserChange
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unauthorized
from orch_app.kit.pages import PageQuery
from tests.systems.people import PASSWORD, add_user, audited

pytestmark = pytest.mark.usefixtures("database")


def change(user_id: str | None, actor: Actor = COMMAND_LINE, **what: Any) -> queries.Person:
    with unit_of_work() as session:
        return service.change_user(session, actor, str(user_id), UserChange(**what))


def issue() -> str:
    with unit_of_work() as session:
        token = service.issue_setup_token(session)
    assert token
    return token


def set_up(token: str, email: str = "first@example.com") -> queries.Person | None:
    with unit_of_work() as session:
        return service.setup(session, ANONYMOUS, token, email=email, password=PASSWORD)


def test_only_the_newest_setup_token_works_and_it_works_once() -> None:
    old, new = issue(), issue()
    assert set_up(old) is None
    made = set_up(new)
    assert made
    assert made.role is Role.ADMIN
    with pytest.raises(Conflict):
        set_up(new, "second@example.com")
    assert audited("setup.completed")[0].actor_user_id == made.user.id
    with unit_of_work() as session:
        assert service.issue_setup_token(session) is None


def test_ten_people_with_the_token_make_one_admin() -> None:
    token = issue()

    def attempt(number: int) -> bool:
        try:
            return set_up(token, f"p{number}@example.com") is not None
        except Conflict:
            return False

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(attempt, range(10))) == 1
    with reading() as session:
        assert len(queries.list_users(session, COMMAND_LINE, PageQuery()).items) == 1


def test_a_setup_token_is_stored_hashed() -> None:
    token = issue()
    with reading() as session:
        assert token not in session.exec(select(SetupToken)).one().model_dump_json()


def test_an_address_belongs_to_one_user_however_it_is_spelt() -> None:
    add_user(Role.VIEWER, "Ada@Example.com")
    with pytest.raises(Conflict) as refused:
        add_user(Role.VIEWER, " ada@example.COM ")
    assert refused.value.code == "email_taken"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", "a@b@c"),
        ("email", "a b@c"),
        ("name", "x" * 101),
        ("name", "a\nb"),
        ("role", "king"),
        ("password", "short"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(field: str, value: str) -> None:
    new = {"email": "a@example.com", "password": PASSWORD, "role": "viewer", "name": "A", field: value}
    with pytest.raises(Invalid) as refused, unit_of_work() as session:
        service.create_user(session, COMMAND_LINE, **new)
    assert [problem.pointer for problem in refused.value.errors] == [f"/{field}"]


def test_a_user_has_exactly_one_role() -> None:
    add_user(Role.ADMIN)
    user_id = add_user(Role.VIEWER).user_id
    for role in (Role.OPERATOR, Role.ADMIN, Role.OPERATOR):
        assert change(user_id, role=role).role is role
    with reading() as session:
        assert len(session.exec(select(UserRole).where(UserRole.user_id == user_id)).all()) == 1


@pytest.mark.parametrize("what", [{"role": Role.OPERATOR}, {"status": "disabled"}])
def test_the_last_active_admin_stays_one(what: dict[str, Any]) -> None:
    last = add_user(Role.ADMIN).user_id
    other = add_user(Role.ADMIN, "other@example.com").user_id
    change(other, status="disabled")
    with pytest.raises(Conflict) as refused:
        change(last, **what)
    assert refused.value.code == "last_admin"
    assert change(last, name="Ada").user.name == "Ada"
    assert change(last, role=Role.ADMIN).role is Role.ADMIN


@pytest.mark.parametrize("what", [{"role": Role.OPERATOR}, {"status": "disabled"}])
def test_two_admins_who_remove_each_other_at_the_same_time_leave_one(what: dict[str, Any]) -> None:
    pair = [add_user(Role.ADMIN), add_user(Role.ADMIN, "other@example.com")]

    def remove(user_id: str | None) -> bool:
        try:
            change(user_id, **what)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(remove, [actor.user_id for actor in pair])) == [False, True]


def test_changes_are_audited_with_before_and_after_and_what_is_the_same_is_not() -> None:
    admin = add_user(Role.ADMIN)
    user_id = add_user(Role.VIEWER).user_id
    change(user_id, admin, role=Role.OPERATOR, name="Olga")
    change(user_id, admin, role=Role.OPERATOR, name="Olga", status="active")
    entries = audited("user.changed")
    assert [entry.metadata_json for entry in entries] == [
        {"changes": {"name": ["", "Olga"], "role": ["viewer", "operator"]}}
    ]
    assert entries[0].actor_user_id == admin.user_id


def test_people_change_their_own_name_language_and_theme_and_nothing_else() -> None:
    viewer = add_user(Role.VIEWER)
    with unit_of_work() as session:
        me = service.change_own_profile(session, viewer, ProfileChange(name=" Vera ", language="en", theme="light"))
    assert (me.user.name, me.user.language, me.user.theme, me.role) == ("Vera", "en", "light", Role.VIEWER)
    assert len(audited("profile.changed")) == 1


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
@pytest.mark.parametrize(
    "act",
    [
        lambda session, actor: queries.list_users(session, actor, PageQuery()),
        lambda session, actor: queries.get_user(session, actor, "usr_x"),
        lambda session, actor: service.change_user(session, actor, "usr_x", UserChange(name="x")),
        lambda session, actor: service.create_user(session, actor, email="x", password="x", role="admin"),
    ],
)
def test_only_admins_manage_users(role: Role, act: Callable[..., object]) -> None:
    with pytest.raises(Forbidden), unit_of_work() as session:
        act(session, Actor("user", "usr_1", "n", role))
    with pytest.raises(Unauthorized), unit_of_work() as session:
        act(session, ANONYMOUS)


def test_users_are_listed_in_pages_and_found_by_name_or_address() -> None:
    for number in range(5):
        add_user(Role.VIEWER, f"person{number}@example.com")
    with reading() as session:
        first = queries.list_users(session, COMMAND_LINE, PageQuery(limit=2))
        rest = queries.list_users(session, COMMAND_LINE, PageQuery(cursor=first.next_cursor or "")).items
        found = queries.list_users(session, COMMAND_LINE, PageQuery(), "PERSON3").items
        none = queries.list_users(session, COMMAND_LINE, PageQuery(), "%").items
    assert [person.user.email[6] for person in [*first.items, *rest]] == ["0", "1", "2", "3", "4"]
    assert [person.user.email for person in found] == ["person3@example.com"]
    assert none == []


def test_somebody_who_does_not_exist_is_not_found() -> None:
    add_user(Role.ADMIN)
    with pytest.raises(NotFound):
        change("usr_01J9ZC5V0G3M5W6YQX4T2R8S7K", name="x")
    with pytest.raises(NotFound), reading() as session:
        queries.get_me(session, COMMAND_LINE)


def test_a_password_changed_in_the_meantime_is_a_conflict() -> None:
    viewer = add_user(Role.VIEWER)
    with pytest.raises(Conflict), unit_of_work() as session:
        service.change_own_password(session, viewer, proven="v1$old", password_hash="v1$new")


def test_work_done_later_in_somebodys_name_has_the_rights_of_that_moment() -> None:
    add_user(Role.ADMIN)
    owner = str(add_user(Role.ADMIN, "owner@example.com").user_id)

    def rights() -> Actor:
        with reading() as session:
            return queries.actor_for(session, owner)

    assert (rights().role, rights().name) == (Role.ADMIN, "owner@example.com")
    change(owner, role=Role.VIEWER)
    assert rights().role is Role.VIEWER
    change(owner, status="disabled")
    with pytest.raises(Forbidden, match="disabled"):
        rights()
    with reading() as session, pytest.raises(Forbidden, match="gone"):
        queries.actor_for(session, "usr_nobody")
