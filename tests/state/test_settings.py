"""Settings: one's own profile and password, users for admins, health for everybody."""

import asyncio

import pytest

from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import queries
from orch_app.kit.db import reading
from orch_app.state import settings_view
from orch_app.state.settings import SettingsState
from tests.state.open_tab import OpenTab, signed_in, urls_of
from tests.systems.people import PASSWORD, add_user, audited

pytestmark = pytest.mark.usefixtures("sqlite")

NEW = {"name": "Caio", "email": "caio@example.com", "password": "seven green bicycles"}


def loaded(tab: OpenTab) -> SettingsState:
    asyncio.run(tab.send(SettingsState.load))
    return tab.state(SettingsState)


def role_and_status(email: str) -> tuple[str, str]:
    with reading() as session:
        person = queries.find_by_email(session, email)
        assert person
        return person.role.value, person.user.status


def change_password(tab: OpenTab, current: str, new: str, repeat: str) -> dict[str, str]:
    values = {"current": current, "password": new, "repeat": repeat}
    asyncio.run(tab.send(SettingsState.change_password, values))
    return tab.state(SettingsState).password_faults


def test_everybody_sees_health_and_only_admins_see_people():
    assert {check["name"] for check in loaded(signed_in(Role.VIEWER)).about["checks"]} == {
        "db", "queue", "disk", "workers",
    }  # fmt: skip
    assert loaded(signed_in(Role.OPERATOR)).users == []
    assert len(loaded(signed_in(Role.ADMIN)).users) == 3


def shown(tab: OpenTab) -> tuple[list[str], int]:
    """The first part of the address of each user on the page, and how many are found in all."""
    state = loaded(tab)
    return [user["email"].partition("@")[0] for user in state.users], state.users_total


def test_people_are_found_by_name_or_address_and_shown_page_by_page(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settings_view, "PAGE", 2)
    tab = signed_in(Role.ADMIN, "/settings?tab=users&q=PERSON")
    for number in range(3):
        add_user(Role.VIEWER, f"person{number}@example.com")
    assert shown(tab) == (["person0", "person1"], 3)
    tab.go(tab.state(SettingsState).next_href)
    assert shown(tab) == (["person2"], 3)
    tab.go(tab.state(SettingsState).previous_href)
    assert shown(tab) == (["person0", "person1"], 3)
    tab.go("/settings?tab=users&q=%25")
    assert shown(tab) == ([], 0)


def test_a_new_user_on_another_page_is_searched_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settings_view, "PAGE", 1)
    tab = signed_in(Role.ADMIN, "/settings?tab=users")
    asyncio.run(tab.send(SettingsState.open_new))
    assert urls_of(asyncio.run(tab.send(SettingsState.save_user, NEW))) == ["/settings?tab=users&q=caio%40example.com"]
    tab.go("/settings?tab=users&q=dora")
    asyncio.run(tab.send(SettingsState.open_new))
    assert urls_of(asyncio.run(tab.send(SettingsState.save_user, NEW | {"email": "Dora@example.com"}))) == []


def test_a_change_keeps_the_page_that_is_shown():
    tab = signed_in(Role.ADMIN, "/settings?tab=users&q=viewer")
    signed_in(Role.VIEWER)
    viewer = loaded(tab).users[0]["id"]
    asyncio.run(tab.send(SettingsState.ask_disable, viewer))
    asyncio.run(tab.send(SettingsState.disable))
    assert [(user["id"], user["status"]) for user in tab.state(SettingsState).users] == [(viewer, "disabled")]


def test_profile_language_and_theme_are_remembered():
    tab = signed_in(Role.VIEWER)
    asyncio.run(tab.send(SettingsState.save_profile, {"name": "Vera"}))
    asyncio.run(tab.send(SettingsState.choose_language, "en"))
    asyncio.run(tab.send(SettingsState.choose_theme, "light"))
    with reading() as session:
        person = queries.find_by_email(session, "viewer@example.com")
    assert person
    assert (person.user.name, person.user.language, person.user.theme) == ("Vera", "en", "light")


@pytest.mark.parametrize(
    ("current", "new", "repeat", "faults"),
    [
        ("wrong", "seven green bicycles", "seven green bicycles", {"current": "wrong_password"}),
        (PASSWORD, "short", "short", {"password": "too_short"}),
        (PASSWORD, "seven green bicycles", "another", {"repeat": "not_equal"}),
    ],
)
def test_a_password_that_cannot_be_changed_says_why(current: str, new: str, repeat: str, faults: dict[str, str]):
    assert change_password(signed_in(Role.VIEWER), current, new, repeat) == faults


def test_a_changed_password_empties_the_form():
    tab = signed_in(Role.VIEWER)
    assert change_password(tab, PASSWORD, "seven green bicycles", "seven green bicycles") == {}
    assert tab.state(SettingsState).password_round == 1
    assert len(audited("password.changed")) == 1


def test_an_admin_adds_a_user_with_the_chosen_role():
    tab = signed_in(Role.ADMIN)
    asyncio.run(tab.send(SettingsState.open_new))
    asyncio.run(tab.send(SettingsState.choose_role, "viewer"))
    asyncio.run(tab.send(SettingsState.save_user, NEW))
    assert role_and_status("caio@example.com") == ("viewer", "active")
    asyncio.run(tab.send(SettingsState.open_new))
    asyncio.run(tab.send(SettingsState.save_user, NEW))
    assert tab.state(SettingsState).faults == {"email": "email_taken"}


def test_an_unknown_role_is_the_weakest():
    tab = signed_in(Role.ADMIN)
    asyncio.run(tab.send(SettingsState.open_new))
    asyncio.run(tab.send(SettingsState.choose_role, "root"))
    assert tab.state(SettingsState).role == "viewer"


def test_the_last_admin_stays_admin_and_active():
    tab = signed_in(Role.ADMIN)
    me = loaded(tab).users[0]["id"]
    asyncio.run(tab.send(SettingsState.open_user, me))
    asyncio.run(tab.send(SettingsState.choose_role, "viewer"))
    asyncio.run(tab.send(SettingsState.save_user, {"name": ""}))
    assert tab.state(SettingsState).faults == {"": "last_admin"}
    asyncio.run(tab.send(SettingsState.ask_disable, me))
    asyncio.run(tab.send(SettingsState.disable))
    assert role_and_status("admin@example.com") == ("admin", "active")


def test_a_user_is_disabled_and_enabled():
    tab = signed_in(Role.ADMIN)
    signed_in(Role.VIEWER)
    viewer = next(user["id"] for user in loaded(tab).users if user["role"] == "viewer")
    asyncio.run(tab.send(SettingsState.ask_disable, viewer))
    asyncio.run(tab.send(SettingsState.disable))
    assert role_and_status("viewer@example.com") == ("viewer", "disabled")
    asyncio.run(tab.send(SettingsState.enable, viewer))
    assert role_and_status("viewer@example.com") == ("viewer", "active")


def test_an_operator_can_do_nothing_to_people():
    signed_in(Role.ADMIN)
    tab = signed_in(Role.OPERATOR)
    for handler, args in (
        (SettingsState.open_new, ()),
        (SettingsState.save_user, (NEW,)),
        (SettingsState.disable, ()),
        (SettingsState.enable, ("usr_x",)),
    ):
        asyncio.run(tab.send(handler, *args))
    assert tab.state(SettingsState).panel == ""
    assert len(audited("access.denied")) == 4
